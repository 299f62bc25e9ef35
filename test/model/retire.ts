import type { Step } from './explore.ts';
import {
  type Checkpoint,
  checkpointOf,
  etagOf,
  isOneLayout,
  isSameWrite,
  type Manifest,
  newMark,
  type Retirement,
  replacedParts,
  type Setting,
  step,
  type World,
} from './world.ts';

/** What a retirement does next, in the order of lib/cycle/retire.ts. */
export function retirementSteps(world: World, setting: Setting): readonly Step<World>[] {
  const { retirement } = world;
  if (retirement === undefined) return [];
  const go = (at: string, read: Partial<Retirement> = {}, change: Partial<World> = {}): World => ({
    ...world,
    ...change,
    retirement: { ...retirement, ...read, at },
  });
  const end = (change: Partial<World> = {}): World => ({ ...world, ...change, retirement: undefined });
  const say = (text: string) => `the retirement ${text}`;
  const { version = 0, list = 0, snapshot, status, manifest, plain } = retirement;
  // An empty list has no parts.
  const checkpoint = (found: Checkpoint | undefined) =>
    found?.version === version && found.parts === undefined ? 'look' : 'checkpoint';
  const isPinned = retirement.control?.pinned === true && !world.isPinOver;
  const judge = () => go(list === 0 && (status?.published ?? 0) < version ? 'published' : 'commit');

  const remove = (
    found: Manifest | undefined,
    seen: Manifest | undefined,
    change: Partial<World>,
    next: string,
  ): Step<World> => {
    if (found === undefined) return step(say('finds no such file'), go(next));
    if (seen === undefined) return step(say('finds a file that is new, and stops'), end());
    if (setting.conditionalDelete && etagOf(found) !== etagOf(seen))
      return step(say('finds another file, and stops'), end());
    return step(
      say(`deletes the file of version ${found.version}`),
      go(next, {}, change),
      found.version > version ? 'a stalled retirement deletes no file that came after it' : undefined,
    );
  };

  switch (retirement.at) {
    case 'status': {
      const found = world.status;
      if (found?.isLeaving !== true) return [step(say('finds the provider back'), end())];
      return [step(say('reads the status'), go('files', { status: found }))];
    }
    case 'files': {
      const read = { manifest: world.manifest, plain: world.file };
      const label = say(`sees the files of version ${highest(world)}`);
      return [step(label, go('snapshot', read))];
    }
    case 'snapshot': {
      const found = world.snapshot;
      const { control } = found;
      const read = { version: found.version, list: found.list, control, snapshot: checkpointOf(found) };
      return [step(say(`reads the snapshot of version ${found.version}`), go('journal', read))];
    }
    case 'journal': {
      const entry = world.journal[version];
      const label = say(entry === undefined ? `finds no version ${version + 1}` : 'reads a version');
      if (entry !== undefined)
        return [
          step(label, go('journal', { version: version + 1, list: entry.list, control: entry.control })),
        ];
      if (isPinned && setting.pinStopsRetirement)
        return [step(say('finds the list pinned, and stops'), end())];
      return [step(label, judge())];
    }
    case 'published': {
      const isEnded = highest(world) < version;
      return [step(say('looks at what is published'), go(isEnded ? checkpoint(snapshot) : 'commit'))];
    }
    case 'commit': {
      if (world.journal[version] !== undefined)
        return [step(say(`finds version ${version + 1} taken, and stops`), end())];
      const journal = [...world.journal, { list: 0, isEnd: true }];
      return [
        step(
          say(`commits version ${version + 1}: {}`),
          go('checkpoint', { version: version + 1, list: 0 }, { journal }),
          isPinned ? 'a pinned list stays as it is' : undefined,
        ),
      ];
    }
    case 'checkpoint': {
      if (snapshot === undefined || !isSameWrite(snapshot, world.snapshot))
        return [step(say('finds another snapshot'), go('checkpoint again'))];
      const written = { version, list: 0, parts: undefined, replaced: replacedParts(snapshot, []) };
      const label = say(`writes the snapshot of version ${version}`);
      return [step(label, go('look', { snapshot: undefined }, { snapshot: written }))];
    }
    case 'checkpoint again': {
      const found = checkpointOf(world.snapshot);
      const label = say(`reads the snapshot of version ${found.version}`);
      if (found.version > version) return [step(label, end())];
      return [step(label, go(checkpoint(found), { snapshot: found }))];
    }
    case 'look':
      if (world.status?.mark !== status?.mark) return [step(say('finds the provider back'), end())];
      return [step(say('finds the status as it was'), go('tombstone'))];
    case 'tombstone': {
      const found = world.tombstone;
      const next = found > version ? 'file' : 'bury';
      return [step(say(`reads the tombstone of version ${found}`), go(next, { tombstone: found }))];
    }
    case 'bury': {
      if (world.tombstone !== retirement.tombstone)
        return [step(say('finds another tombstone'), go('tombstone'))];
      const label = say(`writes the tombstone of version ${version}`);
      const broken = world.tombstone > version ? 'no tombstone goes back in version' : undefined;
      return [step(label, go('file', {}, { tombstone: version }), broken)];
    }
    case 'file':
      if (world.layout === 1 || plain !== undefined || !isOneLayout(world))
        return [remove(world.file, plain, { file: undefined }, isOneLayout(world) ? 'parts' : 'manifest')];
      return [remove(world.manifest, manifest, { manifest: undefined }, 'parts')];
    case 'manifest':
      return [remove(world.manifest, manifest, { manifest: undefined }, 'parts')];
    case 'parts': {
      if (setting.retiredStay) return [step(say('leaves the parts where they are'), go('held'))];
      const rest = Object.entries(world.parts).filter(([name]) => Number(name.split('-')[0]) >= version);
      return [step(say('deletes the parts'), go('held', {}, { parts: Object.fromEntries(rest) }))];
    }
    case 'held':
      return [step(say('deletes what is held'), go('end', {}, { held: undefined }))];
    default: {
      const isSeen = world.status?.mark === status?.mark;
      return [step(say('deletes the status'), end(isSeen ? { status: undefined } : {}))];
    }
  }
}

function highest({ file, manifest }: World): number {
  return Math.max(file?.version ?? 0, manifest?.version ?? 0);
}

/** A look at the configuration, which notes in the status that the provider has left. */
export function beginRetirement(world: World): World {
  const { status, left } = world;
  const next = status && { ...status, isLeaving: true, mark: newMark(world) };
  return {
    ...world,
    status: status?.isLeaving === true ? status : next,
    retirement: { at: 'status' },
    left: { ...left, retirements: left.retirements - 1 },
  };
}

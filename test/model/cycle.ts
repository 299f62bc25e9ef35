import type { Step } from './explore.ts';
import {
  type Control,
  type Cycle,
  etagOf,
  type Held,
  has,
  type Manifest,
  newMark,
  noControl,
  partName,
  type Setting,
  shardsOf,
  showList,
  step,
  targetNames,
  type World,
} from './world.ts';

/** What a cycle does next: one operation of the store, in the order of lib/cycle/cycle.ts and publish.ts. */
export function cycleSteps(world: World, place: number, setting: Setting): readonly Step<World>[] {
  const cycle = world.cycles[place];
  if (cycle === undefined) return [];
  const go = (at: string, read: Partial<Cycle> = {}, change: Partial<World> = {}): World => ({
    ...world,
    ...change,
    cycles: world.cycles.with(place, { ...cycle, ...read, at }),
  });
  const end = (change: Partial<World> = {}): World => ({
    ...world,
    ...change,
    cycles: world.cycles.toSpliced(place, 1),
  });
  const say = (text: string) => `cycle ${cycle.name} ${text}`;
  const { version = 0, list = 0, snapshot = 0, over = '' } = cycle;

  switch (cycle.at) {
    case 'status': {
      const { status } = world;
      const isRead = cycle.decision === undefined && (status === undefined || status.isHeld);
      const next = isRead ? 'held' : 'snapshot';
      return [step(say('reads the status'), go(next, { status }))];
    }
    case 'held':
      return [step(say('reads what is held'), go('snapshot', { held: world.held }))];
    case 'snapshot': {
      const { snapshot: found } = world;
      const { control } = found;
      const read = { version: found.version, list: found.list, control, snapshot: found.version };
      return [step(say(`reads the snapshot of version ${found.version}`), go('journal', read))];
    }
    case 'journal': {
      const entry = world.journal[version];
      if (entry === undefined) return [step(say(`finds no version ${version + 1}`), go('list'))];
      const read = { version: version + 1, list: entry.list, control: entry.control };
      return [step(say(`reads version ${version + 1}`), go('journal', read))];
    }
    case 'list':
      return [
        cycle.decision === undefined
          ? pass(world, cycle, setting, go)
          : decide(world, cycle, setting, go, end),
      ];
    case 'commit': {
      const isTaken = world.journal[version] !== undefined;
      if (isTaken && setting.createOnlyJournal)
        return [
          cycle.decision === undefined
            ? step(say(`finds version ${version + 1} taken, and stops`), end())
            : step(say(`finds version ${version + 1} taken, and looks again`), {
                ...end(),
                cycles: world.cycles.with(place, {
                  name: cycle.name,
                  at: 'status',
                  decision: cycle.decision,
                }),
              }),
        ];
      const { removed = 0, added = 0 } = cycle.change ?? {};
      const lost = targetNames.filter(
        (_, bit) => has(removed, bit) && !has(world.accepted, bit) && (world.lacked[bit] ?? 0) < 2,
      );
      const { decision, control } = cycle;
      const newest = world.journal.at(-1);
      const isPinned = newest?.control?.pinned === true && !world.isPinOver && list !== newest.list;
      const isBack = decision === 'rollback' || decision === 'rollback and pin';
      const isPin = decision === 'pin' || decision === 'rollback and pin';
      const change = {
        journal: [...world.journal.slice(0, version), { list, isEnd: false, control }],
        // What an operator brings back leaves for what is found from then on, not for what was before.
        lacked: world.lacked.map((count, bit) => (isBack || has(added, bit) ? 0 : count)),
        accepted: isBack ? 0 : world.accepted & ~added,
        unwanted:
          decision === 'reject' ? world.unwanted | (control?.rejected ?? 0) : world.unwanted & ~removed,
        isPinOver: isPin ? false : world.isPinOver,
      };
      const broken = isTaken
        ? 'each version is in the journal once'
        : decision !== undefined
          ? undefined
          : isPinned
            ? 'a pinned list stays as it is'
            : (removed & world.unwanted) !== 0
              ? 'what was rejected stays'
              : lost.length > 0
                ? `no target leaves by accident (${lost})`
                : undefined;
      const label = say(`commits version ${version + 1}: ${showList(list)}`);
      return [step(label, go('look', { version: version + 1 }, change), broken)];
    }
    case 'look': {
      const { status, change } = cycle;
      const isThere = status !== undefined && status.file === etagOf(world.manifest);
      const isWhole = isThere && snapshot > 0 && status.published === version - (change ? 1 : 0);
      const label = say('looks at the published file');
      if (isWhole && !change && snapshot === version)
        return [step(label, go(afterFile(cycle), { file: status.file }))];
      return [step(label, go(snapshot === version ? 'old' : 'checkpoint', { isWhole }))];
    }
    case 'checkpoint':
      if (world.snapshot.version !== snapshot)
        return [step(say('finds another snapshot'), go('checkpoint again'))];
      return [
        step(
          say(`writes the snapshot of version ${version}`),
          go('old', { snapshot: version }, { snapshot: { version, list, control: cycle.control } }),
        ),
      ];
    case 'checkpoint again': {
      const found = world.snapshot.version;
      const label = say(`reads the snapshot of version ${found}`);
      if (found > version) return [step(label, end())];
      return [step(label, go(found === version ? 'old' : 'checkpoint', { snapshot: found }))];
    }
    case 'old': {
      const { manifest: old } = world;
      const next = setting.shards > 1 && setting.manifestLast ? 'part' : 'fence';
      const read = { old, over: etagOf(old), parts: [], isCleared: false };
      if (old === undefined && setting.announced)
        return [step(say('reads no manifest'), go('announce', read))];
      const plain = step(say(`reads the manifest of version ${old?.version ?? 0}`), go(next, read));
      // Their hour is over. No reader has a manifest that names them.
      if (old === undefined || old.replaced.length === 0 || world.mirror !== undefined) return [plain];
      const rest = Object.entries(world.parts).filter(([name]) => !old.replaced.includes(name));
      const cleared = go(next, { ...read, isCleared: true }, { parts: Object.fromEntries(rest) });
      return [plain, step(say(`clears ${old.replaced} away`), cleared)];
    }
    case 'announce': {
      const { status } = cycle;
      if (world.status?.mark !== status?.mark)
        return [step(say('finds another status'), go('announce again'))];
      const known = status ?? { version: 0, published: 0, file: '', isHeld: false };
      const written = { ...known, isLeaving: false, mark: newMark(world) };
      const next = setting.shards > 1 && setting.manifestLast ? 'part' : 'fence';
      return [step(say('announces a file'), go(next, { status: written }, { status: written }))];
    }
    case 'announce again':
      return [step(say('reads the status'), go('announce', { status: world.status }))];
    case 'part':
      return [writePart(world, cycle, setting, go)];
    case 'head':
      return [step(say('looks at the manifest'), go('fence', { over: etagOf(world.manifest) }))];
    case 'fence':
      if (setting.fence && world.snapshot.version !== snapshot)
        return [step(say('finds a newer snapshot, and stops'), end())];
      return [step(say('finds its snapshot in place'), go('put'))];
    case 'put': {
      if (etagOf(world.manifest) !== over)
        return [
          step(say('finds another manifest in place'), go(setting.keptBehindManifest ? 'old' : 'head')),
        ];
      const manifest = manifestOf(cycle, setting);
      const isOlder = (world.manifest?.version ?? 0) > version;
      const next = setting.manifestLast || setting.shards === 1 ? afterFile(cycle) : 'part';
      return [
        step(
          say(`publishes version ${version}: ${showList(list)}`),
          go(next, { file: etagOf(manifest) }, { manifest }),
          isOlder ? 'no list goes back in version' : undefined,
        ),
      ];
    }
    case 'hold': {
      const { hold, held } = cycle;
      const isSame = world.held?.mark === held?.mark;
      if (hold === undefined)
        return [step(say('clears what was held'), go('report', {}, isSame ? { held: undefined } : {}))];
      if (!isSame) return [step(say('finds something else held'), go('hold again'))];
      const next = { held: { ...hold, mark: newMark(world) } };
      return [step(say('writes what is held'), go('report', {}, next))];
    }
    case 'hold again': {
      const { held } = world;
      const { hold } = cycle;
      const accepted = hold && hold.accepted | ((held?.accepted ?? 0) & marked(hold));
      const acceptedAt = held?.acceptedAt ?? 0;
      const read = { held, hold: hold && { ...hold, accepted: accepted ?? 0, acceptedAt } };
      return [step(say('reads what is held'), go('hold', read))];
    }
    case 'report': {
      if (world.status?.mark !== cycle.status?.mark)
        return [step(say('finds another status'), go('report again'))];
      const { file = '', hold } = cycle;
      const isHeld = cycle.decision === undefined ? hold !== undefined : cycle.status?.isHeld === true;
      const facts = { version, published: version, file, isHeld, isLeaving: false };
      return [step(say('writes its status'), end({ status: { mark: newMark(world), ...facts } }))];
    }
    default: {
      const { status } = world;
      const label = say('reads the status');
      if (status !== undefined && status.version > version) return [step(label, end())];
      return [step(label, go('report', { status }))];
    }
  }
}

type Go = (at: string, read?: Partial<Cycle>, change?: Partial<World>) => World;

/** Lists the backend and lets the gate judge: here every removal is held until a second listing, or an acceptance. */
function pass(world: World, cycle: Cycle, setting: Setting, go: Go): Step<World> {
  const { backend: listing } = world;
  const { held, version = 0, list = 0, control } = cycle;
  const { pinned, rejected, rejectedAt, rollback } = control ?? noControl;
  const isPinned = pinned && !world.isPinOver;
  const isStale =
    held !== undefined &&
    ((setting.memoryOfVersion && held.version < version - 1) ||
      (setting.rollbackForgets && held.version < rollback));
  const memory = isStale ? undefined : held;
  const isTakenBack = setting.laterWordCounts && rejected !== 0 && (memory?.acceptedAt ?? 0) < rejectedAt;
  const accepted = isTakenBack ? 0 : (memory?.accepted ?? 0);
  const missing = list & ~listing;
  const isGoing = (bit: number) =>
    setting.memoryPerTarget
      ? has(accepted, bit) || (!has(rejected, bit) && (memory?.waited[bit] ?? -1) >= 0)
      : memory !== undefined;
  const waited = targetNames.map((_, bit) => (has(missing, bit) && (isPinned || !isGoing(bit)) ? 0 : -1));
  const kept = marked({ waited });
  const next = isPinned ? list : listing | kept;
  const isHeld = isPinned ? next !== listing : kept !== 0;
  const carried = isPinned
    ? { accepted: accepted & kept, acceptedAt: memory?.acceptedAt ?? 0 }
    : nothingAccepted;
  const hold = isHeld ? { version, waited, ...carried } : undefined;
  const after = isPinned ? control : lapsed(control, kept);
  const isChanged = next !== list || after !== control;
  const change = { removed: list & ~next, added: next & ~list };
  const lacked = world.lacked.map((count, bit) => (has(listing, bit) ? count : Math.min(2, count + 1)));
  const read = { list: next, hold, control: after, change: isChanged ? change : undefined };
  return step(
    `cycle ${cycle.name} lists ${showList(listing)} and wants ${showList(next)}`,
    go(isChanged ? 'commit' : 'look', read, { lacked, unwanted: world.unwanted & ~listing }),
  );
}

const nothingAccepted = { accepted: 0, acceptedAt: 0 };

/** A pin whose time has passed ends, and of a rejection what is listed again or was accepted. */
function lapsed(control: Control | undefined, kept: number): Control | undefined {
  if (control === undefined) return undefined;
  const rejected = control.rejected & kept;
  return !control.pinned && rejected === control.rejected ? control : { ...control, pinned: false, rejected };
}

/** An operator's decision on what was loaded. */
function decide(
  world: World,
  cycle: Cycle,
  setting: Setting,
  go: Go,
  end: (change?: Partial<World>) => World,
): Step<World> {
  const { decision, version = 0, list = 0, control = noControl } = cycle;
  const say = (text: string) => `the operator ${text}`;
  const { held } = world;
  const commit = (next: Partial<Control>, to = list) => {
    const change = { removed: list & ~to, added: to & ~list };
    const read = { list: to, change, control: { ...control, ...next } };
    return step(say(`decides: ${decision}`), go('commit', read));
  };
  switch (decision) {
    case 'unpin':
      return control.pinned ? commit({ pinned: false }) : step(say('finds nothing pinned'), end());
    case 'reject': {
      const isOld = held !== undefined && held.version < Math.max(version - 1, control.rollback);
      if (held === undefined || isOld || marked(held) === 0) return step(say('finds nothing held'), end());
      return commit({ rejected: marked(held), rejectedAt: version + 1 });
    }
    case 'pin': {
      if (setting.pinIsVersion) return commit({ pinned: true });
      const entry = world.journal[version - 1];
      const pinned = entry && { ...entry, control: { ...control, pinned: true } };
      const journal = pinned === undefined ? world.journal : world.journal.with(version - 1, pinned);
      return step(say('notes a pin beside the journal'), end({ journal }));
    }
    default: {
      const to = world.journal[0]?.list ?? 0;
      const pinned = decision === 'rollback and pin' || control.pinned;
      if (to === list && pinned === control.pinned) return step(say('finds that list there'), end());
      if (to === list) return commit({ pinned });
      return commit({ pinned, rollback: version + 1 }, to);
    }
  }
}

/** The targets that are held. */
export function marked({ waited }: Pick<Held, 'waited'>): number {
  return waited.reduce((list, count, bit) => (count >= 0 ? list | (1 << bit) : list), 0);
}

function afterFile({ hold, held, decision }: Cycle): string {
  if (decision !== undefined) return 'report';
  return hold === undefined && held === undefined ? 'report' : 'hold';
}

function writePart(world: World, cycle: Cycle, setting: Setting, go: Go): Step<World> {
  const contents = shardsOf(cycle.list ?? 0, setting);
  const parts = [...(cycle.parts ?? [])];
  while (parts.length < contents.length) {
    const kept = keptPart(cycle, parts.length, contents[parts.length] ?? 0);
    if (kept === undefined || !setting.immutableParts || !setting.manifestLast) break;
    parts.push(kept);
  }
  const content = contents[parts.length];
  const afterwards = !setting.manifestLast ? afterFile(cycle) : setting.keptBehindManifest ? 'fence' : 'head';
  if (content === undefined) return step(`cycle ${cycle.name} keeps its parts`, go(afterwards, { parts }));
  const name = nameOf(world, cycle, setting, parts.length, content);
  parts.push(name);
  const next = parts.length === contents.length ? afterwards : 'part';
  return step(
    `cycle ${cycle.name} writes part ${name}`,
    go(next, { parts }, { parts: { ...world.parts, [name]: content } }),
  );
}

/** A part that the change does not touch, where the version before was published whole. */
function keptPart({ isWhole, old, change, version = 0, list = 0 }: Cycle, shard: number, content: number) {
  if (isWhole !== true || old === undefined || change === undefined || old.version >= version)
    return undefined;
  const mask = shard === 0 ? 0b001 : 0b110;
  const isTouched = ((change.removed | change.added) & mask) !== 0;
  return isTouched || content !== (list & mask) ? undefined : old.parts[shard];
}

/** One of the parts that are there, if it has the same content, or else a new one. */
function nameOf(world: World, { old, version = 0 }: Cycle, setting: Setting, shard: number, content: number) {
  // Named before it is written, a part cannot be an earlier one.
  const mayBeOld = setting.immutableParts && setting.manifestLast;
  const same = mayBeOld
    ? old?.parts.find((name) => name.endsWith(`-${content}`) && world.parts[name] !== undefined)
    : undefined;
  return same ?? partName(setting, shard, version, content);
}

function manifestOf(cycle: Cycle, setting: Setting): Manifest {
  const { version = 0, list = 0, old, isCleared } = cycle;
  const contents = shardsOf(list, setting);
  const parts = setting.manifestLast
    ? (cycle.parts ?? [])
    : contents.map((content, shard) => partName(setting, shard, version, content));
  const gone = (old?.parts ?? []).filter((name) => !parts.includes(name));
  const replaced = [...new Set([...(isCleared === true ? [] : (old?.replaced ?? [])), ...gone])];
  return { version, list, parts, replaced };
}

import type { Step } from './explore.ts';
import {
  type Checkpoint,
  type Control,
  type Cycle,
  checkpointOf,
  etagOf,
  type Held,
  has,
  isOneLayout,
  isSameWrite,
  type Manifest,
  newMark,
  noControl,
  otherThan,
  partName,
  publishedIn,
  publishing,
  replacedParts,
  type Setting,
  shardsOf,
  showList,
  step,
  targetNames,
  type World,
} from './world.ts';

/** What a cycle does next: one operation of the store, in the order of lib/cycle/cycle.ts, publish.ts and snapshot.ts. */
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
  const { version = 0, list = 0, snapshot, over = '' } = cycle;

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
      const read = { version: found.version, list: found.list, control, snapshot: checkpointOf(found) };
      const parts = setting.immutableParts ? found.parts : [];
      return [step(say(`reads the snapshot of version ${found.version}`), go('journal', { ...read, parts }))];
    }
    case 'journal': {
      const entry = world.journal[version];
      if (entry === undefined) return [step(say(`finds no version ${version + 1}`), go('list'))];
      const parts = untouched(cycle, entry.list);
      const read = { version: version + 1, list: entry.list, control: entry.control, parts };
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
                  layout: cycle.layout,
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
      const isThere = status !== undefined && status.file === etagOf(publishedIn(cycle.layout, world));
      const isWhole = isThere && status.published === version - (change ? 1 : 0);
      const label = say('looks at the published file');
      const isWritten = setting.partsFirst && missing(cycle, setting) !== undefined;
      const afterLook = isWritten ? 'part' : 'checkpoint';
      if (!isRight(snapshot, cycle)) return [step(label, go(afterLook, { isWhole }))];
      if (isWhole && !change) return [step(label, go(afterFile(cycle), { file: status.file }))];
      return [
        step(
          label,
          go(afterCheckpoint({ ...cycle, isWhole }, world, setting), { isWhole, parts: snapshot?.parts }),
        ),
      ];
    }
    case 'part':
      return [writePart(world, cycle, setting, go)];
    case 'checkpoint': {
      const { cleared = [], isWhole } = cycle;
      if (snapshot === undefined || !isSameWrite(snapshot, world.snapshot))
        return [step(say('finds another snapshot'), go('checkpoint again', { cleared }))];
      const parts = partsOf(cycle, setting);
      const write = (over: readonly string[]) => {
        const replaced = replacedParts(snapshot, [...(parts ?? []), ...cleared, ...over]);
        const written = { version, parts, replaced };
        const next = afterCheckpoint(cycle, world, setting);
        const used = over.filter((name) => !parts?.includes(name));
        return go(
          used.length > 0 ? 'clear' : next,
          { snapshot: written, isCheckpointed: true, cleared: used.length > 0 ? used : cycle.cleared },
          { snapshot: { ...written, list, control: cycle.control } },
        );
      };
      const label = say(`writes the snapshot of version ${version}`);
      const plain = step(label, write([]));
      // A snapshot of one file, written while parts were published, has replaced just those.
      const isOther = setting.clearedInForm && cycle.layout === 2 && snapshot.parts === undefined;
      const mayClear =
        cycle.cleared === undefined && (isWhole === true || !setting.clearedWhenWhole) && !isOther;
      const gone = snapshot.replaced;
      // Their hour is over: no reader has a manifest that names them, and who replaced them has ended, or used them.
      const isBefore = (one: Cycle) =>
        one.isCheckpointed === true && (isMixed(world, setting) || isSameWrite(one.snapshot, snapshot));
      const isOld = world.mirror === undefined && !world.cycles.some(isBefore);
      if (!mayClear || gone.length === 0 || !isOld) return [plain];
      if (setting.clearedAfter) return [plain, step(`${label}, which no longer names ${gone}`, write(gone))];
      const clear = go('checkpoint', { cleared: gone }, { parts: without(world.parts, gone) });
      return [plain, step(say(`clears ${gone} away`), clear)];
    }
    case 'clear': {
      const { cleared = [] } = cycle;
      const next = go(
        afterCheckpoint(cycle, world, setting),
        { cleared: undefined },
        { parts: without(world.parts, cleared) },
      );
      return [step(say(`clears ${cleared} away`), next)];
    }
    case 'checkpoint again': {
      const found = checkpointOf(world.snapshot);
      const label = say(`reads the snapshot of version ${found.version}`);
      if (found.version > version) return [step(label, end())];
      if (setting.keptAsNamed && !namesKept(found, cycle, setting)) return [step(label, end())];
      if (!isRight(found, cycle)) return [step(label, go('checkpoint', { snapshot: found }))];
      return [
        step(label, go(afterCheckpoint(cycle, world, setting), { snapshot: found, parts: found.parts })),
      ];
    }
    case 'before': {
      const before = world.manifest?.parts ?? [];
      return [step(say('reads which parts are published'), go('head', { before }))];
    }
    case 'head': {
      const found = publishedIn(cycle.layout, world);
      const next = found === undefined && setting.announced ? 'announce' : 'fence';
      const label = say(`looks at the published version ${found?.version ?? 0}`);
      return [step(label, go(next, { over: etagOf(found) }))];
    }
    case 'announce': {
      const { status } = cycle;
      if (world.status?.mark !== status?.mark)
        return [step(say('finds another status'), go('announce again'))];
      const known = status ?? { version: 0, published: 0, file: '', isHeld: false };
      const written = { ...known, isLeaving: false, mark: newMark(world) };
      return [step(say('announces a file'), go('fence', { status: written }, { status: written }))];
    }
    case 'announce again':
      return [step(say('reads the status'), go('announce', { status: world.status }))];
    case 'fence':
      if (setting.fence && !isSameWrite(snapshot, world.snapshot))
        return [step(say('finds a newer snapshot, and stops'), end())];
      return [step(say('finds its snapshot in place'), go('put'))];
    case 'put': {
      const { layout } = cycle;
      const found = publishedIn(layout, world);
      if (etagOf(found) !== over) return [step(say('finds another one in place'), go('head'))];
      const form = layout === 1 ? 'file' : 'parts';
      const published: Manifest = { form, version, list, parts: partsOf(cycle, setting) ?? [] };
      const isOlder = (found?.version ?? 0) > version;
      const next =
        !setting.partsFirst && layout === 2
          ? 'part'
          : isOneLayout(world)
            ? afterOther(cycle, setting)
            : 'other';
      return [
        step(
          say(`publishes version ${version}: ${showList(list)}`),
          go(next, { file: etagOf(published) }, publishing(layout, published)),
          isOlder ? 'no list goes back in version' : undefined,
        ),
      ];
    }
    case 'other': {
      const found = publishedIn(otherThan(cycle.layout), world);
      if (found === undefined || !setting.otherRemoved)
        return [step(say('leaves the other layout alone'), go(afterOther(cycle, setting)))];
      const label = say(`finds version ${found.version} in the other layout`);
      return [step(label, go('other fence', { other: etagOf(found) }))];
    }
    case 'other fence': {
      const isLate = setting.otherFenced && !isSameWrite(snapshot, world.snapshot);
      if (isLate && setting.lateTakenBack) return [step(say('finds a newer snapshot'), go('other version'))];
      if (isLate) return [step(say('finds a newer snapshot, and leaves it'), go(afterOther(cycle, setting)))];
      return [step(say('finds its snapshot in place'), go('other delete'))];
    }
    case 'other version': {
      const found = publishedIn(otherThan(cycle.layout), world)?.version ?? 0;
      // Not of one version: another run may have published the very same bytes again, for good.
      const isHigher = found > version;
      const label = say(`reads version ${found} of the other layout`);
      return [step(label, go(isHigher ? 'take back' : afterOther(cycle, setting)))];
    }
    case 'take back': {
      const own = publishedIn(cycle.layout, world);
      if (etagOf(own) !== cycle.file) return [step(say('finds another one in place of its own'), end())];
      const newest = Math.max(world.file?.version ?? 0, world.manifest?.version ?? 0);
      const rest = publishedIn(otherThan(cycle.layout), world)?.version ?? 0;
      return [
        step(
          say(`takes back version ${own?.version}`),
          end(publishing(cycle.layout, undefined)),
          rest < newest ? 'no list goes back in version' : undefined,
        ),
      ];
    }
    case 'other delete': {
      const other = otherThan(cycle.layout);
      const found = publishedIn(other, world);
      if (etagOf(found) !== cycle.other && setting.lateTakenBack)
        return [step(say('finds another one there'), go('other'))];
      if (etagOf(found) !== cycle.other)
        return [step(say('finds another one there, and leaves it'), go(afterOther(cycle, setting)))];
      return [
        step(
          say(`removes version ${found?.version} of the other layout`),
          go(afterOther(cycle, setting), {}, publishing(other, undefined)),
          (found?.version ?? 0) > version ? 'no list goes back in version' : undefined,
        ),
      ];
    }
    case 'orphans': {
      const leave = step(say('leaves what is young'), go(afterFile(cycle)));
      const kept = setting.beforeStays ? (cycle.before ?? []) : [];
      const young = setting.youngStay ? world.cycles.flatMap((one) => one.young ?? []) : [];
      const named = [...(snapshot?.parts ?? []), ...(snapshot?.replaced ?? []), ...kept, ...young];
      const gone = Object.keys(world.parts).filter(
        (name) => !named.includes(name) && versionOf(name) <= version,
      );
      if (gone.length === 0 || world.mirror !== undefined || setting.staysYoung === true) return [leave];
      const clear = go(afterFile(cycle), {}, { parts: without(world.parts, gone) });
      return [leave, step(say(`clears ${gone} away, which no list names`), clear)];
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
  const isWaiting = (bit: number) =>
    has(missing, bit) && (isPinned || (setting.gateOpen !== true && !isGoing(bit)));
  const waited = targetNames.map((_, bit) => (isWaiting(bit) ? 0 : -1));
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
  const parts = untouched(cycle, next);
  const read = { list: next, hold, control: after, change: isChanged ? change : undefined, parts };
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
    const read = { list: to, change, control: { ...control, ...next }, parts: untouched(cycle, to) };
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

/** What was published in parts is read only where it may have to be cleared away. */
function afterCheckpoint({ isWhole, layout, status }: Cycle, world: World, setting: Setting): string {
  if (!isMixed(world, setting)) return 'head';
  const wasInParts = layout === 2 || status?.file.startsWith('parts') === true;
  return isWhole !== true && wasInParts ? 'before' : 'head';
}

/** Whether parts may be there that the form of the snapshot says nothing of. Without them less has to be remembered. */
function isMixed({ left }: World, { start }: Setting): boolean {
  return start !== undefined || left.layouts !== undefined;
}

/** Orphans are looked for after a list that was not whole, and else once in a while. */
function afterOther(cycle: Cycle, { looksOften = false }: Setting): string {
  const { snapshot, before = [], isWhole } = cycle;
  if (isWhole === true && !looksOften) return afterFile(cycle);
  const names = [...(snapshot?.parts ?? []), ...(snapshot?.replaced ?? []), ...before];
  return names.length === 0 ? afterFile(cycle) : 'orphans';
}

/** The parts that a list does not touch. */
function untouched({ parts, list = 0 }: Cycle, next: number): readonly string[] | undefined {
  return parts?.filter((name) => (Number(name.split('-')[1]) & (list ^ next)) === 0);
}

/** Whether the snapshot is that of the cycle's version, and in the form that the list is to have. */
function isRight(found: Checkpoint | undefined, { version, layout }: Cycle): boolean {
  return found?.version === version && (found?.parts === undefined) === (layout === 1);
}

/** Names of the list's parts: one kept since the snapshot that was read, or else a new one. An empty one is none. */
function partsOf(
  { list = 0, version = 0, parts = [], layout }: Cycle,
  setting: Setting,
): readonly string[] | undefined {
  if (layout === 1) return undefined;
  return shardsOf(list, layout).flatMap((content, shard) => {
    const kept = parts.find((name) => name.endsWith(`-${content}`));
    return content === 0 ? [] : [kept ?? partName(setting, shard, version, content)];
  });
}

/** Whether another snapshot names all parts of the list that the run has not made itself. */
function namesKept(found: Checkpoint, cycle: Cycle, setting: Setting): boolean {
  const { version, made = [] } = cycle;
  const isOwn = (name: string) => (setting.clearedAfter ? made.includes(name) : versionOf(name) === version);
  const parts = partsOf(cycle, setting) ?? [];
  return parts.every((name) => found.parts?.includes(name) === true || isOwn(name));
}

/** The version in which a part was first written. */
function versionOf(name: string): number {
  return Number(name.split('-')[0]);
}

interface Piece {
  readonly name: string;
  readonly content: number;
}

/** The first part that is still to be written. */
function missing({ list = 0, version = 0, parts = [], layout }: Cycle, setting: Setting): Piece | undefined {
  return shardsOf(list, layout)
    .map((content, shard) => ({ content, name: partName(setting, shard, version, content) }))
    .find(
      ({ content, name }) =>
        content !== 0 && !parts.includes(name) && !parts.some((one) => one.endsWith(`-${content}`)),
    );
}

function writePart(world: World, cycle: Cycle, setting: Setting, go: Go): Step<World> {
  const piece = missing(cycle, setting);
  const next = setting.partsFirst ? 'checkpoint' : afterFile(cycle);
  if (piece === undefined) return step(`cycle ${cycle.name} has its parts`, go(next));
  const { name, content } = piece;
  const parts = [...(cycle.parts ?? []), name];
  const isLast = missing({ ...cycle, parts }, setting) === undefined;
  const made = world.parts[name] === undefined ? [...(cycle.made ?? []), name] : cycle.made;
  const written = go(isLast ? next : 'part', { parts, made }, { parts: { ...world.parts, [name]: content } });
  // One that is there keeps its age.
  const isNew = isMixed(world, setting) && world.parts[name] === undefined;
  const young = (one: Cycle): Cycle => (isNew ? { ...one, young: [...(one.young ?? []), name] } : one);
  return step(`cycle ${cycle.name} writes part ${name}`, { ...written, cycles: written.cycles.map(young) });
}

function without(parts: World['parts'], gone: readonly string[]): World['parts'] {
  return Object.fromEntries(Object.entries(parts).filter(([name]) => !gone.includes(name)));
}

import type { Step } from './explore.ts';

/**
 * The bucket protocol of one provider, in small. There are three targets, and a list is a set of bits. An object's etag
 * is its content where the content tells one write from another, and else a number of its own (`mark`).
 */
export interface World {
  readonly backend: number;
  readonly configured: boolean;
  /** `journal[n - 1]` is version n. */
  readonly journal: readonly Entry[];
  readonly snapshot: Snapshot;
  /** The time of the pin has passed. */
  readonly isPinOver: boolean;
  /** The published list in parts, and the one that is a plain file; both while one takes the place of the other. */
  readonly manifest: Manifest | undefined;
  readonly file: Manifest | undefined;
  /** How the configuration wants it published. */
  readonly layout: Layout;
  /** Parts that are there: their names, and what they hold. */
  readonly parts: Readonly<Record<string, number>>;
  /** Version of the tombstone; 0: none. */
  readonly tombstone: number;
  readonly held: Held | undefined;
  readonly status: Status | undefined;
  /** What the mirror has on disk. */
  readonly disk: Disk | undefined;
  readonly cycles: readonly Cycle[];
  readonly retirement: Retirement | undefined;
  readonly mirror: Mirror | undefined;
  readonly operator: { readonly held: Held; readonly version: number } | undefined;
  /** What may still happen. */
  readonly left: Budget;
  /** What really happened, for the promises: how many listings have lacked each target, and which were accepted. */
  readonly lacked: readonly number[];
  readonly accepted: number;
  /** Which were rejected, and have neither been listed nor accepted since. */
  readonly unwanted: number;
}

/** 1 is one plain file, 2 is a list in two parts at most. */
export type Layout = 1 | 2;

interface Disk {
  readonly version: number;
  readonly list: number;
  /** Of the object that it was made of. */
  readonly etag: string;
  /** Etags of all that was listed then. */
  readonly settled: string;
}

interface Snapshot extends Checkpoint {
  readonly list: number;
  readonly control?: Control | undefined;
}

/** What a run goes by when it writes the next snapshot. */
export interface Checkpoint {
  readonly version: number;
  /** Names of the parts of the list; undefined where the snapshot holds the list itself. */
  readonly parts: readonly string[] | undefined;
  /** Parts of lists before it, which stay for readers on their way. */
  readonly replaced: readonly string[];
}

interface Entry {
  readonly list: number;
  readonly isEnd: boolean;
  readonly control?: Control | undefined;
}

/** What operators have decided, as each version carries it. */
export interface Control {
  /** Until the pin is over. */
  readonly pinned: boolean;
  /** Targets whose removal is not wanted, and the version that says so. */
  readonly rejected: number;
  readonly rejectedAt: number;
  /** Version of the last rollback. */
  readonly rollback: number;
}

export const noControl: Control = { pinned: false, rejected: 0, rejectedAt: 0, rollback: 0 };

/** What an operator may decide; each is a version. A rollback is to version 1. */
type Decision = 'rollback' | 'rollback and pin' | 'pin' | 'unpin' | 'reject';

/** A list in parts, or as one file, which then has no parts. */
export interface Manifest {
  readonly form: 'file' | 'parts';
  readonly version: number;
  readonly list: number;
  readonly parts: readonly string[];
}

interface Status {
  readonly mark: number;
  readonly version: number;
  readonly published: number;
  readonly file: string;
  readonly isHeld: boolean;
  readonly isLeaving: boolean;
}

/** What the gate remembers: how often each target was missing after the first time (-1: never), and what was accepted. */
export interface Held {
  readonly mark: number;
  /** Version of the list when it was written. */
  readonly version: number;
  readonly waited: readonly number[];
  readonly accepted: number;
  /** Version of the list when it was accepted. */
  readonly acceptedAt: number;
}

/** A run of a cycle, with what it has read. */
export interface Cycle {
  readonly name: string;
  /** What it does next. */
  readonly at: string;
  /** As its configuration has it, which may be an older one. */
  readonly layout: Layout;
  readonly status?: Status | undefined;
  readonly held?: Held | undefined;
  /** Version and list as they are committed so far, then as they are to be published. */
  readonly version?: number;
  readonly list?: number;
  /** An operator's decision, which is made where a cycle lists. */
  readonly decision?: Decision | undefined;
  readonly control?: Control | undefined;
  /** The snapshot that was read, found or written last. */
  readonly snapshot?: Checkpoint | undefined;
  readonly change?: Change | undefined;
  /** What is to be held. */
  readonly hold?: Omit<Held, 'mark'> | undefined;
  readonly isWhole?: boolean;
  /** It has written a snapshot. */
  readonly isCheckpointed?: boolean;
  /** Etag that the manifest must still have. */
  readonly over?: string;
  /** Replaced parts that were cleared away on the way, once that is decided. */
  readonly cleared?: readonly string[] | undefined;
  /** Parts that it wrote where there were none. */
  readonly made?: readonly string[] | undefined;
  /** Parts that were written while it ran, by whomever: they are young. */
  readonly young?: readonly string[];
  /** Parts that were published before, for readers on their way. */
  readonly before?: readonly string[];
  /** Etag of the published file of the other layout. */
  readonly other?: string;
  /** Parts of the snapshot that are as they were when it was read, then all parts of the list. */
  readonly parts?: readonly string[] | undefined;
  readonly file?: string;
}

interface Change {
  readonly removed: number;
  readonly added: number;
}

export interface Retirement {
  readonly at: string;
  readonly control?: Control | undefined;
  readonly status?: Status | undefined;
  readonly manifest?: Manifest | undefined;
  /** The plain file. */
  readonly plain?: Manifest | undefined;
  readonly version?: number;
  readonly list?: number;
  readonly snapshot?: Checkpoint | undefined;
  readonly tombstone?: number;
}

interface Mirror {
  readonly at: string;
  /** Etags of what it has listed. */
  readonly listed?: string;
  readonly manifest?: Manifest | undefined;
  readonly list?: number;
}

export interface Budget {
  /** Layouts that the configuration will want, one after the other. Default: it stays. */
  readonly layouts?: readonly Layout[];
  /** Cycles that may begin. */
  readonly cycles: number;
  /** Cycles and retirements at the same time. */
  readonly together: number;
  readonly retirements: number;
  /** Lists that the backend will have, one after the other. */
  readonly lists: readonly number[];
  /** How often the configuration may lose the provider or get it back. */
  readonly edits: number;
  readonly accepts: number;
  /** What operators decide, one after the other. */
  readonly decisions: readonly Decision[];
  /** How often the time of a pin may pass. */
  readonly pinEnds: number;
  readonly crashes: number;
  /** How often the published object may vanish or be put back to what it was. */
  readonly damages: number;
  /** Whether the mirror runs beside all that, or only when all is quiet. */
  readonly mirrors: boolean;
}

/** The mechanisms that can be switched off. */
export interface Mechanisms {
  /** A version is created in the journal only where there is none. */
  readonly createOnlyJournal: boolean;
  /** Before a list is put in place, the snapshot must still be the run's own. */
  readonly fence: boolean;
  /** Parts are written before the snapshot and the manifest that name them. */
  readonly partsFirst: boolean;
  /** A part has a name that no other content ever has. */
  readonly immutableParts: boolean;
  /** A run that finds another snapshot ends, where that does not name the parts that the run kept. */
  readonly keptAsNamed: boolean;
  /** Replaced parts are cleared away only when the version before is published whole. */
  readonly clearedWhenWhole: boolean;
  /** Replaced parts are cleared away when the snapshot no longer names them, so that nobody takes them up again. */
  readonly clearedAfter: boolean;
  /** A file that is not listed is removed only for a tombstone. */
  readonly tombstone: boolean;
  /** A tombstone removes only what is older than it, and the mirror takes nothing older than it has. */
  readonly comparedVersions: boolean;
  /** Of both layouts the mirror takes the higher version. */
  readonly higherTaken: boolean;
  /** The gate remembers each target; otherwise only that something was missing, or accepted. */
  readonly memoryPerTarget: boolean;
  /** What the gate remembers counts only beside the list that it was written for. */
  readonly memoryOfVersion: boolean;
  /** A retirement deletes what it saw at the beginning, and nothing else. */
  readonly conditionalDelete: boolean;
  /** A status is written before a file is created. */
  readonly announced: boolean;
  /** A pin is a version of the journal. */
  readonly pinIsVersion: boolean;
  /** A retirement leaves a pinned list alone. */
  readonly pinStopsRetirement: boolean;
  /** A rejection takes back what was accepted before it. */
  readonly laterWordCounts: boolean;
  /** A rollback ends what the gate remembered. */
  readonly rollbackForgets: boolean;
  /** Who publishes in one layout removes the file of the other. */
  readonly otherRemoved: boolean;
  /** It looks at the fence before that. */
  readonly otherFenced: boolean;
  /** Who finds another one there looks again, and who is too late takes its own file back, where the other is newer. */
  readonly lateTakenBack: boolean;
  /** Parts of a retired list stay for runs that are under way. */
  readonly retiredStay: boolean;
  /** What was published in parts before outlives the next look at orphans. */
  readonly beforeStays: boolean;
  /** Where parts are published, only a snapshot of parts says which are replaced. */
  readonly clearedInForm: boolean;
  /** Parts that a run under way has written are no orphans. */
  readonly youngStay: boolean;
}

export const allOn: Mechanisms = {
  createOnlyJournal: true,
  fence: true,
  partsFirst: true,
  immutableParts: true,
  keptAsNamed: true,
  clearedWhenWhole: true,
  clearedAfter: true,
  tombstone: true,
  comparedVersions: true,
  higherTaken: true,
  memoryPerTarget: true,
  memoryOfVersion: true,
  conditionalDelete: true,
  announced: true,
  pinIsVersion: true,
  pinStopsRetirement: true,
  laterWordCounts: true,
  rollbackForgets: true,
  otherRemoved: true,
  otherFenced: true,
  lateTakenBack: true,
  retiredStay: true,
  beforeStays: true,
  clearedInForm: true,
  youngStay: true,
};

export interface Setting extends Mechanisms {
  /** The layout at first. */
  readonly shards: Layout;
  /**
   * What is in the bucket at first, if not what a cycle of today leaves: parts of the form before blocks, whose snapshot
   * holds the list itself; or the files of both layouts, as a run left them that died; or one file of version 2, beside
   * the manifest of version 1 of a run that was late and died.
   */
  readonly start?: 'old parts' | 'both layouts' | 'older left' | undefined;
  /** Orphans may be looked for after any list, as after each hundredth version. */
  readonly looksOften?: boolean | undefined;
  /** The gate lets all removals pass. */
  readonly gateOpen?: boolean | undefined;
  /** Nothing gets so old that it is an orphan. */
  readonly staysYoung?: boolean | undefined;
}

/** Targets a, b, c; one shard has a, the other b and c. */
export const targetNames = ['a', 'b', 'c'] as const;
const shardMasks = [0b001, 0b110] as const;

export function showList(list: number): string {
  return `{${targetNames.filter((_, bit) => has(list, bit)).join(' ')}}`;
}

export function has(list: number, bit: number): boolean {
  return (list & (1 << bit)) !== 0;
}

export function shardsOf(list: number, layout: Layout): readonly number[] {
  return layout === 1 ? [] : shardMasks.map((mask) => list & mask);
}

/** A published file's etag, or none. */
export function etagOf(manifest: Manifest | undefined): string {
  if (manifest === undefined) return '';
  const { form, version, list, parts } = manifest;
  return `${form}/${version}/${list}/${parts}`;
}

/** What is published in a layout. */
export function publishedIn(layout: Layout, { file, manifest }: Pick<World, 'file' | 'manifest'>) {
  return layout === 1 ? file : manifest;
}

/** Nothing is in the other layout, nor will be. */
export function isOneLayout({ cycles, left, layout, file, manifest }: World): boolean {
  const isSame = cycles.every((one) => one.layout === layout) && (left.layouts ?? []).length === 0;
  return isSame && (layout === 1 ? manifest : file) === undefined;
}

/** The same with another file. */
export function publishing(layout: Layout, file: Manifest | undefined): Partial<World> {
  return layout === 1 ? { file } : { manifest: file };
}

export function otherThan(layout: Layout): Layout {
  return layout === 1 ? 2 : 1;
}

/** What a run remembers of a snapshot. */
export function checkpointOf({ version, parts, replaced }: Snapshot): Checkpoint {
  return { version, parts, replaced };
}

/** Whether the two are one write of the snapshot. */
export function isSameWrite(one: Checkpoint | undefined, other: Checkpoint): boolean {
  return (
    one?.version === other.version && `${one.parts}/${one.replaced}` === `${other.parts}/${other.replaced}`
  );
}

/** The replaced parts that a new snapshot names: those of the one before it that stay, and what it no longer uses. */
export function replacedParts(
  { parts = [], replaced }: Checkpoint,
  used: readonly string[],
): readonly string[] {
  return [...replaced, ...parts].filter((name) => !used.includes(name));
}

/** A mark that no write of the object has had. */
export function newMark({ cycles, retirement, status, held, operator }: World): number {
  const marks = [status, held, operator?.held, retirement?.status];
  for (const cycle of cycles) marks.push(cycle.status, cycle.held);
  return 1 + Math.max(0, ...marks.map((one) => one?.mark ?? 0));
}

export const step = (label: string, next: World, broken?: string): Step<World> => ({ label, next, broken });

/** The world after its version 1 was published and mirrored. */
export function firstWorld(setting: Setting, left: Budget): World {
  if (setting.start !== 'older left') return worldOfOne(setting, left);
  const world = worldOfOne({ ...setting, start: 'both layouts' }, left);
  const list = 0b111;
  const file: Manifest = { form: 'file', version: 2, list, parts: [] };
  const { status } = world;
  return {
    ...world,
    backend: list,
    journal: [...world.journal, { list, isEnd: false }],
    snapshot: { ...world.snapshot, version: 2, list },
    file,
    status: status && { ...status, version: 2, published: 2, file: etagOf(file) },
  };
}

function worldOfOne(setting: Setting, left: Budget): World {
  const list = 0b011;
  const { shards: layout, start } = setting;
  const isOld = start === 'old parts';
  const names = shardsOf(list, 2).map(
    (content, shard) => partName(setting, shard, 1, content) + (isOld ? '-old' : ''),
  );
  const plain: Manifest = { form: 'file', version: 1, list, parts: [] };
  const inParts: Manifest = { form: 'parts', version: 1, list, parts: names };
  const isBoth = start === 'both layouts';
  const published = isOld ? inParts : layout === 1 ? plain : inParts;
  const file = isBoth || published === plain ? plain : undefined;
  const manifest = isBoth || published === inParts ? inParts : undefined;
  const hasParts = manifest !== undefined;
  const inSnapshot = layout === 2 && !isOld;
  const etag = etagOf(published);
  return {
    backend: list,
    configured: true,
    journal: [{ list, isEnd: false }],
    snapshot: {
      version: 1,
      list,
      parts: inSnapshot ? names : undefined,
      // What the run that died has replaced.
      replaced: isBoth && !inSnapshot ? names : [],
    },
    manifest,
    file,
    layout,
    parts: hasParts
      ? Object.fromEntries(names.map((name, shard) => [name, shardsOf(list, 2)[shard] ?? 0]))
      : {},
    tombstone: 0,
    held: undefined,
    // A run that died before its status left that of the other layout.
    status: {
      ...{ mark: 1, version: 1, published: 1, isHeld: false, isLeaving: false },
      file: isBoth ? etagOf(layout === 1 ? inParts : plain) : etag,
    },
    disk: { version: 1, list, etag, settled: etag },
    cycles: [],
    retirement: undefined,
    mirror: undefined,
    operator: undefined,
    left,
    isPinOver: false,
    lacked: [0, 0, 0],
    accepted: 0,
    unwanted: 0,
  };
}

export function partName(
  { immutableParts }: Mechanisms,
  shard: number,
  version: number,
  content: number,
): string {
  return immutableParts ? `${version}-${content}` : `${shard}`;
}

/**
 * Marks are renumbered in the order in which they stand, and the cycles sorted: who is called first is the same. The key is
 * made of numbers for the world's parts. A step makes few parts anew, and all others are found without writing them out.
 */
export function keyOf(world: World): string {
  const marks = new Map<number, number>([[0, 0]]);
  const renamed = (mark: number): number => {
    const known = marks.get(mark);
    if (known !== undefined) return known;
    marks.set(mark, marks.size);
    return marks.size - 1;
  };
  const status = (one: Status | undefined) => one && `${renamed(one.mark)}:${statusNumber(one)}`;
  const held = (one: Held | undefined) => one && `${renamed(one.mark)}:${heldNumber(one)}`;
  const cycles = world.cycles.length < 2 ? world.cycles : world.cycles.toSorted(compareCycles);
  const { retirement, operator } = world;
  return [
    ...[world.backend, world.configured, world.tombstone, world.isPinOver, world.accepted, world.unwanted],
    world.layout,
    ...[world.journal, world.snapshot, world.manifest, world.file, world.disk, world.mirror].map(partNumber),
    ...[partNumber(world.left), partNumber(world.lacked), partsNumber(world.parts)],
    ...[held(world.held), status(world.status), held(operator?.held), operator?.version],
    ...[retirementNumber(retirement), status(retirement?.status)],
    ...cycles.map((cycle) => `${cycleNumber(cycle)}/${status(cycle.status)}/${held(cycle.held)}`),
  ].join();
}

/** Gives parts of equal text the same number; 0 is none. */
function numbering<Part extends object>(textOf: (part: Part) => string): (part: Part | undefined) => number {
  const byText = new Map<string, number>();
  const known = new WeakMap<Part, number>();
  return (part) => {
    if (part === undefined) return 0;
    const before = known.get(part);
    if (before !== undefined) return before;
    const text = textOf(part);
    const number = byText.get(text) ?? byText.size + 1;
    byText.set(text, number);
    known.set(part, number);
    return number;
  };
}

const partNumber = numbering<object>((part) => JSON.stringify(part));
const partsNumber = numbering<World['parts']>((parts) =>
  JSON.stringify(Object.entries(parts).sort(([a], [b]) => (a < b ? -1 : 1))),
);
// The marks of a status, and of what is held, stand beside the number.
const statusNumber = numbering<Status>(({ version, published, file, isHeld, isLeaving }) =>
  JSON.stringify([version, published, file, isHeld, isLeaving]),
);
const heldNumber = numbering<Held>(({ version, waited, accepted, acceptedAt }) =>
  JSON.stringify([version, waited, accepted, acceptedAt]),
);
const retirementNumber = numbering<Retirement>((one) => JSON.stringify({ ...one, status: undefined }));
const cycleNumber = numbering<Cycle>((one) =>
  JSON.stringify({ ...one, name: '', status: undefined, held: undefined }),
);

function compareCycles(one: Cycle, other: Cycle): number {
  return (
    cycleNumber(one) - cycleNumber(other) ||
    statusNumber(one.status) - statusNumber(other.status) ||
    heldNumber(one.held) - heldNumber(other.held) ||
    (one.status?.mark ?? 0) - (other.status?.mark ?? 0) ||
    (one.held?.mark ?? 0) - (other.held?.mark ?? 0)
  );
}

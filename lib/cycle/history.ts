import { mapConcurrent } from '../base/concurrency.ts';
import { isMusterError, MusterError, messageWithKey, toMusterError } from '../base/errors.ts';
import type { ObjectStore } from '../store/store.ts';
import { decodeGroup } from '../targets/canonical.ts';
import {
  type Change,
  type ChangeCounts,
  countChange,
  type TargetChange,
  targetChanges,
} from '../targets/diff.ts';
import type { LabelSet } from '../targets/group.ts';
import { folders, journalFolder, type ProviderId, parseStatusKey, statusKey } from '../targets/keys.ts';
import {
  decodeJournalEntry,
  type JournalEntry,
  type JournalHead,
  type JournalObject,
  listEntries,
  readJournalLines,
} from './journal.ts';

/** What the history is read from. */
export interface HistoryInput {
  readonly store: Pick<ObjectStore, 'get' | 'list'>;
  readonly signal: AbortSignal;
}

/** One version of a provider's list, without the list. */
export interface Version extends ProviderId {
  readonly version: number;
  readonly key: string;
  /** Undefined if the entry cannot be read. */
  readonly head: JournalHead | undefined;
  readonly counts: ChangeCounts;
  /** Targets after it, where the entry tells. */
  readonly targets: number | undefined;
  /** Why the entry cannot be read, with its key. */
  readonly problem: string | undefined;
}

/** Which versions are wanted. Times are in milliseconds of Unix time. */
export interface VersionRange {
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  /** The most of them, the newest. */
  readonly limit?: number | undefined;
}

/** Entries that are read at a time: nearly as many as the S3 client has connections. */
const parallel = 48;

/** Entries that are held decoded at a time. */
export const window = 256;

/** The providers that have a journal, also those that were retired: all, or those of one job. */
export async function listJournals(
  { store, signal }: HistoryInput,
  job?: string,
): Promise<readonly ProviderId[]> {
  const folder = job === undefined ? folders.journal : journalFolder({ job, provider: '' }).slice(0, -1);
  const found = new Map<string, ProviderId>();
  for (const { key } of await store.list(folder, { signal })) {
    const path = key.slice(folders.journal.length, key.lastIndexOf('/'));
    const id = parseStatusKey(`${folders.status}${path}.json`);
    if (id !== undefined) found.set(statusKey(id), id);
  }
  return [...found.values()];
}

/** Milliseconds by which the store's clock may be behind that of a run. */
const clockSlack = 10 * 60_000;

/**
 * The versions of a provider, newest first. What cannot be read is among them, with the reason.
 */
export async function listVersions(
  id: ProviderId,
  { since, until, limit = Number.POSITIVE_INFINITY }: VersionRange,
  input: HistoryInput,
): Promise<readonly Version[]> {
  const entries = (await listEntries(id, input)).filter(
    ({ modified }) => since === undefined || modified >= since - clockSlack,
  );
  // Their own times are known only when they are read: the newest first, until there are enough.
  const found: Version[] = [];
  let end = entries.length;
  while (end > 0 && found.length < limit) {
    const start = Math.max(0, end - Math.min(window, Math.max(parallel, limit - found.length)));
    const read = await readAll(entries.slice(start, end), input, readVersion);
    for (const one of read.reverse()) {
      if (found.length < limit && isWithin(one.head, since, until)) found.push(one);
    }
    end = start;
  }
  return found;
}

/** An entry that cannot be read has no time, and is not left out. */
function isWithin(head: JournalHead | undefined, since = 0, until = Number.POSITIVE_INFINITY): boolean {
  if (head === undefined) return true;
  const at = Date.parse(head.at);
  return at >= since && at <= until;
}

async function readVersion(
  object: JournalObject,
  { store }: HistoryInput,
  signal: AbortSignal,
): Promise<Version> {
  const { modified: _, ...place } = object;
  try {
    const { change, ...head } = await readEntry(object, { store, signal });
    const counts = countChange(change);
    return { ...place, head, counts, targets: head.targets, problem: undefined };
  } catch (error) {
    signal.throwIfAborted();
    const problem = messageWithKey(object.key, error);
    const counts = { added: 0, removed: 0, changed: 0 };
    return { ...place, head: undefined, counts, targets: undefined, problem };
  }
}

/** Reads entries, many at a time, in their order. Throws what `read` throws. */
export async function readAll<T>(
  objects: readonly JournalObject[],
  input: HistoryInput,
  read: (object: JournalObject, input: HistoryInput, signal: AbortSignal) => Promise<T>,
): Promise<T[]> {
  return mapConcurrent(objects, parallel, input.signal, (object, signal) => read(object, input, signal));
}

/** Reads an entry. Throws kind `not-found`, `malformed`, `newer`, or what the store throws. */
export async function readEntry(
  object: JournalObject,
  { store, signal }: HistoryInput,
): Promise<JournalEntry> {
  const { key, version } = object;
  const found = await store.get(key, { signal });
  if (found === undefined) throw new MusterError('not-found', `${key} is no longer there`);
  const entry = await decodeJournalEntry(found.body, signal);
  if (entry.version === version) return entry;
  throw new MusterError('malformed', `${key} says that it is version ${entry.version}`);
}

/**
 * The newest version that was committed at or before a time (milliseconds of Unix time), or undefined if the journal
 * does not reach back to it. Throws what the store throws.
 */
export async function versionAt(
  id: ProviderId,
  time: number,
  input: HistoryInput,
): Promise<number | undefined> {
  const entries = await listEntries(id, input);
  let [low, high] = [0, entries.length];
  // Versions are committed one after the other, so that their times tell where to look.
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((await timeNear(entries, middle, input)) <= time) low = middle + 1;
    else high = middle;
  }
  return entries[low - 1]?.version;
}

/** The time of an entry or, of one that cannot be read, of the next one before it that can. */
async function timeNear(
  entries: readonly JournalObject[],
  index: number,
  { store, signal }: HistoryInput,
): Promise<number> {
  for (let place = index; place >= 0; place--) {
    const found = await store.get(entries[place]?.key ?? '', { signal });
    const head = found && (await readHeadOf(found.body, signal));
    if (head !== undefined) return Date.parse(head.at);
  }
  return Number.NEGATIVE_INFINITY;
}

async function readHeadOf(body: Uint8Array, signal: AbortSignal): Promise<JournalHead | undefined> {
  try {
    for await (const line of readJournalLines(body, { signal }))
      return line.kind === 'head' ? line.head : undefined;
    return undefined;
  } catch (error) {
    if (isMusterError(error, 'malformed') || isMusterError(error, 'newer')) return undefined;
    throw error;
  }
}

/** Who committed a version: an operator, or a run. */
export function committerOf({ control, run }: Pick<JournalHead, 'control' | 'run'>): string {
  return control === undefined || control.action === 'lapse' ? run : control.by;
}

/** Why a version was committed, in a word. */
export function causeOf({ control, reason }: Pick<JournalHead, 'control' | 'reason'>): string {
  return control === undefined || control.action === 'lapse' ? reason : control.action;
}

/** Something that happened to a target. */
export interface LifeEvent {
  readonly version: number;
  readonly head: JournalHead;
  readonly change: TargetChange;
}

/** The life of a target in one provider. */
export interface Life extends ProviderId {
  /** Oldest first. */
  readonly events: readonly LifeEvent[];
  /** Version at which the journal begins: what was before is not known. */
  readonly begins: number;
  /** Entries that could not be read. */
  readonly problems: readonly string[];
}

/** Which target is meant. */
export interface TargetQuestion extends VersionRange {
  /** By all its labels as they are published. */
  readonly isMeant: (labels: LabelSet) => boolean;
}

/**
 * What happened to a target of a provider over all its versions. A target that was always there has no event. Throws
 * what the store throws. An entry that cannot be read is reported in the result.
 */
export async function lifeOfTarget(
  id: ProviderId,
  { isMeant, since, until, limit }: TargetQuestion,
  input: HistoryInput,
): Promise<Life> {
  const entries = await listEntries(id, input);
  const read = await readAll(entries, input, async (object, { store }, signal) => {
    try {
      const found = await readEntry(object, { store, signal });
      return { events: eventsOf(found, isMeant), problem: undefined };
    } catch (error) {
      signal.throwIfAborted();
      return { events: [], problem: `version ${object.version}: ${toMusterError(error).message}` };
    }
  });
  const events = read.flatMap((one) => one.events).filter(({ head }) => isWithin(head, since, until));
  return {
    ...id,
    events: limit === undefined ? events : events.slice(-limit),
    begins: entries[0]?.version ?? 0,
    problems: read.flatMap(({ problem }) => (problem === undefined ? [] : [problem])),
  };
}

function eventsOf(
  { change, ...head }: JournalEntry,
  isMeant: TargetQuestion['isMeant'],
): readonly LifeEvent[] {
  const { version } = head;
  return [...targetsOfChange(change)]
    .filter(({ labels, differences }) => isMeant(labels) || isMeant(labelsBefore(labels, differences)))
    .map((one) => ({ version, head, change: one }));
}

/** A target that has another name since is still the one that was meant. */
function labelsBefore(labels: LabelSet, differences: TargetChange['differences']): LabelSet {
  if (differences.length === 0) return labels;
  const old = new Map(Object.entries(labels));
  for (const { name, before } of differences) {
    if (before === undefined) old.delete(name);
    else old.set(name, before);
  }
  return Object.fromEntries(old);
}

/** Each target that a change touches. */
function* targetsOfChange({ added, removed, changed }: Change): Generator<TargetChange, undefined> {
  for (const group of removed.values()) yield* targetChanges(decodeGroup(group), undefined);
  for (const group of added.values()) yield* targetChanges(undefined, decodeGroup(group));
  for (const { before, after } of changed.values())
    yield* targetChanges(decodeGroup(before), decodeGroup(after));
  return undefined;
}

import { isMusterError, MusterError, toMusterError } from '../base/errors.ts';
import { type EncodedGroup, type Groups, sortGroups } from '../targets/canonical.ts';
import { applyTo, type Change, diffGroups, invertChange } from '../targets/diff.ts';
import { type ProviderId, snapshotKey } from '../targets/keys.ts';
import { fetchTexts } from './blocks.ts';
import { type HistoryInput, readAll, readEntry, window } from './history.ts';
import { type JournalObject, listEntries } from './journal.ts';
import { decodeSnapshot } from './snapshot.ts';

/** The list of a provider as of a version. */
export interface VersionList {
  readonly version: number;
  readonly groups: Groups;
}

/** A way to the list of a version: from a list that is known, over these entries. */
interface Way {
  readonly from: VersionList;
  readonly direction: 'forwards' | 'backwards';
  readonly entries: readonly JournalObject[];
}

/**
 * The list of a provider as it was after a version; 0 is the empty list before the first. It is made of the snapshot or
 * of the empty list, by the changes between, whichever has fewer of them; where an entry of these is damaged or gone, by
 * the other. `known` is a list that may be nearer. Throws kind `not-found` where no way is whole, and says why: nothing is
 * guessed.
 */
export async function groupsAt(
  id: ProviderId,
  version: number,
  input: HistoryInput,
  known?: VersionList,
): Promise<VersionList> {
  // The snapshot after the journal would be one to which no entry leads.
  const snapshot = await readSnapshot(id, input);
  const entries = await listEntries(id, input);
  const newest = Math.max(entries.at(-1)?.version ?? 0, snapshot?.version ?? 0);
  const name = `${id.job}/${id.provider}`;
  if (version < 0 || version > newest)
    throw new MusterError('not-found', `${name} has no version ${version}; its newest is ${newest}`);
  const byVersion = new Map(entries.map((entry) => [entry.version, entry]));
  const problems: string[] = [];
  const starts = [emptyList, snapshot, known].filter((one) => one !== undefined);
  const ways = waysTo(version, starts, byVersion, problems).sort(
    (a, b) => a.entries.length - b.entries.length,
  );
  for (const way of ways) {
    try {
      const groups = await follow(way, input);
      await fetchTexts(groups.values(), { ...input, id });
      return { version, groups };
    } catch (error) {
      input.signal.throwIfAborted();
      problems.push(toMusterError(error).message);
    }
  }
  const oldest = entries[0]?.version;
  const begins = oldest === undefined ? 'the journal is empty' : `the journal begins at version ${oldest}`;
  throw new MusterError(
    'not-found',
    `the list of version ${version} of ${name} cannot be rebuilt: ${[...problems, begins].join('; ')}`,
  );
}

const emptyList: VersionList = { version: 0, groups: new Map() };

/** The ways that have all their entries; of the others, what is missing. */
function waysTo(
  version: number,
  starts: readonly VersionList[],
  entries: ReadonlyMap<number, JournalObject>,
  problems: string[],
): Way[] {
  const ways: Way[] = [];
  for (const from of starts) {
    const [low, high] = from.version < version ? [from.version, version] : [version, from.version];
    const between: JournalObject[] = [];
    let missing: number | undefined;
    for (let one = low + 1; one <= high && missing === undefined; one++) {
      const entry = entries.get(one);
      if (entry === undefined) missing = one;
      else between.push(entry);
    }
    const direction = from.version <= version ? 'forwards' : 'backwards';
    if (missing === undefined)
      ways.push({ from, direction, entries: direction === 'forwards' ? between : between.reverse() });
    else problems.push(`version ${missing} is no longer in the journal`);
  }
  return ways;
}

async function follow({ from, direction, entries }: Way, input: HistoryInput): Promise<Groups> {
  const groups = new Map<string, EncodedGroup>(from.groups);
  for (let start = 0; start < entries.length; start += window) {
    const read = await readAll(entries.slice(start, start + window), input, (object, { store }, signal) =>
      readEntry(object, { store, signal }),
    );
    for (const { version, change } of read) {
      try {
        applyTo(groups, direction === 'forwards' ? change : invertChange(change));
      } catch (error) {
        throw new MusterError('malformed', `journal entry ${version}: ${toMusterError(error).message}`);
      }
    }
  }
  return sortGroups(groups);
}

/** One that cannot be read is no way to begin. */
async function readSnapshot(
  id: ProviderId,
  { store, signal }: HistoryInput,
): Promise<VersionList | undefined> {
  const found = await store.get(snapshotKey(id), { signal });
  if (found === undefined) return undefined;
  try {
    const { version, groups } = await decodeSnapshot(found.body);
    return { version, groups };
  } catch (error) {
    if (isMusterError(error, 'malformed')) return undefined;
    throw error;
  }
}

/** What turns the list of one version into that of another. Throws as `groupsAt`. */
export async function changeBetween(
  id: ProviderId,
  [from, to]: readonly [number, number],
  input: HistoryInput,
): Promise<Change> {
  const before = await groupsAt(id, from, input);
  const after = await groupsAt(id, to, input, before);
  return diffGroups(before.groups, after.groups);
}

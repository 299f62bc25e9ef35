import type { ObjectStore } from '../store/store.ts';
import {
  folders,
  journalFolder,
  journalKey,
  type ProviderId,
  parseJournalVersion,
  parseRetiredKey,
  snapshotKey,
} from '../targets/keys.ts';

/** How long the journal is kept. */
export interface JournalRetention {
  /** Milliseconds. */
  readonly keep: number;
  /** Newest versions that stay, however old they are. */
  readonly min_versions: number;
}

/** Versions between two looks at the journal: a look lists it whole. */
const lookEvery = 100;

/** Objects that one look removes at most. */
const mostRemoved = 500;

interface RetentionInput {
  readonly store: ObjectStore;
  readonly now: Date;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Removes what the journal keeps too long, a few entries at a time, in every hundredth version. `version` is that of
 * the snapshot: what came after it is needed to rebuild the list, and stays.
 */
export async function clearJournal(
  id: ProviderId,
  version: number,
  { keep, min_versions }: JournalRetention,
  { store, now, signal }: RetentionInput,
): Promise<void> {
  if (version % lookEvery !== 0 || version <= min_versions) return;
  const options = signal && { signal };
  const old = (await store.list(journalFolder(id), options))
    .map(({ key, modified }) => ({ key, modified, entry: parseJournalVersion(key) }))
    .filter(({ key, entry }) => entry !== undefined && key === journalKey(id, entry))
    .filter(({ entry = version }) => entry <= version - min_versions)
    .filter(({ modified }) => now.getTime() - modified > keep);
  // The oldest go first, so that the rest has no gap.
  for (const { key } of old.slice(0, mostRemoved)) await store.delete(key, options);
}

/**
 * Removes what is left of providers that were retired longer ago than the journal is kept: their journal, their
 * snapshot and, last, their tombstone. A few objects at a time.
 */
export async function clearRetired(
  keep: number,
  isConfigured: (id: ProviderId) => boolean,
  { store, now, signal }: RetentionInput,
): Promise<void> {
  const options = signal && { signal };
  let left = mostRemoved;
  for (const { key, modified } of await store.list(folders.retired, options)) {
    const id = parseRetiredKey(key);
    if (id === undefined || now.getTime() - modified <= keep || left <= 0) continue;
    if (!isConfigured(id)) {
      const entries = (await store.list(journalFolder(id), options)).slice(0, left);
      for (const entry of entries) await store.delete(entry.key, options);
      left -= entries.length;
      if (left <= 0) return;
      await store.delete(snapshotKey(id), options);
    }
    await store.delete(key, options);
    left -= 1;
  }
}

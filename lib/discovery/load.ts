import { isMusterError } from '../errors.ts';
import type { ObjectStore } from '../store/store.ts';
import type { Groups } from '../target/canonical.ts';
import { applyChange } from '../target/diff.ts';
import type { Cursor } from '../target/discover.ts';
import {
  journalFolder,
  journalKey,
  type ProviderId,
  parseJournalVersion,
  snapshotKey,
} from '../target/names.ts';
import { decodeJournalEntry } from './journal-lines.ts';
import { decodeSnapshot, type Snapshot } from './snapshot.ts';

/** The list as the bucket has it: the snapshot with the journal's later changes. */
export interface Loaded {
  /** Newest version in the journal; 0 where there is none. */
  readonly version: number;
  readonly groups: Groups;
  readonly cursor: Cursor | undefined;
  /** Version and write of the snapshot, as far as there is one. */
  readonly checkpoint: { readonly version: number; readonly etag: string } | undefined;
  /** The history was damaged: the version counts on, but what the list held is not known. */
  readonly damaged?: string;
}

interface ReadInput {
  readonly warm?: Loaded;
  readonly signal?: AbortSignal;
}

/** Reads snapshot and journal. With `warm`, an unchanged snapshot is neither sent nor decoded again. */
export async function loadProvider(
  store: ObjectStore,
  id: ProviderId,
  { warm, signal }: ReadInput,
): Promise<Loaded> {
  const options = signal && { signal };
  const warmEtag = warm?.damaged === undefined ? warm?.checkpoint?.etag : undefined;
  const found = await store.get(snapshotKey(id), { ...(warmEtag && { ifNoneMatch: warmEtag }), ...options });
  if (found === 'unchanged' && warm !== undefined) return replay(store, id, warm, signal);
  if (found === undefined || found === 'unchanged') return replayFromStart(store, id, signal);
  try {
    const snapshot = await decodeSnapshot(found.body);
    return await replay(store, id, fromSnapshot(snapshot, found.etag), signal);
  } catch (error) {
    if (!isMusterError(error, 'malformed')) throw error;
    const checkpoint = { version: 0, etag: found.etag };
    return damagedAt(
      await lastVersion(store, id, signal),
      checkpoint,
      `the snapshot cannot be read: ${error.message}`,
    );
  }
}

function fromSnapshot({ version, groups, cursor }: Snapshot, etag: string): Loaded {
  return { version, groups, cursor, checkpoint: { version, etag } };
}

/** Applies each change after the loaded version until the first that is not there. */
async function replay(
  store: ObjectStore,
  id: ProviderId,
  from: Loaded,
  signal?: AbortSignal,
): Promise<Loaded> {
  let { version, groups } = from;
  for (;;) {
    const found = await store.get(journalKey(id, version + 1), signal && { signal });
    if (found === undefined || found === 'unchanged') return { ...from, version, groups };
    try {
      groups = applyChange(groups, (await decodeJournalEntry(found.body, signal)).change);
    } catch (error) {
      if (!isMusterError(error, 'malformed') && !isMusterError(error, 'storage')) throw error;
      return damagedAt(
        await lastVersion(store, id, signal),
        from.checkpoint,
        `journal entry ${version + 1}: ${error.message}`,
      );
    }
    version++;
  }
}

/**
 * Without a snapshot the journal tells all, unless its beginning has been cleared away. It is listed before it is
 * read, so that what another run commits meanwhile does not look like a gap.
 */
async function replayFromStart(store: ObjectStore, id: ProviderId, signal?: AbortSignal): Promise<Loaded> {
  const last = await lastVersion(store, id, signal);
  const nothing: Loaded = { version: 0, groups: new Map(), cursor: undefined, checkpoint: undefined };
  const loaded = await replay(store, id, nothing, signal);
  if (loaded.version >= last || loaded.damaged !== undefined) return loaded;
  return damagedAt(
    last,
    undefined,
    'the snapshot is gone and the journal does not reach back to its beginning',
  );
}

async function lastVersion(store: ObjectStore, id: ProviderId, signal?: AbortSignal): Promise<number> {
  const entries = await store.list(journalFolder(id), signal && { signal });
  return Math.max(0, ...entries.slice(-1).map(({ key }) => parseJournalVersion(key) ?? 0));
}

function damagedAt(version: number, checkpoint: Loaded['checkpoint'], damaged: string): Loaded {
  return { version, groups: new Map(), cursor: undefined, checkpoint, damaged };
}

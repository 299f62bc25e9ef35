import { isMusterError } from '../base/errors.ts';
import type { ObjectStore } from '../store/store.ts';
import { countTargets } from '../targets/canonical.ts';
import { diffGroups } from '../targets/diff.ts';
import {
  heldKey,
  manifestKey,
  type ProviderId,
  parsePartName,
  partsFolder,
  statusKey,
  targetsKey,
} from '../targets/keys.ts';
import { commitChange } from './journal.ts';
import { loadProvider, readPublished } from './load.ts';
import { storeIdOf } from './ownership.ts';
import type { CycleInput } from './provider.ts';
import { writeCheckpoint } from './publish.ts';
import { readStatus, type StoredStatus } from './status.ts';
import { writeTombstone } from './tombstone.ts';

export interface RetireInput extends Pick<CycleInput, 'store' | 'run' | 'now' | 'signal'> {
  /** Only while its status says that it waits to be retired: it may have come back since that was looked at. */
  readonly ifLeaving?: boolean;
}

/**
 * Ends a provider on purpose: a last change that removes all, a tombstone that lets mirrors remove its file, and then
 * its files and, at the very end, its status, so that a run which dies on the way is taken up by the next one. Journal
 * and snapshot stay: should the provider come back, its versions go on. Each removal is of what was seen at the
 * beginning, before the version was: a provider that came back meanwhile is not touched. False when another run was
 * first.
 */
export async function retireProvider(id: ProviderId, input: RetireInput): Promise<boolean> {
  const { store, run, now, signal } = input;
  const options = signal && { signal };
  const [stored, file, manifest] = await Promise.all([
    readStatus(store, id, signal),
    store.head(targetsKey(id), options),
    store.head(manifestKey(id), options),
  ]);
  if (input.ifLeaving === true && stored.status?.retiring === undefined) return false;
  // After the files: what they hold is then known to be no later than this version.
  const loaded = await loadProvider(store, id, { signal });
  const isPublished = file !== undefined || manifest !== undefined;
  if (loaded.version > 0 || isPublished) {
    const version = await commitEnd(id, input, loaded, stored);
    if (version === undefined) return false;
    // A cycle of the provider that came back has written its status, whether it found a change or not.
    if ((await store.head(statusKey(id), options))?.etag !== stored.etag) return false;
    await writeTombstone(
      store,
      { ...id, store: await storeIdOf(store, signal), version, at: now().toISOString(), run },
      signal,
    );
    const files = [
      { key: targetsKey(id), found: file },
      { key: manifestKey(id), found: manifest },
    ];
    for (const { key, found } of files) {
      // One that has appeared since is for the next look, which needs the status to find it.
      const isGone =
        found === undefined
          ? (await store.head(key, options)) === undefined
          : await deleteSeen(store, key, found.etag, signal);
      if (!isGone) return false;
    }
    await deleteParts(store, id, version, signal);
  }
  const held = await store.head(heldKey(id), options);
  if (held !== undefined) await deleteSeen(store, heldKey(id), held.etag, signal);
  return stored.etag === undefined || deleteSeen(store, statusKey(id), stored.etag, signal);
}

/**
 * Commits the version that removes all, unless a run that died has done so, and returns it; undefined when another run
 * was first.
 */
async function commitEnd(
  id: ProviderId,
  input: RetireInput,
  loaded: Awaited<ReturnType<typeof loadProvider>>,
  { status }: StoredStatus,
): Promise<number | undefined> {
  const { store, signal } = input;
  const isEnded =
    loaded.damaged === undefined &&
    countTargets(loaded.groups) === 0 &&
    (status?.published_version ?? 0) < loaded.version &&
    // A run that died may have published this version without a word in the status.
    ((await readPublished(store, id, signal))?.version ?? 0) < loaded.version;
  const groups = new Map();
  const end = isEnded ? loaded : { ...loaded, version: loaded.version + 1, groups, cursor: undefined };
  if (!isEnded && !(await commitChange(id, input, end, diffGroups(loaded.groups, groups), 'retired')))
    return undefined;
  const fence = await writeCheckpoint(store, id, end, status?.identity, signal);
  return fence === undefined ? undefined : end.version;
}

/** Removes just the write that was seen; false where another one is there now. */
async function deleteSeen(
  store: ObjectStore,
  key: string,
  etag: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    await store.delete(key, { etag, signal });
    return true;
  } catch (error) {
    if (isMusterError(error, 'conflict')) return false;
    throw error;
  }
}

/** Parts of later versions belong to a provider that came back. */
async function deleteParts(
  store: ObjectStore,
  id: ProviderId,
  version: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const folder = partsFolder(id);
  for (const { key } of await store.list(folder, signal && { signal })) {
    const part = parsePartName(key.slice(folder.length));
    if (part !== undefined && part.version < version) await store.delete(key, signal && { signal });
  }
}

import { MusterError } from '../base/errors.ts';
import type { ObjectStore } from '../store/store.ts';
import { countTargets } from '../targets/canonical.ts';
import { diffGroups } from '../targets/diff.ts';
import {
  folders,
  heldKey,
  journalFolder,
  manifestKey,
  type ProviderId,
  parsePartName,
  parseRetiredKey,
  partsFolder,
  snapshotKey,
  statusKey,
  targetsKey,
} from '../targets/keys.ts';
import { decidedBy, noControl, pinAt } from './control.ts';
import { deleteSeen } from './document.ts';
import { unpinCommand } from './hints.ts';
import { type ClearInput, commitChange } from './journal.ts';
import { loadProvider, readPublished } from './load.ts';
import { storeIdOf } from './ownership.ts';
import type { CycleInput } from './provider.ts';
import { writeCheckpoint } from './snapshot.ts';
import { readStatus, type StoredStatus } from './status.ts';
import { writeTombstone } from './tombstone.ts';

/** What retiring a provider is given. */
export interface RetireInput extends Pick<CycleInput, 'store' | 'run' | 'now' | 'signal'> {
  /** Only while its status says that it waits to be retired: it may have come back since that was looked at. */
  readonly ifLeaving?: boolean;
}

/**
 * Ends a provider on purpose. It commits a last change that removes all targets, writes a tombstone that lets mirrors
 * remove the file, and then deletes the files. The status goes last, so that the next run takes up what a dying one left.
 * Journal and snapshot stay: if the provider comes back, its versions go on. Only what was seen at the beginning is
 * deleted, so that a provider that came back meanwhile keeps its files. False when another run was first. While an
 * operator has pinned the list, nothing is done: false with `ifLeaving`, and otherwise it throws kind `denied`.
 */
export async function retireProvider(id: ProviderId, input: RetireInput): Promise<boolean> {
  const { store, run, now, signal } = input;
  const [stored, file, manifest] = await Promise.all([
    readStatus(store, id, signal),
    store.head(targetsKey(id), { signal }),
    store.head(manifestKey(id), { signal }),
  ]);
  if (input.ifLeaving === true && stored.status?.retiring === undefined) return false;
  // After the files: what they hold is then known to be no later than this version.
  const loaded = await loadProvider(store, id, { signal });
  const pin = pinAt(loaded.control, now());
  if (pin !== undefined) {
    if (input.ifLeaving === true) return false;
    const name = `${id.job}/${id.provider}`;
    const message = `${name} is pinned${decidedBy(pin)}, and not retired before: ${unpinCommand(id)} ends the pin`;
    throw new MusterError('denied', message);
  }
  const isPublished = file !== undefined || manifest !== undefined;
  if (loaded.version > 0 || isPublished) {
    const version = await commitEnd(id, input, loaded, stored);
    if (version === undefined) return false;
    // A cycle of the provider that came back has written its status, whether it found a change or not.
    if ((await store.head(statusKey(id), { signal }))?.etag !== stored.etag) return false;
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
          ? (await store.head(key, { signal })) === undefined
          : await deleteSeen(store, key, found.etag, signal);
      if (!isGone) return false;
    }
    await deleteParts(store, id, version, signal);
  }
  const held = await store.head(heldKey(id), { signal });
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
  const { control } = loaded;
  const next = { ...loaded, version: loaded.version + 1, groups, cursor: undefined, control: noControl };
  const end = isEnded ? loaded : next;
  const lapse = { action: 'lapse', by: 'the retirement', state: noControl } as const;
  const change = diffGroups(loaded.groups, groups);
  const entry = { change, reason: 'retired', control: control === noControl ? undefined : lapse } as const;
  if (!isEnded && !(await commitChange(id, end, entry, input))) return undefined;
  const written = await writeCheckpoint(id, { ...end, identity: status?.identity }, input);
  return written === undefined ? undefined : end.version;
}

/** Parts of later versions belong to a provider that came back. */
async function deleteParts(
  store: ObjectStore,
  id: ProviderId,
  version: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const folder = partsFolder(id);
  for (const { key } of await store.list(folder, { signal })) {
    const part = parsePartName(key.slice(folder.length));
    if (part !== undefined && part.version < version) await store.delete(key, { signal });
  }
}

/** Objects of retired providers that one look removes at most. */
const mostRemoved = 500;

/**
 * Removes what is left of providers that were retired longer ago than the journal is kept: their journal, their
 * snapshot and, last, their tombstone. A few objects at a time.
 */
export async function clearRetired(
  keep: number,
  isConfigured: (id: ProviderId) => boolean,
  { store, now, signal }: ClearInput,
): Promise<void> {
  let left = mostRemoved;
  for (const { key, modified } of await store.list(folders.retired, { signal })) {
    const id = parseRetiredKey(key);
    if (id === undefined || now.getTime() - modified <= keep || left <= 0) continue;
    if (!isConfigured(id)) {
      const entries = (await store.list(journalFolder(id), { signal })).slice(0, left);
      for (const entry of entries) await store.delete(entry.key, { signal });
      left -= entries.length;
      if (left <= 0) return;
      await store.delete(snapshotKey(id), { signal });
    }
    await store.delete(key, { signal });
    left -= 1;
  }
}

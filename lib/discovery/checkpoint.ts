import { isMusterError } from '../errors.ts';
import type { ObjectStore } from '../store/store.ts';
import { type ProviderId, snapshotKey } from '../target/names.ts';
import type { Loaded } from './load.ts';
import { decodeSnapshotVersion, encodeSnapshot } from './snapshot.ts';

/** How often a conditional write is tried again before another run is taken to be livelier. */
const attempts = 5;

/**
 * Writes the snapshot of `loaded`, unless the bucket already holds its version or a newer one.
 * Returns the snapshot's etag, or undefined when a newer one is there: then the newer run publishes.
 */
export async function writeCheckpoint(
  store: ObjectStore,
  id: ProviderId,
  { version, groups, cursor, backend, steps, checkpoint }: Loaded,
  identity: string | undefined,
  signal?: AbortSignal,
): Promise<string | undefined> {
  if (checkpoint?.version === version) return checkpoint.etag;
  const body = await encodeSnapshot({ version, cursor, identity, backend, steps, groups });
  let over = checkpoint?.etag;
  for (let attempt = 1; ; attempt++) {
    try {
      const condition = over === undefined ? 'create' : { etag: over };
      const options = { condition, contentType: 'application/gzip', ...(signal && { signal }) } as const;
      return (await store.put(snapshotKey(id), body, options)).etag;
    } catch (error) {
      if (!isMusterError(error, 'conflict') || attempt === attempts) throw error;
    }
    const found = await store.get(snapshotKey(id), signal && { signal });
    const stored = found === undefined || found === 'unchanged' ? undefined : found;
    const storedVersion = stored === undefined ? 0 : await versionOf(stored.body);
    if (storedVersion > version) return undefined;
    if (storedVersion === version) return stored?.etag;
    over = stored?.etag;
  }
}

async function versionOf(body: Uint8Array): Promise<number> {
  try {
    return await decodeSnapshotVersion(body);
  } catch (error) {
    if (isMusterError(error, 'malformed')) return 0;
    throw error;
  }
}

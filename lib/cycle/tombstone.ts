import * as z from 'zod';
import { isMusterError } from '../base/errors.ts';
import { ifUnchanged, retryConflict } from '../store/errors.ts';
import type { ObjectStore } from '../store/store.ts';
import { type ProviderId, retiredKey } from '../targets/keys.ts';
import { decodeDocument, encodeDocument } from './document.ts';

/**
 * Says that a provider was retired on purpose, and with which version. Only this lets a mirror remove a file: one of a
 * lower version, of the same store.
 */
export interface Tombstone extends ProviderId {
  /** Id of the store. */
  readonly store: string;
  /** The version that removed its targets. */
  readonly version: number;
  /** ISO 8601. */
  readonly at: string;
  readonly run: string;
}

const schema = z.object({
  schema: z.literal(1),
  job: z.string(),
  provider: z.string(),
  store: z.string(),
  version: z.int().min(0),
  at: z.iso.datetime(),
  run: z.string(),
});

/**
 * The tombstone of a provider, or undefined if there is none. Throws `malformed`, `newer`, and what the store throws.
 */
export async function readTombstone(
  store: ObjectStore,
  id: ProviderId,
  signal?: AbortSignal,
): Promise<Tombstone | undefined> {
  const key = retiredKey(id);
  const found = await store.get(key, { maxBytes: 64 << 10, signal });
  if (found === undefined) return undefined;
  const { schema: _, ...tombstone } = decodeDocument(found.body, schema, key);
  return tombstone;
}

/**
 * Writes the tombstone over that of an earlier retirement. One of a higher version stays: a run that stalled must not
 * hide a later retirement from the mirrors. Throws `newer`, and what the store throws.
 */
export async function writeTombstone(
  store: ObjectStore,
  tombstone: Tombstone,
  signal?: AbortSignal,
): Promise<void> {
  const key = retiredKey(tombstone);
  await retryConflict(async () => {
    const there = await store.get(key, { signal });
    if (there !== undefined && isLater(there.body, tombstone, key)) return;
    await store.put(key, encodeDocument({ schema: 1, ...tombstone }), {
      condition: ifUnchanged(there?.etag),
      contentType: 'application/json',
      signal,
    });
  });
}

function isLater(body: Uint8Array, { store, version }: Tombstone, key: string): boolean {
  try {
    const there = decodeDocument(body, schema, key);
    return there.store === store && there.version > version;
  } catch (error) {
    if (isMusterError(error, 'malformed')) return false;
    throw error;
  }
}

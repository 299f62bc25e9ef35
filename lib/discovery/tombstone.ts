import * as z from 'zod';
import type { ObjectStore } from '../store/store.ts';
import { type ProviderId, retiredKey } from '../target/names.ts';
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

/** The tombstone of a provider, or undefined where there is none. Throws `malformed`, `newer`, and what the store throws. */
export async function readTombstone(
  store: ObjectStore,
  id: ProviderId,
  signal?: AbortSignal,
): Promise<Tombstone | undefined> {
  const key = retiredKey(id);
  const found = await store.get(key, { maxBytes: 64 << 10, ...(signal && { signal }) });
  if (found === undefined || found === 'unchanged') return undefined;
  const { schema: _, ...tombstone } = decodeDocument(found.body, schema, key);
  return tombstone;
}

/** Writes the tombstone, over whatever an earlier retirement left. */
export async function writeTombstone(
  store: ObjectStore,
  tombstone: Tombstone,
  signal?: AbortSignal,
): Promise<void> {
  await store.put(retiredKey(tombstone), encodeDocument({ schema: 1, ...tombstone }), {
    condition: 'any',
    contentType: 'application/json',
    ...(signal && { signal }),
  });
}

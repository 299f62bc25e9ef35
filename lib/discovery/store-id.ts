import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { isMusterError } from '../errors.ts';
import type { ObjectStore } from '../store/store.ts';
import { storeKey } from '../target/names.ts';
import { decodeDocument, encodeDocument } from './document.ts';

/** What `store.json` says of its store. */
export interface StoreDocument {
  /** Names the store for as long as it lives: versions of two stores cannot be compared. */
  readonly id: string;
  /** Whose it is, where a configuration says `owner`. */
  readonly owner?: string;
}

const schema = z.object({
  schema: z.literal(1),
  id: z.string().regex(/^[a-z0-9-]{8,64}$/),
  created: z.iso.datetime(),
  owner: z.string().optional(),
});

/** The store's document together with the write that it was read from; undefined where the store has none yet. */
export async function readStoreDocument(
  store: ObjectStore,
  signal?: AbortSignal,
): Promise<{ readonly document: StoreDocument; readonly etag: string } | undefined> {
  const found = await store.get(storeKey, { maxBytes: 64 << 10, ...(signal && { signal }) });
  if (found === undefined || found === 'unchanged') return undefined;
  const { id, owner } = decodeDocument(found.body, schema, `${store.url}/${storeKey}`);
  return { document: { id, ...(owner !== undefined && { owner }) }, etag: found.etag };
}

/** The id of the store, which is made with the first call for a new store. Throws what the store throws. */
export async function storeIdOf(store: ObjectStore, signal?: AbortSignal): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const found = await readStoreDocument(store, signal);
    if (found !== undefined) return found.document.id;
    try {
      const id = randomUUID();
      await writeStoreDocument(store, { id }, undefined, signal);
      return id;
    } catch (error) {
      // Another run was first: its id counts.
      if (!isMusterError(error, 'conflict') || attempt === 5) throw error;
    }
  }
}

/** Writes the document over the one that was read. Throws kind `conflict` where another run was first. */
export async function writeStoreDocument(
  store: ObjectStore,
  { id, owner }: StoreDocument,
  etag: string | undefined,
  signal?: AbortSignal,
): Promise<void> {
  const text = { schema: 1, id, created: new Date().toISOString(), ...(owner !== undefined && { owner }) };
  await store.put(storeKey, encodeDocument(text), {
    condition: etag === undefined ? 'create' : { etag },
    contentType: 'application/json',
    ...(signal && { signal }),
  });
}

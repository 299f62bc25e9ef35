import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { MusterError } from '../base/errors.ts';
import { ifUnchanged, retryConflict } from '../store/errors.ts';
import type { ObjectStore } from '../store/store.ts';
import { isProviderName, statusKey, storeKey } from '../targets/keys.ts';
import { decodeDocument, encodeDocument } from './document.ts';
import type { ConfiguredProvider } from './leaving.ts';
import { listProviders, readStatuses } from './status.ts';

interface OwnershipInput {
  readonly store: ObjectStore;
  readonly signal: AbortSignal;
  /** `owner` of the configuration. */
  readonly owner?: string | undefined;
  /** Take the store over, even from another configuration. */
  readonly takeOver?: boolean;
  /** Look only. */
  readonly dryRun?: boolean;
  /** Only providers of this mechanism count. */
  readonly mechanism?: string;
}

/**
 * Makes sure that the store is that of this configuration. It is another's when its `owner` says so or, where none is
 * given, when fewer than half of its providers are known to the configuration by their job or by what they list. Throws
 * kind `config`, and says how to take the store over or how to share it.
 */
export async function checkOwnership(
  configured: readonly ConfiguredProvider[],
  { store, signal, owner, mechanism, takeOver = false, dryRun = false }: OwnershipInput,
): Promise<void> {
  const found = owner === undefined ? undefined : await readStoreDocument(store, signal);
  const other = found?.document.owner;
  if (owner !== undefined && other === owner) return;
  if (other !== undefined && !takeOver)
    throw new MusterError(
      'config',
      `${store.url} belongs to "${other}", this configuration says owner: ${owner}. ${wayOut}`,
      { code: 'foreign-store' },
    );
  if (!takeOver) await refuseStranger(configured, store, signal, mechanism);
  if (owner === undefined || dryRun) return;
  const id = await storeIdOf(store, signal);
  const current = found ?? (await readStoreDocument(store, signal));
  await writeStoreDocument(store, { id, owner }, current?.etag, signal);
}

const wayOut = 'Name a store or prefix of its own, or take it over with "muster run --take-over"';

async function refuseStranger(
  configured: readonly ConfiguredProvider[],
  store: ObjectStore,
  signal: AbortSignal,
  mechanism: string | undefined,
): Promise<void> {
  if (configured.length === 0) return;
  const stored = (await listProviders({ store, signal })).filter(
    ({ provider }) => mechanism === undefined || isProviderName(provider, mechanism),
  );
  const jobs = new Set(configured.map(({ job }) => job));
  const strange = stored.filter(({ job }) => !jobs.has(job));
  if (2 * strange.length <= stored.length) return;
  const identities = new Set(configured.map(({ identity }) => identity).filter((one) => one !== undefined));
  const statuses = await readStatuses(strange, { store, signal });
  const unknown = strange.filter((id) => {
    const identity = statuses.get(statusKey(id))?.status?.identity;
    return identity === undefined || !identities.has(identity);
  });
  if (2 * unknown.length <= stored.length) return;
  const [first] = unknown;
  const example = first === undefined ? '' : `, as in ${statusKey(first)}`;
  const all = stored.length === 1 ? '1 provider' : `${stored.length} providers`;
  throw new MusterError(
    'config',
    `${store.url} has ${all}, and this configuration knows ${stored.length - unknown.length} of them${example}: it belongs to another one. ${wayOut}`,
    { code: 'foreign-store' },
  );
}

/** What `store.json` says of its store. */
export interface StoreDocument {
  /** Names the store for as long as it lives: versions of two stores cannot be compared. */
  readonly id: string;
  /** Whose it is, where a configuration says `owner`. */
  readonly owner?: string | undefined;
}

const schema = z.object({
  schema: z.literal(1),
  id: z.string().regex(/^[a-z0-9-]{8,64}$/),
  created: z.iso.datetime(),
  owner: z.string().optional(),
});

/** The store's document together with the write that it was read from; undefined if the store has none yet. */
export async function readStoreDocument(
  store: ObjectStore,
  signal?: AbortSignal,
): Promise<{ readonly document: StoreDocument; readonly etag: string } | undefined> {
  const found = await store.get(storeKey, { maxBytes: 64 << 10, signal });
  if (found === undefined) return undefined;
  const { id, owner } = decodeDocument(found.body, schema, `${store.url}/${storeKey}`);
  return { document: { id, owner }, etag: found.etag };
}

/** The id of the store, which is made with the first call for a new store. Throws what the store throws. */
export async function storeIdOf(store: ObjectStore, signal?: AbortSignal): Promise<string> {
  // Where another run was first, its id counts.
  return retryConflict(async () => {
    const found = await readStoreDocument(store, signal);
    if (found !== undefined) return found.document.id;
    const id = randomUUID();
    await writeStoreDocument(store, { id }, undefined, signal);
    return id;
  });
}

/** Writes the document over the one that was read. Throws kind `conflict` where another run was first. */
async function writeStoreDocument(
  store: ObjectStore,
  { id, owner }: StoreDocument,
  etag: string | undefined,
  signal?: AbortSignal,
): Promise<void> {
  const text = { schema: 1, id, created: new Date().toISOString(), owner };
  await store.put(storeKey, encodeDocument(text), {
    condition: ifUnchanged(etag),
    contentType: 'application/json',
    signal,
  });
}

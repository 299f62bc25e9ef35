import { MusterError } from '../errors.ts';
import { mapConcurrent } from '../http/concurrency.ts';
import type { ObjectStore } from '../store/store.ts';
import { folders, isProviderName, parseStatusKey, statusKey } from '../target/names.ts';
import type { ConfiguredProvider } from './leaving.ts';
import { readStatus } from './status.ts';
import { readStoreDocument, storeIdOf, writeStoreDocument } from './store-id.ts';

interface OwnershipInput {
  readonly store: ObjectStore;
  readonly signal: AbortSignal;
  /** `owner` of the configuration. */
  readonly owner?: string | undefined;
  /** Take the store over, whatever it has. */
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
  const stored = (await store.list(folders.status, { signal }))
    .map(({ key }) => parseStatusKey(key))
    .filter((id) => id !== undefined)
    .filter(({ provider }) => mechanism === undefined || isProviderName(provider, mechanism));
  const jobs = new Set(configured.map(({ job }) => job));
  const strange = stored.filter(({ job }) => !jobs.has(job));
  if (2 * strange.length <= stored.length) return;
  const identities = new Set(configured.map(({ identity }) => identity).filter((one) => one !== undefined));
  const known = await mapConcurrent(strange, 8, signal, async (id) => {
    const { status } = await readStatus(store, id, signal);
    return status?.identity !== undefined && identities.has(status.identity);
  });
  const unknown = strange.filter((_, index) => known[index] !== true);
  if (2 * unknown.length <= stored.length) return;
  const [first] = unknown;
  const example = first === undefined ? '' : `, as in ${statusKey(first)}`;
  const all = stored.length === 1 ? '1 provider' : `${stored.length} providers`;
  throw new MusterError(
    'config',
    `${store.url} has ${all}, of which this configuration knows ${stored.length - unknown.length}${example}: it belongs to another one. ${wayOut}`,
  );
}

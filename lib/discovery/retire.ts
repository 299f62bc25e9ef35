import { diffGroups, isEmptyChange } from '../target/diff.ts';
import { folders, type ProviderId, parseStatusKey, statusKey } from '../target/names.ts';
import { writeCheckpoint } from './checkpoint.ts';
import { commitChange } from './commit.ts';
import { loadProvider } from './load.ts';
import type { CycleInput } from './provider.ts';
import { listTargetFiles, publishTargets } from './target-files.ts';

type RetireInput = Pick<CycleInput, 'store' | 'run' | 'now' | 'signal'>;

/**
 * Which providers have a status but are no longer configured. An empty configuration names none: it is more likely
 * a mistake than the wish to scrape nothing.
 */
export async function findRetired(
  { store, signal }: RetireInput,
  configured: readonly ProviderId[],
  mechanism?: string,
): Promise<readonly ProviderId[]> {
  if (configured.length === 0) return [];
  const keep = new Set(configured.map(statusKey));
  const objects = await store.list(folders.status, signal && { signal });
  return objects
    .filter(({ key }) => !keep.has(key))
    .map(({ key }) => parseStatusKey(key))
    .filter((id) => id !== undefined)
    .filter(({ provider }) => mechanism === undefined || provider.startsWith(`${mechanism}-`));
}

/**
 * Ends a provider: a last change that removes all, its target files deleted, and at the very end its status, so
 * that a run which dies on the way is taken up by the next one. Snapshot and journal stay: should the provider come
 * back, its versions count on. False when another run was first.
 */
export async function retireProvider(id: ProviderId, input: RetireInput): Promise<boolean> {
  const { store, signal } = input;
  const loaded = await loadProvider(store, id, signal === undefined ? {} : { signal });
  const nothing = { groups: new Map(), cursor: undefined };
  const change = diffGroups(loaded.groups, nothing.groups);
  const changed = !isEmptyChange(change) || loaded.damaged !== undefined;
  const current = changed ? await commitChange(id, input, loaded, nothing, change, 'retired') : loaded;
  if (current === undefined) return false;
  if (current.version > 0) {
    const fence = await writeCheckpoint(store, id, current, signal);
    if (fence === undefined) return false;
    const strays = await listTargetFiles(store, id, signal);
    const files = { known: [], touched: new Set<number>(), strays, shards: 0, groups: current.groups };
    if ((await publishTargets({ store, id, fence, ...files, ...(signal && { signal }) })) === undefined)
      return false;
  }
  await store.delete(statusKey(id), signal && { signal });
  return true;
}

import type { ObjectStore } from '../../store/store.ts';
import { folders } from '../../target/names.ts';
import { segmentFor } from './source.ts';

/** What a store knows of a job: a provider that lives, only the journal of some that were retired, or nothing. */
export type Trace = 'live' | 'retired' | 'none';

/**
 * Looks for a job that has no target file. Retiring a provider deletes its files, then its status, and leaves its
 * journal: so whoever has a journal and no status is gone for good. Throws what the store throws.
 */
export async function traceOf(store: ObjectStore, job: string, signal: AbortSignal): Promise<Trace> {
  const segment = segmentFor(job);
  if (segment === undefined) return 'none';
  const has = async (folder: string) => (await store.list(`${folder}${segment}/`, { signal })).length > 0;
  // In this order: what is retired in between has left its status and still shows in the journal.
  if (await has(folders.status)) return 'live';
  return (await has(folders.journal)) ? 'retired' : 'none';
}

import { readStatus } from '../../discovery/status.ts';
import { readTombstone } from '../../discovery/tombstone.ts';
import type { ObjectStore } from '../../store/store.ts';
import { folders, type ProviderId } from '../../target/names.ts';
import { segmentFor } from './source.ts';

/**
 * What a store knows of a job. `live`: it has a list, or a provider that is not retired; `retired`: each provider
 * that it knows has a tombstone; `lost`: a journal, but no list and no tombstone; `none`: nothing.
 */
export type Trace = 'live' | 'retired' | 'lost' | 'none';

/**
 * Looks for a job that has no target file. Retiring a provider leaves a tombstone and its journal; a journal without
 * a tombstone is a job whose list got lost. Throws what the store throws, and for a tombstone that cannot be read.
 */
export async function traceOf(store: ObjectStore, job: string, signal: AbortSignal): Promise<Trace> {
  const segment = segmentFor(job);
  if (segment === undefined) return 'none';
  const namesIn = async (folder: string) => {
    const prefix = `${folder}${segment}/`;
    const listed = await store.list(prefix, { signal });
    return listed.map(({ key }) => key.slice(prefix.length).replace(/[./].*$/s, ''));
  };
  // In this order: what is retired in between has left its target file and status, and shows in the rest.
  const published = await namesIn(folders.targets);
  if (published.length > 0) return 'live';
  const alive = new Set(await namesIn(folders.status));
  const known = new Set([...alive, ...(await namesIn(folders.journal)), ...(await namesIn(folders.retired))]);
  let trace: Trace = 'none';
  for (const provider of known) {
    const fate = await fateOf(store, { job, provider }, alive.has(provider), signal);
    if (fate === 'live') return 'live';
    if (trace !== 'lost') trace = fate;
  }
  return trace;
}

async function fateOf(
  store: ObjectStore,
  id: ProviderId,
  hasStatus: boolean,
  signal: AbortSignal,
): Promise<Exclude<Trace, 'none'>> {
  const tombstone = await readTombstone(store, id, signal);
  if (tombstone === undefined) return hasStatus ? 'live' : 'lost';
  if (!hasStatus) return 'retired';
  // A retirement deletes the status last; a provider that came back has a later version in it.
  const { status } = await readStatus(store, id, signal);
  return status !== undefined && status.version <= tombstone.version ? 'retired' : 'live';
}

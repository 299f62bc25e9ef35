import { parseStatus, type Status } from '../../discovery/status.ts';
import { toMusterError } from '../../errors.ts';
import type { ListedObject, ObjectStore } from '../../store/store.ts';
import { folders, type ProviderId, parseStatusKey } from '../../target/names.ts';
import { allSettledOrThrow, createLimit } from '../limit.ts';

/** What the statuses of a store say, and why they are not newer where the store did not answer. */
export interface Statuses {
  readonly byKey: ReadonlyMap<string, ProviderId & { readonly status: Status }>;
  readonly error: string | undefined;
}

/** Reads a store's statuses when somebody looks, and then only those that changed. Never throws. */
export type ReadStatuses = () => Promise<Statuses>;

/**
 * All who look within `maxAge` milliseconds share one reading. It is not ended when one of them goes: the next one
 * would have to start anew.
 */
export function createStatusReader(
  store: ObjectStore,
  { maxAge = 2000, timeout = 10_000, now = () => performance.now() } = {},
): ReadStatuses {
  let kept: ReadonlyMap<string, Kept> = new Map();
  let current: { readonly at: number; readonly statuses: Promise<Statuses> } | undefined;
  const read = async (): Promise<Statuses> => {
    try {
      kept = await refresh(store, kept, AbortSignal.timeout(timeout));
      return { byKey: kept, error: undefined };
    } catch (error) {
      return { byKey: kept, error: toMusterError(error).message };
    }
  };
  return () => {
    if (current === undefined || now() - current.at >= maxAge) current = { at: now(), statuses: read() };
    return current.statuses;
  };
}

interface Kept extends ProviderId {
  readonly etag: string;
  readonly status: Status;
}

/** A store with more providers is not one of ours. */
const mostStatuses = 10_000;
const maxBytes = 1 << 20;
/** Bytes of all statuses together: they stay in memory, where they take some ten times as much. */
const mostBytes = 32 << 20;

async function refresh(
  store: ObjectStore,
  kept: ReadonlyMap<string, Kept>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Kept>> {
  const limit = createLimit(16);
  const all = (await store.list(folders.status, { signal })).slice(0, mostStatuses);
  let bytes = 0;
  // The smallest first: a few that are blown up leave room for the others.
  const listed = all
    .toSorted((a, b) => a.size - b.size)
    .filter(({ size }) => {
      bytes += size;
      return bytes <= mostBytes;
    });
  const entries = await allSettledOrThrow(
    listed.map((object) =>
      limit(async () => [object.key, await readOne(store, object, kept, signal)] as const),
    ),
  );
  return new Map(entries.flatMap(([key, one]) => (one === undefined ? [] : [[key, one] as const])));
}

async function readOne(
  store: ObjectStore,
  { key, etag, size }: ListedObject,
  kept: ReadonlyMap<string, Kept>,
  signal: AbortSignal,
): Promise<Kept | undefined> {
  const id = parseStatusKey(key);
  const old = kept.get(key);
  if (id === undefined || size > maxBytes) return undefined;
  if (old?.etag === etag) return old;
  signal.throwIfAborted();
  const found = await store.get(key, { maxBytes, signal });
  if (found === undefined || found === 'unchanged') return undefined;
  const status = parseStatus(found.body);
  return status === undefined ? undefined : { job: id.job, provider: id.provider, etag: found.etag, status };
}

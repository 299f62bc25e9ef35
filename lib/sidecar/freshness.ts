import { parseStatus } from '../discovery/status.ts';
import { type MusterError, toMusterError } from '../errors.ts';
import type { ObjectStore } from '../store/store.ts';
import { folders, type ProviderId, parseTargetsKey, statusKey } from '../target/names.ts';
import { createLimit } from './limit.ts';
import type { Owned } from './state.ts';

/** How old the list of a mirrored provider is, by its status in the store as it was last read. */
export interface ProviderAge extends ProviderId {
  /** Milliseconds of Unix time. */
  readonly lastSuccess: number;
  readonly stale: boolean;
}

export interface Freshness {
  readonly ages: readonly ProviderAge[];
  /** Why statuses could not be read, if so; what was known of them stands. */
  readonly error: MusterError | undefined;
}

export interface FreshnessOptions {
  readonly store: ObjectStore;
  /** Milliseconds since its last success after which a provider is stale. */
  readonly staleAfter: number;
  /** Milliseconds of Unix time. */
  readonly now?: () => number;
}

/**
 * Follows the heartbeats of all mirrored providers with few requests: one that was well is read again only when half of
 * `staleAfter` is over, since it cannot be stale before; and each call reads a few at most. A provider whose
 * status is missing or unreadable has no age. Never throws.
 */
export function createFreshness({ store, staleAfter, now = Date.now }: FreshnessOptions) {
  const known = new Map<string, Known>();
  return async (owned: Owned, signal: AbortSignal): Promise<Freshness> => {
    const ids = mirrored(owned);
    for (const key of known.keys()) if (!ids.has(key)) known.delete(key);
    const due = [...ids].filter(([key]) => isDue(known.get(key), staleAfter, now())).slice(0, mostReads);
    const limit = createLimit(parallel);
    let error: MusterError | undefined;
    const read = async (key: string) => {
      if (error !== undefined || signal.aborted) return;
      try {
        known.set(key, await readHeartbeat(store, key, known.get(key), now(), signal));
      } catch (cause) {
        error = toMusterError(cause);
      }
    };
    await Promise.all(due.map(([key]) => limit(() => read(key))));
    return { ages: agesOf(ids, known, now() - staleAfter), error: signal.aborted ? undefined : error };
  };
}

/** Requests at a time, and in one call. */
const parallel = 4;
const mostReads = 50;
const maxBytes = 1 << 20;

interface Known {
  readonly etag: string | undefined;
  readonly lastSuccess: number | undefined;
  readonly readAt: number;
}

function mirrored(owned: Owned): ReadonlyMap<string, ProviderId> {
  const ids = new Map<string, ProviderId>();
  for (const [path, { facts }] of owned) {
    const id = parseTargetsKey(folders.targets + path);
    if (facts !== undefined && id !== undefined)
      ids.set(statusKey(id), { job: id.job, provider: id.provider });
  }
  return ids;
}

function isDue(known: Known | undefined, staleAfter: number, now: number): boolean {
  if (known === undefined) return true;
  // One that is late is looked at more often, so that its recovery shows soon.
  const late = now - (known.lastSuccess ?? 0) >= staleAfter / 2;
  return late && Math.abs(now - known.readAt) >= staleAfter / 20;
}

async function readHeartbeat(
  store: ObjectStore,
  key: string,
  known: Known | undefined,
  readAt: number,
  signal: AbortSignal,
): Promise<Known> {
  const condition = known?.etag === undefined ? {} : { ifNoneMatch: known.etag };
  const found = await store.get(key, { maxBytes, signal, ...condition });
  if (found === 'unchanged' && known !== undefined) return { ...known, readAt };
  if (found === undefined || found === 'unchanged')
    return { etag: undefined, lastSuccess: undefined, readAt };
  const success = parseStatus(found.body)?.last_success;
  return { etag: found.etag, lastSuccess: success === undefined ? undefined : Date.parse(success), readAt };
}

function agesOf(
  ids: ReadonlyMap<string, ProviderId>,
  known: ReadonlyMap<string, Known>,
  oldest: number,
): readonly ProviderAge[] {
  return [...ids].flatMap(([key, id]) => {
    const lastSuccess = known.get(key)?.lastSuccess;
    return lastSuccess === undefined ? [] : [{ ...id, lastSuccess, stale: lastSuccess < oldest }];
  });
}

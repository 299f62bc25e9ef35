import { allSettledOrThrow, createLimit } from '../../base/concurrency.ts';
import { toMusterError } from '../../base/errors.ts';
import { decodeDocument } from '../../cycle/document.ts';
import { maxStatusBytes, type Status, statusSchema } from '../../cycle/status.ts';
import type { ListedObject, ObjectStore } from '../../store/store.ts';
import { folders, type ProviderId, parseStatusKey } from '../../targets/keys.ts';

/** What the statuses of a store say, and why they are not newer where the store did not answer. */
interface Statuses {
  readonly byKey: ReadonlyMap<string, ProviderId & { readonly status: Status }>;
  /** Why statuses that are there are not among them. */
  readonly problems: ReadonlyMap<string, string>;
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
      return { ...sorted(kept), error: undefined };
    } catch (error) {
      return { ...sorted(kept), error: toMusterError(error).message };
    }
  };
  return () => {
    if (current === undefined || now() - current.at >= maxAge) current = { at: now(), statuses: read() };
    return current.statuses;
  };
}

interface Kept extends ProviderId {
  readonly etag: string;
  /** Or why it cannot be read. */
  readonly status: Status | string;
}

function sorted(kept: ReadonlyMap<string, Kept>): Pick<Statuses, 'byKey' | 'problems'> {
  const byKey = new Map<string, ProviderId & { readonly status: Status }>();
  const problems = new Map<string, string>();
  for (const [key, { job, provider, status }] of kept) {
    if (typeof status === 'string') problems.set(key, status);
    else byKey.set(key, { job, provider, status });
  }
  return { byKey, problems };
}

/** A store with more providers is not one of ours. */
const mostStatuses = 10_000;
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
  if (id === undefined) return undefined;
  if (old?.etag === etag) return old;
  const { job, provider } = id;
  if (size > maxStatusBytes)
    return { job, provider, etag, status: `${key} has ${size} bytes, more than a status can have` };
  signal.throwIfAborted();
  const found = await store.get(key, { maxBytes: maxStatusBytes, signal });
  if (found === undefined) return undefined;
  return { job, provider, etag: found.etag, status: decode(found.body, key) };
}

function decode(body: Uint8Array, key: string): Status | string {
  try {
    return decodeDocument(body, statusSchema, key);
  } catch (error) {
    return toMusterError(error).message;
  }
}

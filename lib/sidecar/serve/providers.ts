import { setTimeout as sleep } from 'node:timers/promises';
import { allSettledOrThrow, createLimit } from '../../base/concurrency.ts';
import { startDeadline } from '../../base/deadlines.ts';
import { toMusterError } from '../../base/errors.ts';
import { decodeDocument } from '../../cycle/document.ts';
import { noticesOf, pinnedText, settlingCommand } from '../../cycle/hints.ts';
import { clockSkew, maxStatusBytes, type Status, statusSchema } from '../../cycle/status.ts';
import type { ListedObject, ObjectStore } from '../../store/store.ts';
import { folders, type ProviderId, parseStatusKey, statusKey } from '../../targets/keys.ts';
import type { Oddity } from '../mirror/folder.ts';
import { idOfPath } from '../mirror/plan.ts';
import { type MirrorView, type TargetFile, targetFiles } from '../mirror/target-files.ts';

/** How a provider does, from the worst to the best. */
export const states = [
  'failing',
  'held',
  'stale',
  'missing',
  'orphaned',
  'refused',
  'damaged',
  'pinned',
  'confirmed',
  'retiring',
  'behind',
  'unknown',
  'ok',
] as const;
/** One of the states. */
export type State = (typeof states)[number];

/** What the page says of a provider and of a kube-state output alike. */
export interface StateView {
  /** Name of the store; empty if it has none. */
  readonly source: string;
  readonly state: State;
  /** Why the state is what it is; empty when all is well. */
  readonly reason: string;
  /** The command that settles what is held or waits to be retired, to be pasted; absent if none does. */
  readonly command?: string | undefined;
}

/** A provider as the page shows it. */
export interface ProviderView extends StateView {
  readonly job: string;
  readonly provider: string;
  /** Targets in the mirrored file; `undefined` if there is none. */
  readonly targets: number | undefined;
  /** What the function said last; `undefined` if the store has nothing or does not answer. */
  readonly status: Status | undefined;
}

/** All providers of all stores. */
export interface Overview {
  /** The worst state first, then by job and provider. */
  readonly providers: readonly ProviderView[];
  /** Why the statuses are not newer, of each store that did not answer. */
  readonly errors: readonly string[];
}

/** What an overview is made of. */
export interface OverviewInput {
  readonly sources: readonly (MirrorView & { readonly statuses: ReadStatuses })[];
  /** Milliseconds since the last success after which a provider is stale. */
  readonly staleAfter: number;
  /** Milliseconds of Unix time. */
  readonly now: number;
}

/** Every provider that has a status or a mirrored file. */
export async function readOverview({ sources, staleAfter, now }: OverviewInput): Promise<Overview> {
  const read = await Promise.all(
    sources.map(async (source) => ({ source, statuses: await source.statuses() })),
  );
  const providers = read.flatMap(({ source, statuses }) => {
    const files = new Map(targetFiles([source]).map((file) => [statusKey(file), file]));
    const oddities = new Map(
      [...source.folder.oddities].map(([path, oddity]) => [statusKey(idOfPath(path)), oddity]),
    );
    const { byKey, problems, error } = statuses;
    const keys = new Set([...files.keys(), ...byKey.keys(), ...problems.keys(), ...oddities.keys()]);
    return [...keys].flatMap((key): readonly ProviderView[] => {
      const id = parseStatusKey(key);
      const file = files.get(key);
      const status = byKey.get(key)?.status;
      const known = { file, status, problem: problems.get(key) ?? error, oddity: oddities.get(key) };
      const verdict = judge(known, { staleAfter, now });
      const command = id && status && settlingCommand(id, status);
      return id === undefined
        ? []
        : [
            {
              ...{ source: source.name, ...id, ...verdict },
              command,
              ...{ targets: file?.targets, status },
            },
          ];
    });
  });
  return {
    providers: providers.sort(byUrgency),
    errors: read.flatMap(({ statuses }) => statuses.error ?? []),
  };
}

interface Known {
  readonly file: TargetFile | undefined;
  readonly status: Status | undefined;
  /** Why there is no status, where that is known. */
  readonly problem: string | undefined;
  readonly oddity: Oddity | undefined;
}

function judge(
  { file, status, problem, oddity }: Known,
  { staleAfter, now }: Pick<OverviewInput, 'staleAfter' | 'now'>,
): { readonly state: State; readonly reason: string } {
  if (oddity?.kind === 'lacking')
    return {
      state: 'missing',
      reason: `there is no good file of it, so its job is not served: ${oddity.reason}`,
    };
  if (oddity?.kind === 'orphaned') return { state: 'orphaned', reason: `its file stays: ${oddity.reason}` };
  if (status === undefined) {
    const reason = problem ?? 'the store has no status of it: nobody knows how old its list is';
    return { state: 'unknown', reason };
  }
  // What left the configuration has no more cycles: its age says nothing.
  if (status.retiring !== undefined && status.pinned !== undefined)
    return {
      state: 'pinned',
      reason: `it left the configuration; ${pinnedText(status.pinned)}, and it is not retired before`,
    };
  if (status.retiring !== undefined)
    return status.retiring.held === undefined
      ? { state: 'retiring', reason: 'it left the configuration, and is retired when it has waited' }
      : { state: 'held', reason: status.retiring.held };
  if (status.error !== undefined)
    return { state: 'failing', reason: `${times(status.failures)}: ${status.error.message}` };
  if (status.held !== undefined) return { state: 'held', reason: status.held.message };
  if (status.config_error !== undefined)
    return { state: 'failing', reason: `the newest configuration is not in force: ${status.config_error}` };
  const succeeded = Date.parse(status.last_success ?? status.last_attempt);
  if (succeeded > now + clockSkew)
    return {
      state: 'stale',
      reason: 'its status is dated in the future: the clock of its function is wrong',
    };
  if (succeeded < now - staleAfter)
    return { state: 'stale', reason: 'no cycle has succeeded for too long; does its function still run?' };
  const noticed = noticedOf(status, now);
  if (oddity?.kind === 'kept') return { state: 'refused', reason: oddity.reason };
  if (status.published_version < status.version)
    return { state: 'behind', reason: `version ${status.version} is not published yet` };
  if (file === undefined) {
    return status.files.length === 0
      ? (noticed ?? { state: 'ok', reason: '' })
      : { state: 'missing', reason: 'its file is not mirrored; the log says why if this stays so' };
  }
  const mirrored = status.files.every(({ key, etag }) => file.made?.key === key && file.made.etag === etag);
  if (!mirrored) return { state: 'behind', reason: 'its newest list is not mirrored yet' };
  return noticed ?? { state: 'ok', reason: (status.warnings ?? []).join('; ') };
}

function noticedOf(
  status: Status,
  now: number,
): { readonly state: State; readonly reason: string } | undefined {
  const notices = noticesOf(status, now);
  const [first] = notices;
  return first && { state: first.kind, reason: notices.map(({ text }) => text).join('; ') };
}

function times(failures: number): string {
  return failures === 1 ? 'the last cycle failed' : `the last ${failures} cycles failed`;
}

function byUrgency(a: ProviderView, b: ProviderView): number {
  const order = states.indexOf(a.state) - states.indexOf(b.state);
  return (
    order ||
    compareText(a.job, b.job) ||
    compareText(a.provider, b.provider) ||
    compareText(a.source, b.source)
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What the statuses of a store say, and why they are not newer where the store did not answer. */
interface Statuses {
  readonly byKey: ReadonlyMap<string, ProviderId & { readonly status: Status }>;
  /** Why statuses that are there are not among them. */
  readonly problems: ReadonlyMap<string, string>;
  readonly error: string | undefined;
}

/** Reads the statuses of a store on demand, and only those that changed. Never throws. */
export type ReadStatuses = () => Promise<Statuses>;

/**
 * Readers within `maxAge` milliseconds share one reading, and none waits for it longer than `patience`: with thousands of
 * providers a reading takes its time. Who leaves gets what is known by then. The reading goes on, for `timeout` at most,
 * and what it has read is kept even if it fails: the next one has only the rest to read.
 */
export function createStatusReader(
  store: ObjectStore,
  { maxAge = 2000, patience = 2000, timeout = 60_000, now = () => performance.now() } = {},
): ReadStatuses {
  const kept = new Map<string, Kept>();
  const read = async (): Promise<string | undefined> => {
    try {
      using limit = startDeadline(timeout);
      await refresh(store, kept, limit.signal);
      return undefined;
    } catch (error) {
      return toMusterError(error).message;
    }
  };
  const reading = shareReading(read, maxAge, now);
  return async () => {
    const left = new AbortController();
    const late = sleep(patience, 'the statuses are still being read', { ref: false, signal: left.signal });
    const error = await Promise.race([reading(), late.catch(() => undefined)]);
    left.abort();
    return { ...sorted(kept), error };
  };
}

/** Callers within `maxAge` milliseconds of the clock `now`, and all while it is under way, share one reading. */
export function shareReading<T>(read: () => Promise<T>, maxAge: number, now: () => number): () => Promise<T> {
  let current: { readonly at: number; readonly reading: Promise<T>; isOver: boolean } | undefined;
  return () => {
    if (current === undefined || (current.isOver && now() - current.at >= maxAge)) {
      const next = { at: now(), reading: read(), isOver: false };
      const end = () => {
        next.isOver = true;
      };
      next.reading.then(end, end);
      current = next;
    }
    return current.reading;
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

/** More providers than any real store has. */
const mostStatuses = 10_000;
/** Bytes of all statuses together: they stay in memory, where they take some ten times as much. */
const mostBytes = 32 << 20;

async function refresh(store: ObjectStore, kept: Map<string, Kept>, signal: AbortSignal): Promise<void> {
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
  const keys = new Set(listed.map(({ key }) => key));
  for (const key of kept.keys()) if (!keys.has(key)) kept.delete(key);
  await allSettledOrThrow(
    listed.map((object) =>
      limit(async () => {
        const found = await readOne(store, object, kept, signal);
        if (found === undefined) kept.delete(object.key);
        else kept.set(object.key, found);
      }),
    ),
  );
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

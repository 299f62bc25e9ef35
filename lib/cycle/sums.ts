import { createHash } from 'node:crypto';
import { mapConcurrent } from '../base/concurrency.ts';
import type { ListedObject, ObjectStore } from '../store/store.ts';
import { type Guard, losesTooMany } from '../targets/guard.ts';
import { folders, type ProviderId, statusKey } from '../targets/keys.ts';
import type { SumKind } from './gate.ts';
import { clockSkew, listProviders, parseStatus, type Status } from './status.ts';

/** A drop of one provider that its own rule lets pass. */
export interface Drop extends ProviderId {
  /** The backend server that it asks. */
  readonly server: string;
  /** Targets fewer than before. */
  readonly removed: number;
  /** Most targets that it listed lately. */
  readonly peak: number;
}

interface SumsInput {
  readonly store: ObjectStore;
  readonly config: Pick<Guard, 'max_removed' | 'min_targets' | 'confirm_after'>;
  readonly now: Date;
  readonly signal?: AbortSignal | undefined;
}

/** Share of a provider's targets whose loss is not noted: churn of a large provider is not worth a request. */
const negligible = 0.1;

/** A drop that may happen, or what forbids it. */
export type SumVerdict = { readonly forbidden: SumKind } | { readonly forbidden?: undefined };

/**
 * Adds a drop to those of other providers within the last `confirm_after`, and says whether a job, a backend server, or
 * the store loses too much by all of them together. Each drop is noted in the store before the others are looked at, so
 * that of several at once the later ones see the earlier. A forbidden one is taken back.
 */
export async function addDrop(drop: Drop, input: SumsInput): Promise<SumVerdict> {
  const { store, config, now, signal } = input;
  if (drop.removed <= negligible * drop.peak) return {};
  const key = dropKey(drop, now, config.confirm_after);
  await store.put(key, new Uint8Array(), { condition: 'any', signal });
  // A drop within the share of its own provider cannot bring a sum above that share.
  if (drop.removed <= config.max_removed * drop.peak) return {};
  const all = await readDrops({ ...input, window: config.confirm_after });
  const drops = all.filter(({ server }) => server !== short(retired));
  let statuses: readonly Status[] | undefined;
  for (const scope of ['job', 'server', 'store'] as const) {
    const own = drops.filter((one) => isWithin(scope, one, nameDrop(drop)));
    const lost = sumByProvider(own, 'removed');
    const known = sumByProvider(own, 'peak');
    if (lost <= config.max_removed * known) continue;
    // Those that lost nothing count too. They are read only now, as they are many.
    statuses ??= await readStatuses(input);
    const total = known + sumOfOthers(scope, statuses, own, drop);
    if (!losesTooMany(lost, total, config)) continue;
    await store.delete(key, { signal });
    return { forbidden: scope };
  }
  return {};
}

/**
 * The store for a dry run of several providers: it has the drops that are noted in the real one, keeps further ones in
 * memory, and writes nothing.
 */
export function notesInMemory(store: ObjectStore): ObjectStore {
  const own = new Map<string, ListedObject>();
  return {
    ...store,
    async put(key) {
      own.set(key, { key, etag: '', size: 0, modified: 0 });
      return { etag: '' };
    },
    async list(prefix, options) {
      const found = await store.list(prefix, options);
      return [...found, ...[...own.values()].filter(({ key }) => key.startsWith(prefix))];
    },
    async delete(key) {
      own.delete(key);
    },
  };
}

/** Milliseconds within which retirements are added up. */
const retiredWithin = 60 * 60_000;

/** In place of a server, in the notes of retirements. */
const retired = 'retired';

type NoteInput = Pick<SumsInput, 'store' | 'now' | 'signal'>;

/** Notes that a provider was retired with `removed` targets. */
export async function noteRetired(
  { removed, ...id }: ProviderId & { readonly removed: number },
  { store, now, signal }: NoteInput,
): Promise<void> {
  const key = dropKey({ ...id, removed, peak: removed, server: retired }, now, retiredWithin);
  await store.put(key, new Uint8Array(), { condition: 'any', signal });
}

/** How many targets were retired within the last hour. */
export async function retiredLately(input: NoteInput): Promise<{ readonly lost: number }> {
  const drops = await readDrops({ ...input, window: retiredWithin });
  return {
    lost: sumByProvider(
      drops.filter(({ server }) => server === short(retired)),
      'removed',
    ),
  };
}

/** A drop as its key in the store names it. */
interface NotedDrop {
  readonly job: string;
  readonly server: string;
  readonly provider: string;
  readonly removed: number;
  readonly peak: number;
}

function nameDrop({ job, provider, server }: Drop): Pick<NotedDrop, 'job' | 'server' | 'provider'> {
  return { job: short(job), server: short(server), provider: short(statusKey({ job, provider })) };
}

function short(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

/** The key of a drop has all its facts, so that one listing finds all drops. */
function dropKey(drop: Drop, now: Date, window: number): string {
  const { server, job, provider } = nameDrop(drop);
  const until = String(now.getTime() + window).padStart(15, '0');
  return `${folders.removals}${until}-${server}-${job}-${provider}-${drop.removed}-${drop.peak}`;
}

const dropForm = /^(\d{15})-([0-9a-f]{12})-([0-9a-f]{12})-([0-9a-f]{12})-(\d{1,9})-(\d{1,9})$/;

/** Milliseconds: a job may have a longer window than the one that looks. */
const longestWindow = 24 * 60 * 60_000;

/** Old notes that one cycle clears away. */
const mostCleared = 20;

/** The drops whose time is not over; some of the others are removed. */
async function readDrops({
  store,
  now,
  window,
  signal,
}: NoteInput & { readonly window: number }): Promise<readonly NotedDrop[]> {
  const drops: NotedDrop[] = [];
  const over: string[] = [];
  for (const { key } of await store.list(folders.removals, { signal })) {
    const [, until, server = '', job = '', provider = '', removed, peak] =
      dropForm.exec(key.slice(folders.removals.length)) ?? [];
    const left = Number(until) - now.getTime();
    // One that ends later than any can came from a wrong clock.
    if (left > 0 && left <= Math.max(window, longestWindow) + clockSkew)
      drops.push({ server, job, provider, removed: Number(removed), peak: Number(peak) });
    else over.push(key);
  }
  for (const key of over.slice(0, mostCleared)) await store.delete(key, { signal });
  return drops;
}

function isWithin(
  scope: SumKind,
  a: Pick<NotedDrop, 'job' | 'server'>,
  b: Pick<NotedDrop, 'job' | 'server'>,
): boolean {
  return scope === 'store' || a[scope] === b[scope];
}

/** A provider counts once, with its highest number: its later drops are measured from the same peak. */
function sumByProvider(drops: readonly NotedDrop[], key: 'removed' | 'peak'): number {
  const highest = new Map<string, number>();
  for (const drop of drops) highest.set(drop.provider, Math.max(drop[key], highest.get(drop.provider) ?? 0));
  return [...highest.values()].reduce((sum, value) => sum + value, 0);
}

function sumOfOthers(
  scope: SumKind,
  statuses: readonly Status[],
  drops: readonly NotedDrop[],
  drop: Drop,
): number {
  const counted = new Set(drops.map(({ provider }) => provider));
  return statuses
    .filter(
      ({ job, server }) => scope === 'store' || (scope === 'job' ? job === drop.job : server === drop.server),
    )
    .filter((status) => !counted.has(short(statusKey(status))))
    .reduce((sum, { targets }) => sum + targets, 0);
}

/** Statuses that are read for a sum at most: what is beyond them only makes the gate hold a little more. */
const mostStatuses = 5000;

async function readStatuses({ store, signal }: SumsInput): Promise<readonly Status[]> {
  const until = signal ?? new AbortController().signal;
  const ids = (await listProviders({ store, signal: until })).slice(0, mostStatuses);
  const statuses = await mapConcurrent(ids.map(statusKey), 16, until, async (key) => {
    const found = await store.get(key, { maxBytes: 1 << 20, signal });
    return found === undefined ? undefined : parseStatus(found.body);
  });
  return statuses.filter((status) => status !== undefined);
}

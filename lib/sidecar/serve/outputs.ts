import { allSettledOrThrow, createLimit } from '../../base/concurrency.ts';
import { toMusterError } from '../../base/errors.ts';
import { acceptOutputCommand } from '../../cycle/hints.ts';
import { longestAge } from '../../kube-state/gzip-time.ts';
import { type OutputStatus, parseOutputStatus } from '../../kube-state/status.ts';
import type { ListedObject, ObjectStore } from '../../store/store.ts';
import { folders, outputStatusKey, parseMetricsKey, parseOutputStatusKey } from '../../targets/keys.ts';
import type { MirrorView } from '../mirror/target-files.ts';
import { type StateView, shareReading, states } from './providers.ts';

/** A kube-state output as the page shows it. */
export interface OutputView extends StateView {
  /** Name of its object, as in `prod` or, of a shard, `prod.1`. */
  readonly output: string;
  /** When the text that is published was written, ISO 8601; `undefined` if that is not known. */
  readonly published: string | undefined;
  /** What its cycle said last; `undefined` if the store has nothing, or does not answer. */
  readonly status: OutputStatus | undefined;
}

/** All kube-state outputs of all stores. */
export interface Outputs {
  /** The worst state first, then by name. */
  readonly outputs: readonly OutputView[];
  /** Why this is not newer, of each store that did not answer. */
  readonly errors: readonly string[];
}

/** What a store has of its outputs, by the names of their objects. */
interface Stored {
  readonly names: readonly string[];
  readonly statuses: ReadonlyMap<string, Kept>;
  readonly error?: string | undefined;
}

interface Kept {
  readonly etag: string;
  readonly status: OutputStatus;
}

/** Reads what a store has on demand, and only what changed. Never throws. */
export type ReadStoredOutputs = () => Promise<Stored>;

/** More outputs than any real store has. */
const mostOutputs = 1000;
const maxBytes = 1 << 20;

/** All who look within `maxAge` milliseconds share one reading. */
export function createOutputsReader(
  store: ObjectStore,
  { maxAge = 2000, timeout = 10_000, now = () => performance.now() } = {},
): ReadStoredOutputs {
  let kept: Stored = { names: [], statuses: new Map() };
  const read = async (): Promise<Stored> => {
    try {
      kept = await refresh(store, kept, AbortSignal.timeout(timeout));
      return kept;
    } catch (error) {
      return { ...kept, error: toMusterError(error).message };
    }
  };
  return shareReading(read, maxAge, now);
}

/** Every output that has a text or a status. */
export async function readOutputs(
  sources: readonly (Pick<MirrorView, 'name'> & { readonly outputs: ReadStoredOutputs })[],
  now: number,
): Promise<Outputs> {
  const read = await Promise.all(
    sources.map(async ({ name, outputs }) => ({ source: name, stored: await outputs() })),
  );
  const outputs = read.flatMap(({ source, stored }) =>
    stored.names.map((output): OutputView => {
      const status = stored.statuses.get(output)?.status;
      const command = status?.held && acceptOutputCommand(output);
      return {
        ...{ source, output, ...judge(status, now) },
        command,
        ...{ published: status?.last_success, status },
      };
    }),
  );
  return {
    outputs: outputs.sort(byUrgency),
    errors: read.flatMap(({ stored }) => stored.error ?? []),
  };
}

async function refresh(store: ObjectStore, kept: Stored, signal: AbortSignal): Promise<Stored> {
  const listed = await store.list(folders.metrics, { signal });
  const named = listed.map(({ key }) => parseMetricsKey(key) ?? parseOutputStatusKey(key));
  const names = [...new Set(named.filter((name) => name !== undefined))].slice(0, mostOutputs);
  const byKey = new Map(listed.map((object) => [object.key, object]));
  const limit = createLimit(16);
  const entries = await allSettledOrThrow(
    names.map((name) =>
      limit(async () => {
        const object = byKey.get(outputStatusKey(name));
        const found = object && (await readOne(store, object, kept.statuses.get(name), signal));
        return found === undefined ? [] : [[name, found] as const];
      }),
    ),
  );
  return { names, statuses: new Map(entries.flat()) };
}

async function readOne(
  store: ObjectStore,
  { key, etag, size }: ListedObject,
  old: Kept | undefined,
  signal: AbortSignal,
): Promise<Kept | undefined> {
  if (size > maxBytes) return undefined;
  if (old?.etag === etag) return old;
  const found = await store.get(key, { maxBytes, signal });
  if (found === undefined) return undefined;
  const status = parseOutputStatus(found.body);
  return status && { etag: found.etag, status };
}

function judge(status: OutputStatus | undefined, now: number): Pick<OutputView, 'state' | 'reason'> {
  if (status === undefined)
    return { state: 'unknown', reason: 'the store has no status of it that this Muster can read' };
  const { error, failures, held, last_success: published, leaving, confirmed } = status;
  if (leaving !== undefined)
    return { state: 'retiring', reason: 'it left the configuration and will be retired' };
  if (error !== undefined) {
    const times = failures === 1 ? 'the last cycle failed' : `the last ${failures} cycles failed`;
    return { state: 'failing', reason: `${times}: ${error.message}` };
  }
  if (held !== undefined) return { state: 'held', reason: held.message };
  if (published === undefined) return { state: 'unknown', reason: 'nothing is published yet' };
  if (now - Date.parse(published) + status.duration_seconds * 1000 > longestAge)
    return { state: 'stale', reason: 'its text is too old to be served; does its function still run?' };
  if (confirmed !== undefined && now - Date.parse(confirmed.at) < 60 * 60_000)
    return { state: 'confirmed', reason: `published without anybody's word: ${confirmed.message}` };
  return { state: 'ok', reason: '' };
}

function byUrgency(a: OutputView, b: OutputView): number {
  const order = states.indexOf(a.state) - states.indexOf(b.state);
  if (order !== 0) return order;
  const [one, other] = [`${a.output}\n${a.source}`, `${b.output}\n${b.source}`];
  return one < other ? -1 : one > other ? 1 : 0;
}

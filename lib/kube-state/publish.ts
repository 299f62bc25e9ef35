import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { errorData, isMusterError, toMusterError } from '../base/errors.ts';
import { newRunId } from '../base/version.ts';
import type { ObjectStore, PutOptions, StreamedBody } from '../store/store.ts';
import { metricsKey, outputTombstoneKey } from '../targets/keys.ts';
import { allSamples, judgedCounts, judgeOutput, type OutputGate, outputGate } from './gate.ts';
import { gzipHead } from './gzip-header.ts';
import { aboutOutput } from './metrics.ts';
import type { KubeStateConfig } from './options.ts';
import type { Rendered } from './render.ts';
import {
  changeOutputStatus,
  newOutputStatus,
  type OutputStatus,
  readOutputStatus,
  type StoredOutputStatus,
} from './status.ts';

/** One kube-state output, ready to be written: an element of `kube_state_metrics`, or one of its shards. */
export interface KubeStateOutput {
  /** As in the configuration. */
  readonly name: string;
  /** The name of its object in the store: the same, or `<name>.<shard>`. */
  readonly object: string;
  /** Number of the shard; 0 where there is only one. */
  readonly shard: number;
  readonly config: KubeStateConfig;
  /** Milliseconds between two outputs. */
  readonly refreshInterval: number;
  /** Milliseconds that one may take. */
  readonly deadline: number;
  /**
   * Lists the cluster and writes its text. The listing must have ended at `until`, whatever the deadline. Throws what
   * listing throws, with the output's name.
   */
  readonly render: (signal: AbortSignal, until?: Date) => Promise<Rendered>;
}

/** What publishing an output came to. */
export interface Published {
  /** `superseded`: another run published a later listing meanwhile; `held`: the last good text stays, for now. */
  readonly outcome: 'published' | 'superseded' | 'held';
  readonly objects: number;
  readonly samples: number;
  /** Compressed size. */
  readonly bytes: number;
  /** Milliseconds. */
  readonly duration: number;
  /** Why it is held. */
  readonly held?: string | undefined;
  /** The cycle before had failed. */
  readonly recovered?: boolean;
  /** Samples that have gone, and are published as gone with nobody's word for it. */
  readonly confirmed?: string | undefined;
}

export interface PublishInput {
  readonly store: ObjectStore;
  readonly signal: AbortSignal;
  readonly now?: (() => Date) | undefined;
  readonly gate?: OutputGate | undefined;
}

/**
 * Lists one output and puts it into the store: one put of the compressed text, some 20 bytes a sample, under the
 * condition that nobody else put one since this run began. So an older text never covers a newer one, and a
 * reader sees a whole one or the one before. It is sent as it is read from where it waits, so that none of it need be in
 * memory. Its gzip says when the listing began. Text that has lost too much is held back. How it went stands in the
 * output's status, also where it failed. Throws what listing and the store throw.
 */
export async function publishOutput(output: KubeStateOutput, input: PublishInput): Promise<Published> {
  const { store, signal, now = () => new Date(), gate = outputGate } = input;
  const { object } = output;
  const started = now();
  const run = newRunId(started);
  const known = await readOutputStatus(store, object, signal);
  const attempt = { started, run, known };
  try {
    const before = await store.head(metricsKey(object), { signal });
    const rendered = await output.render(signal);
    try {
      const ended = now();
      const recovered = (known.status?.failures ?? 0) > 0 ? { recovered: true } : {};
      const families = await publishedCounts(known.status, output, input);
      const verdict = judgeOutput({
        ...{ output: object, gate, before: families, after: rendered.families, now: ended },
        held: known.status?.held,
        gap: gapBefore(known.status, ended),
      });
      const listed = { ...attempt, ended, rendered };
      if (!verdict.pass) {
        await noteListing(listed, output, input, (status) => ({ ...status, held: verdict.held }));
        return {
          ...countsOf(rendered, rendered.size, ended, started),
          outcome: 'held',
          held: verdict.held.message,
          ...recovered,
        };
      }
      const { bytes, outcome } = await putText(listed, output, input, before ?? 'create');
      const published = { ...countsOf(rendered, bytes, ended, started), outcome, ...recovered };
      if (outcome === 'superseded') return published;
      await noteListing(listed, output, input, ({ held: _, confirmed, ...status }) => ({
        ...status,
        last_success: ended.toISOString(),
        ...{ objects: rendered.objects, samples: rendered.samples, bytes },
        families: judgedCounts(rendered.families),
        ...noteConfirmed(verdict.confirmed, confirmed, ended),
      }));
      if (known.status === undefined) await store.delete(outputTombstoneKey(object), { signal });
      return { ...published, ...(verdict.confirmed !== undefined && { confirmed: verdict.confirmed }) };
    } finally {
      rendered.close();
    }
  } catch (error) {
    if (!signal.aborted) await noteFailure(attempt, output, input, error);
    throw error;
  }
}

interface Attempt {
  readonly started: Date;
  readonly run: string;
  readonly known: StoredOutputStatus;
}

interface Listed extends Attempt {
  readonly ended: Date;
  readonly rendered: Rendered;
}

/** By what the new text is judged: the status's word, or where it has none, the text that is published. */
async function publishedCounts(
  status: OutputStatus | undefined,
  { object }: KubeStateOutput,
  { store, signal }: PublishInput,
): Promise<Readonly<Record<string, number>>> {
  return status?.last_success === undefined ? countPublished(store, object, signal) : status.families;
}

/** Milliseconds that a hold may count: those since the last whole listing, if nothing failed in between. */
function gapBefore(status: OutputStatus | undefined, now: Date): number {
  if (status?.last_listing === undefined || status.error !== undefined) return 0;
  return Math.max(0, now.getTime() - Date.parse(status.last_listing));
}

function countsOf({ objects, samples }: Rendered, bytes: number, ended: Date, started: Date) {
  return { objects, samples, bytes, duration: ended.getTime() - started.getTime() };
}

async function putText(
  { started, ended, known, rendered }: Listed,
  { object, shard, config }: KubeStateOutput,
  { store, signal }: PublishInput,
  condition: PutOptions['condition'],
): Promise<{ readonly outcome: 'published' | 'superseded'; readonly bytes: number }> {
  const { objects, samples, size, members } = rendered;
  const facts = {
    ...{ started, duration: ended.getTime() - started.getTime(), objects, samples },
    ...{ shard, totalShards: config.total_shards },
    listings: (known.status?.listings ?? 0) + 1,
    failedListings: known.status?.failed_listings ?? 0,
  };
  const about = aboutOutput(facts);
  const head = gzipHead(started);
  const chunks = function* (): Generator<Uint8Array, undefined> {
    yield head;
    yield* members();
    yield about;
    return undefined;
  };
  const outcome = await putUnlessNewer(store, metricsKey(object), { chunks }, { condition, signal });
  return { outcome, bytes: head.length + size + about.length };
}

async function putUnlessNewer(
  store: ObjectStore,
  key: string,
  body: StreamedBody,
  options: Pick<PutOptions, 'condition' | 'signal'>,
): Promise<'published' | 'superseded'> {
  try {
    await store.put(key, body, { contentType: 'application/gzip', ...options });
    return 'published';
  } catch (error) {
    if (!isMusterError(error, 'conflict')) throw error;
    return 'superseded';
  }
}

/** What stays on show for as long as somebody may wonder. */
function noteConfirmed(
  message: string | undefined,
  before: OutputStatus['confirmed'],
  now: Date,
): Pick<OutputStatus, 'confirmed'> {
  if (message !== undefined) return { confirmed: { at: now.toISOString(), message } };
  const isNews = before !== undefined && now.getTime() - Date.parse(before.at) < 60 * 60_000;
  return isNews ? { confirmed: before } : {};
}

/** Writes that a listing ended well. A later run's words stay, and so does an operator's word that came meanwhile. */
async function noteListing(
  { started, ended, run, known }: Listed,
  { object }: KubeStateOutput,
  { store, signal }: PublishInput,
  change: (status: OutputStatus) => OutputStatus,
): Promise<void> {
  const at = started.toISOString();
  const next = (current: OutputStatus | undefined): OutputStatus | undefined => {
    if (isLater(current, known, at)) return undefined;
    const { error: _, leaving: __, ...before } = current ?? newOutputStatus(object, run, started);
    const changed = change({
      ...before,
      ...{ run, last_attempt: at, last_listing: ended.toISOString(), failures: 0 },
      duration_seconds: (ended.getTime() - started.getTime()) / 1000,
      listings: before.listings + 1,
    });
    const accepted = current?.held?.accepted;
    if (changed.held === undefined || accepted === undefined) return changed;
    return { ...changed, held: { ...changed.held, accepted } };
  };
  await changeOutputStatus(store, object, next, { signal, known });
}

/** Whether another run that began later has written since this one looked. */
function isLater(current: OutputStatus | undefined, known: StoredOutputStatus, at: string): boolean {
  return current !== undefined && current.run !== known.status?.run && current.last_attempt > at;
}

/** Writes that a cycle failed. That this cannot be told either is no news beside the failure itself. */
async function noteFailure(
  { started, run, known }: Attempt,
  { object }: KubeStateOutput,
  { store, signal, now = () => new Date() }: PublishInput,
  cause: unknown,
): Promise<void> {
  const error = errorData(toMusterError(cause));
  const at = started.toISOString();
  const next = (current: OutputStatus | undefined): OutputStatus | undefined => {
    if (isLater(current, known, at)) return undefined;
    const { leaving: _, ...before } = current ?? newOutputStatus(object, run, started);
    return {
      ...before,
      ...{ run, last_attempt: at, error },
      duration_seconds: (now().getTime() - started.getTime()) / 1000,
      failures: before.failures + 1,
      failed_listings: before.failed_listings + 1,
    };
  };
  await changeOutputStatus(store, object, next, { signal, known }).catch(() => undefined);
}

/**
 * The samples of the published text by family, counted in it: for an output whose status is lost, or was never written.
 * Of families only those that every object has, as nothing says what objects there were. A text that cannot be read has
 * none.
 */
async function countPublished(
  store: ObjectStore,
  object: string,
  signal: AbortSignal,
): Promise<Readonly<Record<string, number>>> {
  const opened = await store.open(metricsKey(object), { signal });
  if (opened === undefined) return {};
  const counts = new Map<string, number>();
  const text = createGunzip();
  // What fails shows in what comes out.
  pipeline(opened.chunks, text, () => undefined);
  try {
    let rest = '';
    for await (const chunk of text.setEncoding('utf8')) {
      const lines = `${rest}${chunk}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) count(counts, line);
    }
  } catch {
    signal.throwIfAborted();
    return {};
  }
  return Object.fromEntries(counts);
}

function count(counts: Map<string, number>, line: string): void {
  const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(line)?.[0];
  if (name === undefined || isOurOwn.test(name)) return;
  counts.set(allSamples, (counts.get(allSamples) ?? 0) + 1);
  if (hasEveryObject.test(name)) counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** What a text says of itself. */
const isOurOwn = /^(?:muster_kube_state|kube_state_metrics)_/;

const hasEveryObject = /_(?:info|created)$/;

import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { errorData, isMusterError, toMusterError } from '../base/errors.ts';
import { newRunId } from '../base/version.ts';
import type { ObjectStore, PutOptions, StreamedBody } from '../store/store.ts';
import { metricsKey, outputTombstoneKey } from '../targets/keys.ts';
import { allSamples, judgedCounts, judgeOutput, type OutputGate, outputGate } from './gate.ts';
import { gzipHead } from './gzip-time.ts';
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

/** A kube-state output that can be published: an element of `kube_state_metrics`, or one of its shards. */
export interface KubeStateOutput {
  /** Name in the configuration. */
  readonly name: string;
  /** Name of its object in the store: `<name>` or `<name>.<shard>`. */
  readonly object: string;
  /** Number of the shard, from 0. */
  readonly shard: number;
  readonly config: KubeStateConfig;
  /** Milliseconds between two cycles. */
  readonly refreshInterval: number;
  /** Milliseconds that a cycle may take. */
  readonly deadline: number;
  /**
   * Lists the cluster and writes its text. The listing must end at `until`, or earlier at the deadline. Throws what
   * listing throws, with the output's name in the message.
   */
  readonly render: (signal: AbortSignal, until?: Date) => Promise<Rendered>;
}

/** The result of publishing an output. */
export interface Published {
  /** `superseded`: another run published a later listing meanwhile. `held`: the gate keeps the last text. */
  readonly outcome: 'published' | 'superseded' | 'held';
  readonly objects: number;
  readonly samples: number;
  /** Compressed size in bytes. */
  readonly bytes: number;
  /** Milliseconds from the start of the listing to its end. */
  readonly duration: number;
  /** Why the text is held. */
  readonly held?: string | undefined;
  /** The cycle before failed. */
  readonly recovered?: boolean;
  /** Lost samples that were published because the loss lasted, without an operator's acceptance. */
  readonly confirmed?: string | undefined;
}

/** Where and how an output is published. */
export interface PublishInput {
  readonly store: ObjectStore;
  readonly signal: AbortSignal;
  readonly now?: (() => Date) | undefined;
  readonly gate?: OutputGate | undefined;
}

/**
 * Lists one output and puts its text into the store, unless the gate holds it. The text is one object of about 20 bytes
 * for each sample, streamed from its temporary file. The put is conditional on the object that was there at the start,
 * so an older text never replaces a newer one. The gzip header holds the start of the listing. The status records
 * success and failure. Throws what listing and the store throw.
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
      return { ...published, confirmed: verdict.confirmed };
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

/** The counts that the new text is judged by: from the status, or from the published text if the status has none. */
async function publishedCounts(
  status: OutputStatus | undefined,
  { object }: KubeStateOutput,
  { store, signal }: PublishInput,
): Promise<Readonly<Record<string, number>>> {
  return status?.last_success === undefined ? countPublished(store, object, signal) : status.families;
}

/** Milliseconds since the last complete listing; 0 if a cycle has failed since. */
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

/** The confirmed loss in the status. It stays for an hour. */
function noteConfirmed(
  message: string | undefined,
  before: OutputStatus['confirmed'],
  now: Date,
): Pick<OutputStatus, 'confirmed'> {
  if (message !== undefined) return { confirmed: { at: now.toISOString(), message } };
  const isRecent = before !== undefined && now.getTime() - Date.parse(before.at) < 60 * 60_000;
  return isRecent ? { confirmed: before } : {};
}

/** Records a complete listing. Keeps the status of a later run, and an acceptance that came meanwhile. */
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

/** Whether a run that started later has written the status since this run read it. */
function isLater(current: OutputStatus | undefined, known: StoredOutputStatus, at: string): boolean {
  return current !== undefined && current.run !== known.status?.run && current.last_attempt > at;
}

/** Records a failed cycle. A failure to record it is ignored: the failure of the cycle is thrown. */
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
 * Counts the samples of the published text by family, for an output without a status. Only families with a sample for
 * every object count, since the number of objects is unknown. A text that cannot be read has no samples.
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
  // A failure shows in the output stream.
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
  if (name === undefined || isAboutOutput.test(name)) return;
  counts.set(allSamples, (counts.get(allSamples) ?? 0) + 1);
  if (hasEveryObject.test(name)) counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** Families about the output itself. */
const isAboutOutput = /^(?:muster_kube_state|kube_state_metrics)_/;

const hasEveryObject = /_(?:info|created)$/;

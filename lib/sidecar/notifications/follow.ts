import { setTimeout as sleepFor } from 'node:timers/promises';
import type { SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { awsRequestHandler, readAwsError } from '../../base/aws.ts';
import { once } from '../../base/concurrency.ts';
import { MusterError, toMusterError } from '../../base/errors.ts';
import { tryParseJson } from '../../base/json.ts';
import type { Logger } from '../../base/logger.ts';
import { folders } from '../../targets/keys.ts';
import { nextWait, type RoundRequests } from '../mirror/loop.ts';

/** A store whose changes the queue may report. */
interface NotifiedSource {
  /** As in `s3://bucket/prefix`. */
  readonly url: string;
  readonly requests: RoundRequests;
}

/** The queue to follow, and the mirrors of the stores that it reports on. */
export interface FollowOptions {
  readonly queue: Queue;
  readonly sources: readonly NotifiedSource[];
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly onResult: (result: NotificationResult) => void;
  /** Milliseconds to wait for more messages before a round, so that a burst costs one round. Default 200. */
  readonly gather?: number | undefined;
  readonly random?: (() => number) | undefined;
}

/**
 * Asks for a round whenever the queue reports a change of target files, until the signal fires. A message is removed only
 * after a round without an error, so that a killed sidecar gets it again. A message that is not a notification stays in
 * the queue, which others may use too. Never throws.
 */
export async function followQueue(options: FollowOptions): Promise<void> {
  const { queue, log, signal, onResult, random = Math.random } = options;
  let failures = 0;
  while (!signal.aborted) {
    try {
      const messages = await queue.receive(signal);
      if (messages.length > 0) await handle(options, messages);
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      onResult('error');
      // Only the first failure in a row: a queue that is down for an hour makes one line.
      if (failures === 1) log.warn(toMusterError(error).message);
      await pause(nextWait(failures, { interval: 1000, jitter: 0.2, random }), signal);
    }
  }
}

async function handle(options: FollowOptions, messages: readonly QueueMessage[]): Promise<void> {
  const { queue, sources, log, signal, onResult, gather = 200 } = options;
  const read = messages.map((message) => {
    const objects = readNotification(message.body);
    const changed = sources.filter((source) => objects?.some((object) => concerns(source, object)));
    return { message, known: objects !== undefined, changed };
  });
  const affected = new Set(read.flatMap(({ changed }) => changed));
  if (affected.size > 0) await pause(gather, signal);
  const rounds = await Promise.all(
    [...affected].map(async (source) => [source, await source.requests.ask(signal)] as const),
  );
  if (signal.aborted) return;
  const failed = new Set(rounds.filter(([, round]) => round?.errors.length !== 0).map(([source]) => source));
  const judged = read.map(({ message, known, changed }) => ({
    message,
    result: resultOf(known, changed, failed),
  }));
  for (const { result } of judged) onResult(result);
  const strangers = judged.filter(({ result }) => result === 'unknown').length;
  if (strangers > 0)
    log.warn(`${queue.url} holds messages that are not S3 notifications; they stay in it`, {
      count: strangers,
    });
  const done = judged.filter(({ result }) => result === 'mirrored' || result === 'ignored');
  if (done.length > 0)
    await queue.remove(
      done.map(({ message }) => message),
      signal,
    );
}

function resultOf(
  known: boolean,
  changed: readonly NotifiedSource[],
  failed: ReadonlySet<NotifiedSource>,
): NotificationResult {
  if (!known) return 'unknown';
  if (changed.length === 0) return 'ignored';
  return changed.some((source) => failed.has(source)) ? 'failed' : 'mirrored';
}

/** Only target files are mirrored; the statuses change in every cycle and do not matter here. */
function concerns({ url }: NotifiedSource, { bucket, key }: ChangedObject): boolean {
  return `s3://${bucket}/${key}`.startsWith(`${url}/${folders.targets}`);
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleepFor(milliseconds, undefined, { signal }).catch(() => undefined);
}

/** An object that a notification reports. */
export interface ChangedObject {
  readonly bucket: string;
  readonly key: string;
}

/**
 * The objects that a message reports: a notification of S3, one of S3 through SNS, or one of EventBridge. Empty for S3's
 * test message; `undefined` for any other message.
 */
export function readNotification(body: string): readonly ChangedObject[] | undefined {
  const message = notification.safeParse(tryParseJson(body)).data;
  if (message === undefined) return undefined;
  if ('Message' in message) return readNotification(message.Message);
  if ('Event' in message) return [];
  if ('detail' in message) return [{ bucket: message.detail.bucket.name, key: message.detail.object.key }];
  return message.Records.map(({ s3 }) => ({ bucket: s3.bucket.name, key: decodeKey(s3.object.key) }));
}

const named = z.object({ bucket: z.object({ name: z.string() }), object: z.object({ key: z.string() }) });

/** Source: Amazon S3 user guide, event message structure; Amazon SNS, HTTP/SQS envelope; EventBridge, S3 events. */
const notification = z.union([
  z.object({ Records: z.array(z.object({ eventSource: z.literal('aws:s3'), s3: named })) }),
  z.object({ Type: z.literal('Notification'), Message: z.string() }),
  z.object({ source: z.literal('aws.s3'), detail: named }),
  z.object({ Event: z.literal('s3:TestEvent') }),
]);

/** Decodes a key of S3, which is encoded as in forms; EventBridge does not encode keys. */
function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    return key;
  }
}

/**
 * The result of a message: `mirrored`; `failed`, the round failed and the message stays; `ignored`, it is about other
 * objects; `unknown`, it is not a notification. `error`: the queue did not answer.
 */
export const notificationResults = ['mirrored', 'failed', 'ignored', 'unknown', 'error'] as const;
/** One of the results. */
export type NotificationResult = (typeof notificationResults)[number];

/** A message that stays in the queue until it is removed. */
export interface QueueMessage {
  readonly body: string;
  readonly receipt: string;
}

/** A queue of notifications. Its calls throw `denied` and `unreachable`. */
export interface Queue extends AsyncDisposable {
  /** Its URL, for log lines and errors. */
  readonly url: string;
  /** Waits up to 20 seconds for up to ten messages, and hides these from other readers for a minute. */
  receive(signal: AbortSignal): Promise<readonly QueueMessage[]>;
  remove(messages: readonly QueueMessage[], signal: AbortSignal): Promise<void>;
}

/**
 * Opens a queue of Amazon SQS. It needs sqs:ReceiveMessage and sqs:DeleteMessage. The region comes from the URL, else
 * from the environment. The SDK is loaded with the first call. Throws `config` when the URL is malformed.
 */
export function openSqs(url: string, load: LoadSqs = loadSqs): Queue {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const known = parsed?.protocol === 'https:' || parsed?.protocol === 'http:';
  if (parsed === undefined || !known || parsed.username !== '' || parsed.password !== '')
    throw new MusterError('config', 'the URL of a queue is http(s)://host/account/name, without credentials');
  const region = /^sqs\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/.exec(parsed.hostname)?.[1];
  const loaded = once(() => load(region));
  const call = async <T>(what: string, run: (tools: Loaded) => Promise<T>): Promise<T> => {
    try {
      return await run(await loaded());
    } catch (error) {
      throw queueError(url, what, error);
    }
  };
  return {
    url,
    receive: (abortSignal) =>
      call('sqs:ReceiveMessage', async ({ sdk, client }) => {
        const command = new sdk.ReceiveMessageCommand({
          QueueUrl: url,
          MaxNumberOfMessages: 10,
          WaitTimeSeconds: 20,
          VisibilityTimeout: 60,
        });
        const { Messages = [] } = await client.send(command, { abortSignal });
        return Messages.flatMap(({ Body, ReceiptHandle }) =>
          Body === undefined || ReceiptHandle === undefined ? [] : [{ body: Body, receipt: ReceiptHandle }],
        );
      }),
    remove: (messages, abortSignal) =>
      call('sqs:DeleteMessage', async ({ sdk, client }) => {
        const entries = messages.map(({ receipt }, index) => ({ Id: `${index}`, ReceiptHandle: receipt }));
        const command = new sdk.DeleteMessageBatchCommand({ QueueUrl: url, Entries: entries });
        await client.send(command, { abortSignal });
      }),
    async [Symbol.asyncDispose]() {
      await loaded.take()?.then(
        ({ client }) => client.destroy(),
        () => {},
      );
    },
  };
}

interface Loaded {
  readonly sdk: typeof import('./sqs-sdk.ts');
  readonly client: SQSClient;
}

/** Loads the SDK and opens a client. */
export type LoadSqs = (region: string | undefined) => Promise<Loaded>;

async function loadSqs(region: string | undefined): Promise<Loaded> {
  const sdk = await import('./sqs-sdk.ts');
  return {
    sdk,
    // A long poll is silent for 20 seconds.
    client: new sdk.SQSClient({
      requestHandler: awsRequestHandler({ connectionTimeout: 5000, socketTimeout: 30_000 }),
      ...(region !== undefined && { region }),
    }),
  };
}

function queueError(url: string, what: string, error: unknown): MusterError {
  const { code: name = 'no reason given' } = readAwsError(error);
  const denied = /AccessDenied|InvalidClientTokenId|ExpiredToken/.test(name);
  return new MusterError(
    denied ? 'denied' : 'unreachable',
    `${url}: ${what} failed (${name}); changes are still found by polling`,
    { cause: error },
  );
}

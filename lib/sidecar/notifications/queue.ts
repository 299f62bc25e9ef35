import type { SQSClient } from '@aws-sdk/client-sqs';
import { awsRequestHandler, readAwsError } from '../../base/aws.ts';
import { once } from '../../base/concurrency.ts';
import { MusterError } from '../../base/errors.ts';

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

import { describe, expect, test } from '@jest/globals';
import { MusterError } from '../../../lib/base/errors.ts';
import { createLogger } from '../../../lib/base/logger.ts';
import { createRoundRequests } from '../../../lib/sidecar/mirror/loop.ts';
import type { Round } from '../../../lib/sidecar/mirror/round.ts';
import {
  followQueue,
  openSqs,
  type Queue,
  type QueueMessage,
  readNotification,
} from '../../../lib/sidecar/notifications/follow.ts';

const s3Event = (key: string, bucket = 'b') =>
  JSON.stringify({ Records: [{ eventSource: 'aws:s3', s3: { bucket: { name: bucket }, object: { key } } }] });
const eventBridge = (key: string) =>
  JSON.stringify({ source: 'aws.s3', detail: { bucket: { name: 'b' }, object: { key } } });
const good: Round = { changes: [], rejections: [], errors: [], orphans: [], bytes: 0 };
const bad: Round = { ...good, errors: [new MusterError('denied', 'no')] };

/** Plays batches of messages, an error for `undefined`; ends when all were handled. */
async function play(batches: readonly (readonly string[] | undefined)[], rounds: readonly Round[]) {
  const stop = new AbortController();
  const lines: string[] = [];
  const results: string[] = [];
  const removed: string[] = [];
  let turn = 0;
  let done = 0;
  const queue: Queue = {
    url: 'https://queue/x',
    async receive() {
      if (turn === batches.length) stop.abort();
      const bodies = batches[turn++] ?? (stop.signal.aborted ? [] : undefined);
      if (bodies === undefined) throw new MusterError('unreachable', 'the queue is down');
      return bodies.map((body): QueueMessage => ({ body, receipt: body }));
    },
    async remove(messages) {
      removed.push(...messages.map(({ receipt }) => receipt));
    },
    async [Symbol.asyncDispose]() {},
  };
  const requests = createRoundRequests();
  const loop = (async () => {
    while (!stop.signal.aborted) {
      if (requests.pending().aborted) requests.begin()(rounds[done++] ?? good);
      await new Promise(setImmediate);
    }
  })();
  await followQueue({
    queue,
    sources: [{ url: 's3://b/muster', requests }],
    log: createLogger({ level: 'info', write: (line) => lines.push(line.replace(/^ts=\S+ /, '').trimEnd()) }),
    signal: stop.signal,
    onResult: (result) => results.push(result),
    gather: 0,
    random: () => 0,
  });
  await loop;
  return { results, removed, rounds: done, lines };
}

describe('a queue of notifications', () => {
  test('asks for one round for all messages of a batch, and removes them after it', async () => {
    const batch = [s3Event('muster/targets/a/dns-0.json'), s3Event('muster/targets/b/dns-0.json')];
    expect(await play([batch], [good])).toEqual({
      results: ['mirrored', 'mirrored'],
      removed: batch,
      rounds: 1,
      lines: [],
    });
  });

  test('leaves a message whose round failed in the queue, to be told again', async () => {
    const message = s3Event('muster/targets/a/dns-0.json');
    expect(await play([[message], [message]], [bad, good])).toEqual({
      results: ['failed', 'mirrored'],
      removed: [message],
      rounds: 2,
      lines: [],
    });
  });

  test('does nothing for heartbeats, other prefixes, other buckets and the test message, and clears them', async () => {
    const batch = [
      s3Event('muster/status/a/dns-0.json'),
      s3Event('musterious/targets/a/dns-0.json'),
      s3Event('muster/targets/a/dns-0.json', 'c'),
      JSON.stringify({ Service: 'Amazon S3', Event: 's3:TestEvent' }),
    ];
    const { results, removed, rounds } = await play([batch], []);
    expect({ results, removed, rounds }).toEqual({
      results: Array(4).fill('ignored'),
      removed: batch,
      rounds: 0,
    });
  });

  test("does not remove what is no notification: the queue may be somebody else's", async () => {
    expect(await play([['{"order": 7}', 'hello']], [])).toEqual({
      results: ['unknown', 'unknown'],
      removed: [],
      rounds: 0,
      lines: [
        'level=warn msg="https://queue/x holds messages that are not S3 notifications; they stay in it" count=2',
      ],
    });
  });

  test('survives a queue that is down, tells it once, and goes on', async () => {
    const message = s3Event('muster/targets/a/dns-0.json');
    expect(await play([undefined, [message]], [good])).toEqual({
      results: ['error', 'mirrored'],
      removed: [message],
      rounds: 1,
      lines: ['level=warn msg="the queue is down"'],
    });
  });
});

describe('a notification', () => {
  const object = { bucket: 'b', key: 'muster/targets/web%2Fedge/dns-0.json' };

  test('comes from S3, with its key encoded as in a form', () => {
    expect(readNotification(s3Event('muster/targets/web%252Fedge/dns-0.json'))).toEqual([object]);
  });

  test('comes through SNS, or from EventBridge with the key as it is', () => {
    const sns = JSON.stringify({
      Type: 'Notification',
      Message: s3Event('muster/targets/web%252Fedge/dns-0.json'),
    });
    expect([readNotification(sns), readNotification(eventBridge(object.key))]).toEqual([[object], [object]]);
  });

  test('is nothing else', () => {
    for (const body of ['', '[]', 'null', '{"Records":[]', '{"Records":[{"eventSource":"aws:sns"}]}'])
      expect(readNotification(body)).toBeUndefined();
  });
});

test('the URL of a queue is checked, and its credentials are not repeated', () => {
  for (const url of ['queue', 'sqs://x/y', 'https://user:secret@sqs.eu-west-1.amazonaws.com/1/q'])
    expect(() => openSqs(url)).toThrow(
      'the URL of a queue is http(s)://host/account/name, without credentials',
    );
});

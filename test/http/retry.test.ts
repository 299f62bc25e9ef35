import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type RetryPolicy, retryAfterMs, retryDelay } from '../../lib/http/send.ts';
import { createDeadline, failure, get, openTestClient } from '../support/http-client.ts';
import { type Respond, startHttpServer, startRawServer } from '../support/http-server.ts';

/** Answers with each status in turn and then with the last one for ever. */
function inTurn(...statuses: readonly number[]): Respond {
  let next = 0;
  return (_, response) => {
    response.statusCode = statuses[Math.min(next++, statuses.length - 1)] ?? 200;
    response.end();
  };
}

describe('a GET', () => {
  test.each([429, 502, 503, 504])('is tried again after a %i', async (status) => {
    await using server = await startHttpServer(inTurn(status, status, 200));
    await using client = await openTestClient();
    expect((await client.request(get(server))).status).toBe(200);
    expect([server.requests.length, server.accepted()]).toEqual([3, 1]);
  });

  test.each([400, 401, 403, 404, 410, 500, 501])('is not tried again after a %i', async (status) => {
    await using server = await startHttpServer(inTurn(status, 200));
    await using client = await openTestClient();
    expect(await failure(client.request(get(server)))).toMatchObject({ status });
    expect(server.requests.length).toBe(1);
  });

  test('gives up after the third attempt, and says so', async () => {
    await using server = await startHttpServer(inTurn(503));
    await using client = await openTestClient();
    expect(await failure(client.request(get(server)))).toEqual({
      kind: 'status',
      status: 503,
      message: `GET ${server.url}: HTTP 503 Service Unavailable (tried 3 times)`,
    });
    expect(server.requests.length).toBe(3);
  });

  test('is tried as often as the options say', async () => {
    await using server = await startHttpServer(inTurn(429));
    await using client = await openTestClient({}, { retries: 4 });
    expect((await failure(client.request(get(server)))).kind).toBe('throttled');
    expect(server.requests.length).toBe(5);
    expect((await failure(client.request(get(server, '/', { retry: false })))).kind).toBe('throttled');
    expect(server.requests.length).toBe(6);
  });

  test.each([
    ['the connection is closed before the answer', ''],
    ['the answer is cut in the middle', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf of it'],
  ])('is tried again when %s', async (_, first) => {
    await using server = await startRawServer((socket, connection) => {
      socket.once('data', () =>
        socket.end(connection < 3 ? first : 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nwhole'),
      );
    });
    await using client = await openTestClient();
    expect(Buffer.from((await client.request(get(server))).body).toString()).toBe('whole');
    expect(server.accepted()).toBe(3);
  });
});

describe('a POST', () => {
  test('is sent once, unless it says that it may be repeated', async () => {
    await using server = await startHttpServer(inTurn(503));
    await using client = await openTestClient();
    const post = { method: 'POST', body: 'x' } as const;
    await failure(client.request(get(server, '/once', post)));
    await failure(client.request(get(server, '/again', { ...post, retry: true })));
    expect(server.requests.map(({ url, body }) => [url, body])).toEqual([
      ['/once', 'x'],
      ['/again', 'x'],
      ['/again', 'x'],
      ['/again', 'x'],
    ]);
  });
});

describe('a server that says when to come back', () => {
  const throttling =
    (retryAfter: string): Respond =>
    (_, response) =>
      response.writeHead(429, { 'retry-after': retryAfter }).end();

  test('is given up on at once when that is later than the longest wait or the deadline', async () => {
    await using server = await startHttpServer(throttling('3600'));
    await using client = await openTestClient();
    await using hurried = await openTestClient(
      {},
      { deadline: Date.now() + 60_000, maxRetryDelayMs: 7_200_000 },
    );
    expect([await failure(client.request(get(server))), await failure(hurried.request(get(server)))]).toEqual(
      [1, 2].map(() => ({
        kind: 'throttled',
        status: 429,
        message: `GET ${server.url}: HTTP 429 Too Many Requests`,
      })),
    );
    expect(server.requests.length).toBe(2);
  });

  test('is waited for no longer than the signal, and the error says what for', async () => {
    const { signal, pass } = createDeadline();
    await using server = await startHttpServer((seen, response) => {
      response.once('finish', pass);
      throttling('20')(seen, response);
    });
    await using client = await openTestClient();
    expect(await failure(client.request(get(server, '/', { signal })))).toEqual({
      kind: 'timeout',
      message: `the deadline passed while waiting to try again after GET ${server.url}: HTTP 429 Too Many Requests`,
    });
    expect(server.requests.length).toBe(1);
  });
});

describe('the wait before a retry', () => {
  const policy: RetryPolicy = { retries: 2, backoffMs: 250, maxDelayMs: 30_000 };
  const now = Date.UTC(2026, 0, 1, 12, 0, 0);

  test('doubles, with full jitter', () => {
    const waits = [0, 0.5, 1].map((random) =>
      [1, 2, 3].map((attempt) => retryDelay({ attempt, retryAfter: undefined, now, random }, policy)),
    );
    expect(waits).toEqual([
      [0, 0, undefined],
      [125, 250, undefined],
      [250, 500, undefined],
    ]);
  });

  test('is what the server asks for and a little more', () => {
    expect([
      retryDelay({ attempt: 1, retryAfter: '3', now, random: 0.5 }, policy),
      retryDelay({ attempt: 1, retryAfter: '31', now, random: 0.5 }, policy),
      retryDelay({ attempt: 1, retryAfter: '3', now, random: 0.5 }, { ...policy, deadline: now + 3_125 }),
      retryDelay({ attempt: 1, retryAfter: '3', now, random: 0.5 }, { ...policy, deadline: now + 3_126 }),
    ]).toEqual([3_125, undefined, undefined, 3_125]);
  });

  test.each([
    ['2', 2_000],
    [' 0 ', 0],
    ['Thu, 01 Jan 2026 12:00:09 GMT', 9_000],
    ['Thu, 01 Jan 2026 11:59:00 GMT', 0],
    ['-5', 0],
    ['1.5', 0],
    ['soon', 0],
    ['', 0],
    [undefined, 0],
  ])('a Retry-After of %j is %d ms', (header, ms) => {
    expect(retryAfterMs(header, now)).toBe(ms);
  });

  test('is never negative and never longer than asked for and allowed', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.option(fc.oneof(fc.string(), fc.nat().map(String)), { nil: undefined }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (attempt, header, random) => {
          const delay = retryDelay({ attempt, retryAfter: header, now, random }, { ...policy, retries: 60 });
          expect(delay === undefined || (delay >= 0 && delay <= 2 * policy.maxDelayMs)).toBe(true);
        },
      ),
    );
  });
});

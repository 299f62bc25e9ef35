import { getEventListeners } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { createAuthority } from '../support/certificates.ts';
import { createDeadline, failure, get, inline, openTestClient } from '../support/http-client.ts';
import { startHttpServer, startRawServer } from '../support/http-server.ts';
import { freePorts } from '../support/process.ts';

const once = { retries: 0 };

const authority = createAuthority();
const tls = authority.issue({ names: ['127.0.0.1'] });

/** Node's client speaks to a server that cannot know HTTP/2, undici's to any other. */
const clients = [
  {
    client: "Node's",
    server: {},
    config: {},
    closed: 'ECONNRESET',
    overflow: 'HPE_HEADER_OVERFLOW',
    unwritten: 'ERR_INVALID_HTTP_TOKEN',
  },
  {
    client: "undici's",
    server: { tls },
    config: { tls_config: { insecure_skip_verify: false, ca: inline(authority.cert) } },
    closed: 'UND_ERR_SOCKET',
    overflow: 'UND_ERR_HEADERS_OVERFLOW',
    unwritten: 'UND_ERR_INVALID_ARG',
  },
];

describe.each(clients)('by $client client, an answer that does not come whole', (by) => {
  test.each([
    ['shorter than its length', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345', '5 of 10'],
    ['cut between chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n12345\r\n', '5'],
    ['cut within a chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\n12345', '5'],
    ['without any of its body', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n', '0 of 10'],
  ])('is unreachable, and says how much came: %s', async (_, text, bytes) => {
    await using server = await startRawServer((socket) => socket.end(text), by.server);
    await using client = await openTestClient(by.config, once);
    expect(await failure(client.request(get(server)))).toEqual({
      kind: 'unreachable',
      message: `GET ${server.url}: the answer was cut off after ${bytes} bytes of the answer`,
    });
  });

  test('is unreachable when the server hangs up without a word', async () => {
    await using server = await startRawServer((socket) => socket.once('data', () => socket.end()), by.server);
    await using client = await openTestClient(by.config, once);
    expect(await failure(client.request(get(server)))).toEqual({
      kind: 'unreachable',
      message: `GET ${server.url}: the connection was closed before an answer came (${by.closed})`,
    });
  });

  test('is malformed when it is not HTTP', async () => {
    await using server = await startRawServer((socket) => socket.end('SSH-2.0-OpenSSH_9.9\r\n'), by.server);
    await using client = await openTestClient(by.config);
    expect(await failure(client.request(get(server)))).toEqual({
      kind: 'malformed',
      message: `GET ${server.url}: the answer is not HTTP`,
    });
    expect(server.accepted()).toBe(1);
  });

  test('is too large when its headers are', async () => {
    await using server = await startRawServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      socket.write(`x-fill: ${'x'.repeat(100_000)}\r\n\r\n`);
    }, by.server);
    await using client = await openTestClient(by.config);
    expect(await failure(client.request(get(server)))).toEqual({
      kind: 'too-large',
      message: `GET ${server.url}: the answer's headers are over the limit (${by.overflow})`,
    });
  });
});

test.each(clients)('by $client client, a request that cannot be written is not sent', async (by) => {
  await using server = await startRawServer(() => {}, by.server);
  await using client = await openTestClient(by.config);
  const request = get(server, '/', { headers: { 'no token': '' } });
  expect(await failure(client.request(request))).toEqual({
    kind: 'internal',
    message: `GET ${server.url}: the request cannot be written (${by.unwritten})`,
  });
});

describe('an answer that does not come', () => {
  test('is unreachable when the connection is reset in the middle', async () => {
    await using server = await startRawServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345');
      socket.once('data', () => setTimeout(() => socket.resetAndDestroy(), 50));
    });
    await using client = await openTestClient({}, once);
    expect(await failure(client.request(get(server)))).toEqual({
      kind: 'unreachable',
      message: `GET ${server.url}: the answer was cut off after 5 of 10 bytes of the answer`,
    });
  });

  test('is unreachable when nothing listens', async () => {
    const [port] = await freePorts(1);
    const url = new URL(`http://127.0.0.1:${port}/`);
    await using client = await openTestClient({}, once);
    expect(await failure(client.request(get({ url })))).toEqual({
      kind: 'unreachable',
      message: `GET ${url}: the connection was refused: nothing listens there (ECONNREFUSED)`,
    });
  });
});

describe('an answer over its limit', () => {
  test('is refused by its length alone, before anything of it is read', async () => {
    let written = 0;
    await using server = await startRawServer((socket) => {
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${2 ** 30}\r\n\r\n`);
        const fill = Buffer.alloc(65_536);
        const pour = () => {
          while (!socket.destroyed && written < 2 ** 30) {
            written += fill.length;
            if (!socket.write(fill)) return socket.once('drain', pour);
          }
          return socket;
        };
        pour();
      });
    });
    await using client = await openTestClient();
    expect(await failure(client.request(get(server)))).toEqual({
      kind: 'too-large',
      message: `GET ${server.url}: the answer is over the limit of 268435456 bytes (it has 1073741824 bytes)`,
    });
    // What the kernel's buffers take, and no more.
    expect(written).toBeLessThan(64 * 2 ** 20);
  });

  test('is refused where it passes the limit when it has no length, and its connection ends', async () => {
    await using server = await startHttpServer((_, response) => {
      const pour = () => {
        while (response.write('0123456789'));
        response.once('drain', pour);
      };
      pour();
    });
    await using client = await openTestClient();
    expect(await failure(client.request(get(server, '/endless', { maxBytes: 1_000_000 })))).toEqual({
      kind: 'too-large',
      message: `GET ${server.url}endless: the answer is over the limit of 1000000 bytes`,
    });
    expect(server.requests.length).toBe(1);
  });

  test('a body of exactly the limit is read', async () => {
    await using server = await startHttpServer(({ url }, response) => {
      if (url === '/declared') response.setHeader('content-length', 5);
      else response.write('');
      response.end('12345');
    });
    await using client = await openTestClient();
    for (const path of ['/declared', '/chunked'])
      expect((await client.request(get(server, path, { maxBytes: 5 }))).body).toEqual(Buffer.from('12345'));
    expect(await failure(client.request(get(server, '/chunked', { maxBytes: 4 })))).toMatchObject({
      kind: 'too-large',
    });
    expect(await failure(client.request(get(server, '/declared', { maxBytes: 4 })))).toMatchObject({
      kind: 'too-large',
    });
  });

  test('an error keeps its status however long its page is', async () => {
    await using server = await startHttpServer((_, response) => {
      response.writeHead(500, { 'content-type': 'text/plain' });
      response.end('x'.repeat(10_000_000));
    });
    await using client = await openTestClient();
    expect(await failure(client.request(get(server)))).toEqual({
      kind: 'status',
      status: 500,
      message: `GET ${server.url}: HTTP 500 Internal Server Error: ${'x'.repeat(200)}…`,
    });
  });
});

describe('a deadline', () => {
  test.each([
    ['while the answer does not begin', '', 'while waiting for the answer'],
    ['while its headers do not end', 'HTTP/1.1 200 OK\r\nx-slow: ', 'while waiting for the answer'],
    [
      'while the body stalls',
      'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n1234',
      'after 4 of 9 bytes of the answer',
    ],
  ])('that passes %s says so', async (_, text, howFar) => {
    const { signal, pass } = createDeadline();
    await using server = await startRawServer((socket) =>
      socket.once('data', () => socket.write(text, pass)),
    );
    await using client = await openTestClient();
    expect(await failure(client.request(get(server, '/', { signal })))).toEqual({
      kind: 'timeout',
      message: `GET ${server.url}: the deadline passed ${howFar}`,
    });
    expect(server.accepted()).toBe(1);
  });

  test('that passes before TLS stands says so', async () => {
    const { signal, pass } = createDeadline();
    await using server = await startRawServer(pass);
    await using client = await openTestClient();
    const url = new URL(`https://127.0.0.1:${server.port}/`);
    expect(await failure(client.request(get({ url }, '/', { signal })))).toEqual({
      kind: 'timeout',
      message: `GET ${url}: the deadline passed before there was a connection`,
    });
  });

  test('that has passed sends nothing', async () => {
    await using server = await startHttpServer((_, response) => response.end());
    await using client = await openTestClient();
    expect(await failure(client.request(get(server, '/', { signal: AbortSignal.abort() })))).toEqual({
      kind: 'timeout',
      message: `GET ${server.url}: the deadline passed before the request was sent`,
    });
    await using ended = await openTestClient({}, { signal: AbortSignal.abort() });
    expect(await failure(ended.request(get(server)))).toMatchObject({ kind: 'timeout' });
    expect(server.accepted()).toBe(0);
  });

  test('is not a listener that stays', async () => {
    await using server = await startHttpServer(({ url }, response) => {
      response.statusCode = url === '/bad' ? 500 : 200;
      response.end();
    });
    const cycle = new AbortController().signal;
    const own = new AbortController().signal;
    await using client = await openTestClient({}, { signal: cycle });
    for (const path of ['/good', '/bad', '/good'])
      await client.request(get(server, path, { signal: own })).catch(() => {});
    expect([cycle, own].map((signal) => getEventListeners(signal, 'abort').length)).toEqual([0, 0]);
  });
});

describe('silence', () => {
  test.each([
    ['before the answer', '', 'while waiting for the answer'],
    ['within the body', 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n12', 'after 2 of 9 bytes of the answer'],
  ])('%s ends the request without any deadline', async (_, text, howFar) => {
    await using server = await startRawServer((socket) => socket.once('data', () => socket.write(text)));
    await using client = await openTestClient({}, { idleTimeoutMs: 3000 });
    expect(await failure(client.request(get(server)))).toEqual({
      kind: 'timeout',
      message: `GET ${server.url}: nothing came for 3000 ms, ${howFar}`,
    });
  });

  test('shorter than the limit, over and over, does not', async () => {
    await using server = await startHttpServer((_, response) => {
      let left = 25;
      const drip = setInterval(() => {
        response.write('.');
        if (--left === 0) {
          clearInterval(drip);
          response.end();
        }
      }, 100);
    });
    await using client = await openTestClient({}, { idleTimeoutMs: 2000 });
    expect((await client.request(get(server))).body).toEqual(Buffer.from('.'.repeat(25)));
  });

  test('instead of a connection is unreachable', async () => {
    await using server = await startRawServer(() => {});
    await using client = await openTestClient({}, { connectTimeoutMs: 120, retries: 0 });
    const url = new URL(`https://127.0.0.1:${server.port}/`);
    expect(await failure(client.request(get({ url })))).toEqual({
      kind: 'unreachable',
      message: `GET ${url}: no connection to the host within 120 ms`,
    });
  });
});

test('closing ends what is under way: requests, connections, handshakes', async () => {
  await using server = await startRawServer((socket) => socket.resume());
  const client = await openTestClient();
  const asked = failure(client.request(get(server, '/slow')));
  const shaking = failure(client.request(get({ url: new URL(`https://127.0.0.1:${server.port}/`) })));
  while (server.accepted() < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  await client[Symbol.asyncDispose]();
  expect([await asked, await shaking]).toEqual([
    { kind: 'internal', message: `GET ${server.url}slow: the client is closed` },
    { kind: 'internal', message: `GET https://127.0.0.1:${server.port}/: the client is closed` },
  ]);
  while (server.connections() > 0) await new Promise((resolve) => setTimeout(resolve, 5));
});

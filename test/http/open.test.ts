import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import type { Credential, ReadCredential } from '../../lib/config/secret.ts';
import { openHttpClient } from '../../lib/http/client.ts';
import { failure, get, inline, openTestClient, plainConfig } from '../support/http-client.ts';
import { type SeenRequest, startHttpServer } from '../support/http-server.ts';

/** The values of a header as they were sent, one by one. */
function valuesOf({ rawHeaders }: SeenRequest, name: string): readonly string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
}

describe('a request', () => {
  test('is sent as it is told, with a user agent and without asking for compression', async () => {
    await using server = await startHttpServer((_, response) => response.end('[]'));
    await using client = await openTestClient();
    const url = new URL('v1/kv/a%2Fb?stale&dc=eu west', server.url);
    await client.request({
      url,
      method: 'POST',
      headers: { 'X-Consul-Index': '7' },
      body: '{"é":1}',
      signal: AbortSignal.timeout(20_000),
    });
    expect(server.requests).toEqual([
      expect.objectContaining({
        method: 'POST',
        url: '/v1/kv/a%2Fb?stale&dc=eu%20west',
        version: '1.1',
        body: '{"é":1}',
        headers: {
          host: `127.0.0.1:${server.port}`,
          connection: 'keep-alive',
          'accept-encoding': 'identity',
          'user-agent': 'muster/test',
          'x-consul-index': '7',
          'content-length': '8',
        },
      }),
    ]);
  });

  test('gets the whole answer, of a repeated header the first value', async () => {
    await using server = await startHttpServer((_, response) => {
      response.writeHead(203, [
        'X-Consul-Index',
        '12',
        'Set-Cookie',
        'a=1',
        'Set-Cookie',
        'b=2',
        'Date',
        'now',
      ]);
      response.end(Buffer.from([0, 255, 7]));
    });
    await using client = await openTestClient();
    expect(await client.request(get(server))).toEqual({
      status: 203,
      headers: {
        'x-consul-index': '12',
        'set-cookie': 'a=1',
        date: 'now',
        connection: 'keep-alive',
        'keep-alive': 'timeout=5',
        'transfer-encoding': 'chunked',
      },
      body: new Uint8Array([0, 255, 7]),
    });
  });

  test('goes over one connection after the other, which ends when the client is closed', async () => {
    await using server = await startHttpServer((_, response) => response.end('[]'));
    const client = await openTestClient();
    for (const path of ['/1', '/2', '/3']) await client.request(get(server, path));
    const open = server.connections();
    await client[Symbol.asyncDispose]();
    await client[Symbol.asyncDispose]();
    expect([server.accepted(), open]).toEqual([1, 1]);
    expect(await failure(client.request(get(server)))).toEqual({
      kind: 'internal',
      message: `GET ${server.url}: the client is closed`,
    });
  });

  test('does not wait for another one: it has a connection of its own, which later ones use too', async () => {
    const waiting: (() => void)[] = [];
    await using server = await startHttpServer((_, response) => {
      waiting.push(() => response.end('[]'));
      // Each pair is answered when both have come.
      if (waiting.length === 2) for (const answer of waiting.splice(0)) answer();
    });
    await using client = await openTestClient();
    for (const pair of [1, 2, 3])
      await Promise.all([client.request(get(server, `/a${pair}`)), client.request(get(server, `/b${pair}`))]);
    expect([server.accepted(), server.requests.length]).toEqual([2, 6]);
  });

  test('goes to a Unix socket where one is named, whatever its host and the proxy', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'muster-'));
    const socketPath = join(folder, 'docker.sock');
    try {
      await using _server = await startHttpServer((seen, response) => response.end(seen.headers.host), {
        socketPath,
      });
      await using client = await openTestClient(
        { proxy_url: new URL('http://127.0.0.1:9') },
        { unixSocket: socketPath },
      );
      const { body } = await client.request(get({ url: new URL('http://docker/') }, '/info'));
      expect(Buffer.from(body).toString()).toBe('docker');
      await using lost = await openTestClient({}, { unixSocket: join(folder, 'none.sock'), retries: 0 });
      expect(await failure(lost.request(get({ url: new URL('http://docker/') }, '/info')))).toEqual({
        kind: 'unreachable',
        message: `GET http://docker/info: socket ${folder}/none.sock: there is no such socket (ENOENT)`,
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('is not sent to anything but http and https', async () => {
    await using client = await openTestClient();
    expect(await failure(client.request(get({ url: new URL('ftp://example.org/') })))).toEqual({
      kind: 'config',
      message: 'GET ftp://example.org/: the URL must begin with http:// or https://',
    });
  });
});

describe('credentials', () => {
  test.each([
    [
      'basic_auth',
      { basic_auth: { username: inline('ä'), password: inline('p:w') } },
      `Basic ${btoa('Ã¤:p:w')}`,
    ],
    ['basic_auth without a password', { basic_auth: { username: inline('me') } }, `Basic ${btoa('me:')}`],
    ['authorization', { authorization: { type: 'Bearer', credentials: inline('t0k') } }, 'Bearer t0k'],
    ['authorization without credentials', { authorization: { type: 'Negotiate' } }, 'Negotiate'],
  ])('of %s go into the header Authorization', async (_, config, sent) => {
    await using server = await startHttpServer((_, response) => response.end());
    await using client = await openTestClient(config);
    await client.request(get(server));
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([sent]);
  });

  test("of the URL itself are used where there are no others, and never win over the request's own", async () => {
    await using server = await startHttpServer((_, response) => response.end());
    await using plain = await openTestClient();
    const url = new URL('/', server.url);
    url.username = 'us%20er';
    url.password = 'p%40ss';
    await plain.request(get({ url }));
    await using basic = await openTestClient({ basic_auth: { username: inline('me') } });
    await basic.request(get({ url }));
    await basic.request(get({ url }, '/', { headers: { Authorization: 'Own' } }));
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
      `Basic ${btoa('us er:p@ss')}`,
      `Basic ${btoa('me:')}`,
      'Own',
    ]);
  });

  test("http_headers carry all their values, in UTF-8, beside the request's own", async () => {
    await using server = await startHttpServer((_, response) => response.end());
    await using client = await openTestClient({
      http_headers: { 'X-Scope': [inline('a'), inline('b, c')], 'X-Name': [inline('é')] },
    });
    await client.request(get(server, '/', { headers: { 'x-scope': 'own' } }));
    await client.request(get(server, '/', { method: 'POST', body: 'é', headers: { 'x-scope': 'own' } }));
    expect(
      server.requests.map((seen) => [valuesOf(seen, 'x-scope'), valuesOf(seen, 'x-name'), seen.body]),
    ).toEqual([
      [['own', 'a', 'b, c'], [Buffer.from('é').toString('latin1')], ''],
      [['own', 'a', 'b, c'], [Buffer.from('é').toString('latin1')], 'é'],
    ]);
  });

  test('are read anew by each client', async () => {
    await using server = await startHttpServer((_, response) => response.end());
    const read: Credential[] = [];
    const readCredential: ReadCredential = async (credential) => `token-${read.push(credential)}`;
    const credentials: Credential = { from: 'file', path: '/run/token' };
    for (const _ of [1, 2]) {
      await using client = await openTestClient(
        { authorization: { type: 'Bearer', credentials } },
        { readCredential },
      );
      await client.request(get(server));
      await client.request(get(server));
    }
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer token-1',
      'Bearer token-1',
      'Bearer token-2',
      'Bearer token-2',
    ]);
  });

  test('that would break out of their header are refused before anything is sent', async () => {
    await using server = await startHttpServer((_, response) => response.end());
    const injected = [inline('x\r\nX-Evil: 1')];
    expect(await failure(openTestClient({ http_headers: { 'X-Scope': injected } }))).toEqual({
      kind: 'config',
      message: 'http_headers.X-Scope: holds a control character, which a header cannot carry',
    });
    await using client = await openTestClient({
      authorization: { type: 'Bearer', credentials: inline('a\nb') },
    });
    expect(await failure(client.request(get(server)))).toEqual({
      kind: 'config',
      message: `GET ${server.url}: the credentials: holds a control character, which a header cannot carry`,
    });
    expect(server.requests).toEqual([]);
  });

  test('that cannot be read keep the client from opening', async () => {
    const signal = new AbortController().signal;
    const readCredential: ReadCredential = async () => {
      throw new Error('no such file');
    };
    await expect(
      openHttpClient(
        { ...plainConfig, basic_auth: { password: { from: 'file', path: '/none' } } },
        { readCredential, userAgent: 'muster', signal },
      ),
    ).rejects.toThrow('no such file');
  });
});

describe('getJson', () => {
  test('asks for JSON and gives what the schema makes of it', async () => {
    await using server = await startHttpServer((_, response) =>
      response.end('\ufeff{"apps": [{"id": "/a", "x": 1}]}'),
    );
    await using client = await openTestClient();
    const schema = z.object({ apps: z.array(z.object({ id: z.string() })) });
    expect(await client.getJson(get(server), schema)).toEqual({ apps: [{ id: '/a' }] });
    await client.getJson(get(server, '/', { headers: { accept: 'application/vnd.x+json' } }), schema);
    expect(server.requests.map(({ headers }) => headers.accept)).toEqual([
      'application/json',
      'application/vnd.x+json',
    ]);
  });

  test('names the request in its errors, without credentials and query', async () => {
    await using server = await startHttpServer((_, response) => response.end('{"apps": 1}'));
    await using client = await openTestClient();
    const url = new URL(`http://user:pw@127.0.0.1:${server.port}/v2/apps?token=abcd#x`);
    expect(
      await failure(client.getJson(get({ url }, url.href), z.object({ apps: z.array(z.any()) }))),
    ).toEqual({
      kind: 'malformed',
      message: `GET http://127.0.0.1:${server.port}/v2/apps: unexpected JSON: apps: expected array, received number`,
    });
  });
});

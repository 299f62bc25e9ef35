import { describe, expect, test } from '@jest/globals';
import { createAuthority } from '../support/certificates.ts';
import { createDeadline, failure, get, inline, openTestClient } from '../support/http-client.ts';
import { startHttp2Server, startHttpServer } from '../support/http-server.ts';

const authority = createAuthority();
const good = authority.issue({ names: ['127.0.0.1'] });
const ca = inline(authority.cert);

describe('HTTP/2', () => {
  const http2 = (enabled: boolean) => ({
    enable_http2: enabled,
    tls_config: { insecure_skip_verify: false, ca },
    http_headers: { 'X-Scope': [inline('a'), inline('b')] },
  });

  test('is spoken where it is enabled and offered, over one connection', async () => {
    const big = 'x'.repeat(3_000_000);
    await using server = await startHttp2Server((_, response) => response.end(big), {
      tls: good,
      onlyHttp2: true,
    });
    await using client = await openTestClient(http2(true));
    const bodies = await Promise.all(
      ['/1', '/2', '/3'].map(async (path) => (await client.request(get(server, path))).body.length),
    );
    expect(bodies).toEqual([big.length, big.length, big.length]);
    expect(server.requests.map(({ version, headers }) => [version, headers['x-scope']])).toEqual([
      ['2.0', 'a, b'],
      ['2.0', 'a, b'],
      ['2.0', 'a, b'],
    ]);
    expect(server.accepted()).toBe(1);
  });

  test.each([
    ['where it is off', false, true],
    ['where the server only speaks HTTP/1.1', true, false],
  ])('gives way to HTTP/1.1 %s', async (_, enabled, offered) => {
    await using server = offered
      ? await startHttp2Server((_, response) => response.end('ok'), { tls: good })
      : await startHttpServer((_, response) => response.end('ok'), { tls: good });
    await using client = await openTestClient(http2(enabled));
    await client.request(get(server));
    expect(server.requests.map(({ version }) => version)).toEqual(['1.1']);
  });

  test('keeps deadlines, limits and statuses', async () => {
    const { signal, pass } = createDeadline();
    await using server = await startHttp2Server(
      ({ url }, response) => {
        if (url === '/denied') response.writeHead(403, { 'content-type': 'text/plain' }).end('no');
        else response.writeHead(200, url === '/large' ? { 'content-length': 999_999 } : {});
        if (url === '/cut') response.write('12345', () => response.stream.close(2));
        if (url === '/stall') response.write('12345', pass);
      },
      { tls: good },
    );
    await using client = await openTestClient(http2(true), { retries: 0 });
    await using impatient = await openTestClient(http2(true), { retries: 0, idleTimeoutMs: 3000 });
    expect([
      await failure(client.request(get(server, '/denied'))),
      await failure(client.request(get(server, '/large', { maxBytes: 1000 }))),
      await failure(client.request(get(server, '/stall', { signal }))),
      await failure(impatient.request(get(server, '/stall'))),
      await failure(client.request(get(server, '/cut'))),
    ]).toEqual([
      {
        kind: 'denied',
        status: 403,
        message: `GET ${server.url}denied: HTTP 403 Forbidden: no: check what the credentials allow`,
      },
      {
        kind: 'too-large',
        message: `GET ${server.url}large: the answer is over the limit of 1000 bytes (it has 999999 bytes)`,
      },
      { kind: 'timeout', message: `GET ${server.url}stall: the deadline passed after 5 bytes of the answer` },
      {
        kind: 'timeout',
        message: `GET ${server.url}stall: nothing came for 3000 ms, after 5 bytes of the answer`,
      },
      {
        kind: 'unreachable',
        message: `GET ${server.url}cut: the answer was cut off after 5 bytes of the answer`,
      },
    ]);
  });
});

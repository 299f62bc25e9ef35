import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import type { HttpClientConfig } from '../../lib/config/http-client.ts';
import { createAuthority } from '../support/certificates.ts';
import { get, inline, openTestClient } from '../support/http-client.ts';
import { type Respond, type SeenRequest, startHttpServer, startRawServer } from '../support/http-server.ts';
import { startProxy } from '../support/proxy-server.ts';

const canaries = {
  password: 'canary-passw0rd/+',
  token: 'canary-t0ken.abc',
  header: 'canary-header',
  url: 'canary-url-pw',
  query: 'canary-query',
  own: 'canary-consul-token',
  client: 'canary-client&secret',
  issued: 'canary-issued-token',
  proxy: 'canary-proxy-pw',
  tunnel: 'canary-tunnel',
  param: 'canary-endpoint-param',
} as const;

/** Everything that an error shows, its causes and their properties included. */
function shown(error: unknown): string {
  return inspect(error, { depth: 20, showHidden: true });
}

function leaks(text: string): readonly string[] {
  return Object.values(canaries).filter((secret) =>
    [
      secret,
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64').replace(/=+$/, '').slice(0, -2),
    ].some((form) => text.includes(form)),
  );
}

/** Says back all that it was sent, as a debugging proxy or a careless server does. */
const echo =
  (status: number, type: string): Respond =>
  (seen, response) => {
    response.writeHead(status, {
      'content-type': type,
      'x-echo': oneLine(seen),
      location: `http://${canaries.own}.example/${oneLine(seen)}`,
    });
    response.end(type === 'application/json' ? JSON.stringify({ message: oneLine(seen) }) : oneLine(seen));
  };

function oneLine({ url, rawHeaders, body }: SeenRequest): string {
  return [url, ...rawHeaders, body].join(' ').replace(/[^\x20-\x7e]/g, '?');
}

const everywhere: Partial<HttpClientConfig> = {
  http_headers: { 'X-Api-Key': [inline(canaries.header)] },
  proxy_connect_header: { 'X-Tunnel': [inline(canaries.tunnel)] },
};

const schemes: [string, Partial<HttpClientConfig>][] = [
  ['basic_auth', { basic_auth: { username: inline('me'), password: inline(canaries.password) } }],
  ['authorization', { authorization: { type: 'Bearer', credentials: inline(canaries.token) } }],
  ['the URL', {}],
];

const asked = { headers: { 'X-Consul-Token': canaries.own } };

function secretUrl(base: URL): URL {
  const url = new URL(`/v1?token=${canaries.query}`, base);
  url.username = 'me';
  url.password = canaries.url;
  return url;
}

/** All that a failing request shows of itself. */
async function failing(base: URL, config: Partial<HttpClientConfig>): Promise<string> {
  await using client = await openTestClient({ ...everywhere, ...config }, { retries: 1, idleTimeoutMs: 200 });
  const url = secretUrl(base);
  const errors = await Promise.all([
    client.request(get({ url }, url.href, asked)).catch(shown),
    client
      .getJson(get({ url }, url.href, { ...asked, expect: [302] }), z.object({ a: z.string() }))
      .catch(shown),
    client.request(get({ url }, url.href, { ...asked, maxBytes: 1 })).catch(shown),
  ]);
  for (const error of errors) if (typeof error === 'string') expect(error).toContain('MusterError');
  return errors.filter((error) => typeof error === 'string').join('\n');
}

describe.each(schemes)('credentials of %s', (_, config) => {
  test.each([
    [200, 'application/json'],
    [200, 'text/html'],
    [302, 'text/plain'],
    [400, 'text/plain'],
    [403, 'application/json'],
    [503, 'text/plain'],
  ])('stay out of errors when the server echoes them with %d and %s', async (status, type) => {
    await using server = await startHttpServer(echo(status, type));
    const text = await failing(server.url, config);
    expect([leaks(server.requests.map(oneLine).join()).length > 0, leaks(text)]).toEqual([true, []]);
  });

  test.each([
    ['not HTTP', (echoed: string) => `${echoed}\r\n\r\n`],
    ['cut off', (echoed: string) => `HTTP/1.1 200 OK\r\ncontent-length: 100000\r\nx: y\r\n\r\n${echoed}`],
    [
      'a bad header',
      (echoed: string) => `HTTP/1.1 200 OK\r\nbad ${echoed.replaceAll(/\s/g, ' ')}: 1\r\n\r\n`,
    ],
  ])('stay out of errors when the answer is %s', async (_, answer) => {
    await using server = await startRawServer((socket) =>
      socket.once('data', (request) => socket.end(answer(request.toString()))),
    );
    expect(leaks(await failing(server.url, config))).toEqual([]);
  });

  test('stay out of errors when there is no connection', async () => {
    await using silent = await startRawServer((socket) => socket.resume());
    const gone = await startHttpServer(() => {});
    await gone[Symbol.asyncDispose]();
    const tls = await startHttpServer(() => {}, { tls: createAuthority().issue({ names: ['x'] }) });
    await using _closed = tls;
    for (const { url } of [silent, gone, tls]) expect(leaks(await failing(url, config))).toEqual([]);
  });

  test('stay out of errors when the proxy refuses', async () => {
    await using proxy = await startProxy({ refuse: 407 });
    const proxy_url = new URL(proxy.url);
    proxy_url.username = 'me';
    proxy_url.password = canaries.proxy;
    const text = await failing(new URL('https://consul.example'), { ...config, proxy_url });
    expect(leaks(text)).toEqual([]);
    expect(proxy.seen[0]?.headers['x-tunnel']).toBe(canaries.tunnel);
  });
});

test.each([200, 400, 401, 500])(
  'OAuth 2 secrets and tokens stay out of errors: token endpoint %d',
  async (status) => {
    await using endpoint = await startHttpServer((seen, response) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ access_token: canaries.issued, error: oneLine(seen) }));
    });
    await using server = await startHttpServer(echo(400, 'text/plain'));
    const text = await failing(server.url, {
      oauth2: {
        client_id: 'muster',
        client_secret: inline(canaries.client),
        grant_type: 'client_credentials',
        signature_algorithm: 'RS256',
        claims: {},
        scopes: [],
        token_url: new URL('/token', endpoint.url),
        endpoint_params: { password: canaries.param },
        tls_config: { insecure_skip_verify: false },
        proxy_from_environment: false,
        proxy_connect_header: {},
      },
    });
    expect([text.includes('HTTP 4') || text.includes('HTTP 5'), leaks(text)]).toEqual([true, []]);
  },
);

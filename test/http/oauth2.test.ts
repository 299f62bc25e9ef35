import { generateKeyPairSync, verify } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { OAuth2Config } from '../../lib/config/http-client.ts';
import { createAuthority } from '../support/certificates.ts';
import { createDeadline, failure, get, inline, openTestClient } from '../support/http-client.ts';
import { type Respond, startHttpServer, type TestHttpServer } from '../support/http-server.ts';
import { startProxy } from '../support/proxy-server.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const privateKey = rsa.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();

function oauth2(endpoint: TestHttpServer, more: Partial<OAuth2Config> = {}): OAuth2Config {
  return {
    client_id: 'muster:1',
    client_secret: inline('s3cret&'),
    grant_type: 'client_credentials',
    signature_algorithm: 'RS256',
    claims: {},
    scopes: [],
    token_url: new URL('/token', endpoint.url),
    endpoint_params: {},
    tls_config: { insecure_skip_verify: false },
    proxy_from_environment: false,
    proxy_connect_header: {},
    ...more,
  };
}

/** Gives `token-1`, `token-2`, … each for the given seconds. */
function issuing(seconds?: number | string, type?: string): Respond {
  let count = 0;
  return (_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ access_token: `token-${++count}`, token_type: type, expires_in: seconds }));
  };
}

const ok: Respond = (_, response) => response.end('ok');

const authorizations = (server: TestHttpServer) =>
  server.requests.map(({ headers }) => headers.authorization);
const forms = (server: TestHttpServer) =>
  server.requests.map(({ body }) => Object.fromEntries(new URLSearchParams(body)));

describe('client_credentials', () => {
  test('asks once for a token, the secret in the header, and uses it for all requests', async () => {
    await using endpoint = await startHttpServer(issuing(3600, 'bearer'));
    await using server = await startHttpServer(ok);
    await using client = await openTestClient({
      oauth2: oauth2(endpoint, {
        scopes: ['read', 'list'],
        endpoint_params: { audience: 'consul', resource: 'a b' },
      }),
    });
    await Promise.all(['/1', '/2'].map((path) => client.request(get(server, path))));
    await client.request(get(server, '/3'));
    expect(authorizations(server)).toEqual(['Bearer token-1', 'Bearer token-1', 'Bearer token-1']);
    expect(endpoint.requests).toEqual([
      expect.objectContaining({
        method: 'POST',
        url: '/token',
        headers: expect.objectContaining({
          authorization: `Basic ${btoa('muster%3A1:s3cret%26')}`,
          'content-type': 'application/x-www-form-urlencoded',
          'user-agent': 'muster/test',
        }),
      }),
    ]);
    expect(forms(endpoint)).toEqual([
      { grant_type: 'client_credentials', scope: 'read list', audience: 'consul', resource: 'a b' },
    ]);
  });

  test('puts the secret into the form for servers that do not take the header, from then on', async () => {
    let refused = 0;
    await using endpoint = await startHttpServer((seen, response) => {
      if (seen.headers.authorization === undefined) return issuing(1)(seen, response);
      refused++;
      response.writeHead(401).end();
    });
    await using server = await startHttpServer(ok);
    await using client = await openTestClient({ oauth2: oauth2(endpoint) });
    await client.request(get(server));
    await client.request(get(server));
    const inForm = { grant_type: 'client_credentials', client_id: 'muster:1', client_secret: 's3cret&' };
    expect([refused, ...forms(endpoint)]).toEqual([1, { grant_type: 'client_credentials' }, inForm, inForm]);
  });

  test.each([
    ['shortly before it expires', 9, ['Bearer token-1', 'Bearer token-2']],
    ['not before', 3600, ['Bearer token-1', 'Bearer token-1']],
    ['not before, with its time as text', '3600', ['Bearer token-1', 'Bearer token-1']],
    ['not at all where it has no end', undefined, ['Bearer token-1', 'Bearer token-1']],
  ])('fetches a new token %s', async (_, seconds, expected) => {
    await using endpoint = await startHttpServer(issuing(seconds));
    await using server = await startHttpServer(ok);
    await using client = await openTestClient({ oauth2: oauth2(endpoint) });
    await client.request(get(server));
    await client.request(get(server));
    expect(authorizations(server)).toEqual(expected);
  });

  test('uses the type of the token', async () => {
    await using endpoint = await startHttpServer(issuing(60, 'MAC'));
    await using server = await startHttpServer(ok);
    await using client = await openTestClient({ oauth2: oauth2(endpoint) });
    await client.request(get(server));
    expect(authorizations(server)).toEqual(['MAC token-1']);
  });

  test('lets endpoint_params replace the grant type and nothing else', async () => {
    await using endpoint = await startHttpServer(issuing(60));
    await using server = await startHttpServer(ok);
    await using other = await openTestClient({
      oauth2: oauth2(endpoint, { endpoint_params: { grant_type: 'odd' } }),
    });
    await other.request(get(server));
    expect(forms(endpoint)).toEqual([{ grant_type: 'odd' }]);
    await using bad = await openTestClient({
      oauth2: oauth2(endpoint, { scopes: ['read'], endpoint_params: { scope: 'admin' } }),
    });
    expect(await failure(bad.request(get(server)))).toMatchObject({
      kind: 'config',
      message: expect.stringContaining('oauth2.endpoint_params.scope: cannot be replaced'),
    });
  });
});

describe('the JWT bearer grant', () => {
  const grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

  test.each([
    ['RS256', 'sha256'],
    ['RS384', 'sha384'],
    ['RS512', 'sha512'],
  ] as const)('signs its assertion by %s', async (signature_algorithm, digest) => {
    await using endpoint = await startHttpServer(issuing(3600));
    await using server = await startHttpServer(ok);
    await using client = await openTestClient({
      oauth2: oauth2(endpoint, {
        grant_type,
        signature_algorithm,
        client_certificate_key: inline(privateKey),
        client_certificate_key_id: 'key-7',
        scopes: ['read'],
        claims: { tenant: 'x' },
      }),
    });
    await client.request(get(server));
    expect(authorizations(server)).toEqual(['Bearer token-1']);
    const [form] = forms(endpoint);
    const [header = '', claims = '', signature = ''] = form?.assertion?.split('.') ?? [];
    expect(form).toEqual({ grant_type, scope: 'read', assertion: `${header}.${claims}.${signature}` });
    expect(
      verify(digest, Buffer.from(`${header}.${claims}`), rsa.publicKey, Buffer.from(signature, 'base64url')),
    ).toBe(true);
    const decoded = [header, claims].map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()));
    const { iat, exp } = decoded[1];
    expect(decoded).toEqual([
      { alg: signature_algorithm, typ: 'JWT', kid: 'key-7' },
      {
        iss: 'muster:1',
        sub: 'muster:1',
        aud: new URL('/token', endpoint.url).href,
        jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
        iat: expect.any(Number),
        exp: iat + 600,
        scope: 'read',
        tenant: 'x',
      },
    ]);
    expect(Math.abs(exp - 600 - Date.now() / 1000)).toBeLessThan(600);
    expect(endpoint.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  test('takes issuer, audience and claims from the configuration', async () => {
    await using endpoint = await startHttpServer(issuing(3600));
    await using server = await startHttpServer(ok);
    await using client = await openTestClient({
      oauth2: oauth2(endpoint, {
        grant_type,
        client_certificate_key: inline(privateKey),
        iss: 'issuer',
        audience: 'them',
        claims: { sub: 'someone' },
      }),
    });
    await client.request(get(server));
    const [, claims = ''] = forms(endpoint)[0]?.assertion?.split('.') ?? [];
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
      iss: 'issuer',
      aud: 'them',
      sub: 'someone',
    });
  });

  test('needs a key of the right kind, and says so before anything is called', async () => {
    await using endpoint = await startHttpServer(issuing(1));
    const elliptic = createAuthority().key;
    const open = (more: Partial<OAuth2Config>) =>
      openTestClient({ oauth2: oauth2(endpoint, { grant_type, ...more }) });
    const wrong = {
      kind: 'config',
      message: 'oauth2.client_certificate_key: is not an RSA private key in PEM',
    };
    expect([
      await failure(open({})),
      await failure(open({ client_certificate_key: inline('canary') })),
      await failure(open({ client_certificate_key: inline(elliptic) })),
    ]).toEqual([
      { kind: 'config', message: 'oauth2.client_certificate_key: the JWT bearer grant needs it' },
      wrong,
      wrong,
    ]);
    expect(endpoint.accepted()).toBe(0);
  });
});

describe('the token endpoint', () => {
  test('has TLS and proxy settings of its own', async () => {
    const authority = createAuthority();
    await using endpoint = await startHttpServer(issuing(60), {
      tls: authority.issue({ names: ['127.0.0.1'] }),
    });
    await using proxy = await startProxy();
    await using server = await startHttpServer(ok);
    await using client = await openTestClient({
      oauth2: oauth2(endpoint, {
        tls_config: { insecure_skip_verify: false, ca: inline(authority.cert) },
        proxy_url: proxy.url,
        proxy_connect_header: { 'X-Tunnel': [inline('yes')] },
      }),
    });
    await client.request(get(server));
    expect(proxy.seen.map(({ line, headers }) => [line, headers['x-tunnel']])).toEqual([
      [`CONNECT 127.0.0.1:${endpoint.port}`, 'yes'],
    ]);
    await using trustless = await openTestClient({ oauth2: oauth2(endpoint) });
    expect(await failure(trustless.request(get(server)))).toMatchObject({ kind: 'tls' });
    expect(server.requests.length).toBe(1);
  });

  test.each([
    [400, 'denied', 'HTTP 400 Bad Request: invalid_client'],
    [401, 'denied', 'HTTP 401 Unauthorized: invalid_client: check the credentials'],
    [500, 'status', 'HTTP 500 Internal Server Error: invalid_client'],
    [503, 'status', 'HTTP 503 Service Unavailable: invalid_client (tried 3 times)'],
  ])('that answers %d is what the error is about; the backend sees nothing', async (status, kind, said) => {
    await using endpoint = await startHttpServer((_, response) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end('{"error":"invalid_client"}');
    });
    await using server = await startHttpServer(ok);
    await using client = await openTestClient({ oauth2: oauth2(endpoint) });
    expect(await failure(client.request(get(server)))).toEqual({
      kind,
      status,
      message: `GET ${server.url}: no OAuth 2 token: POST ${endpoint.url}token: ${said}`,
    });
    expect(server.requests).toEqual([]);
  });

  test('is asked again after a failure', async () => {
    let broken = true;
    await using endpoint = await startHttpServer((seen, response) => {
      if (!broken) return issuing(60)(seen, response);
      broken = false;
      response.end('{"access_token": ""}');
    });
    await using server = await startHttpServer(ok);
    await using client = await openTestClient({ oauth2: oauth2(endpoint) });
    expect(await failure(client.request(get(server)))).toMatchObject({
      kind: 'malformed',
      message: expect.stringContaining('access_token: '),
    });
    await client.request(get(server));
    expect(authorizations(server)).toEqual(['Bearer token-1']);
  });

  test('that hangs keeps a request no longer than its signal, and the client closes all the same', async () => {
    const { signal, pass } = createDeadline();
    await using endpoint = await startHttpServer(pass);
    await using server = await startHttpServer(ok);
    const client = await openTestClient({ oauth2: oauth2(endpoint) });
    expect(await failure(client.request(get(server, '/', { signal })))).toEqual({
      kind: 'timeout',
      message: `GET ${server.url}: the deadline passed while waiting for an OAuth 2 token`,
    });
    const waiting = failure(client.request(get(server)));
    await client[Symbol.asyncDispose]();
    expect((await waiting).kind).toBe('internal');
  });
});

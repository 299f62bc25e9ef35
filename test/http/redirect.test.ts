import { describe, expect, test } from '@jest/globals';
import { createAuthority } from '../support/certificates.ts';
import { failure, get, inline, openTestClient } from '../support/http-client.ts';
import { type Respond, startHttpServer } from '../support/http-server.ts';

const authority = createAuthority();

/** Answers `/from` with a redirect and everything else with its own path. */
function redirecting(location: string | undefined, status = 302): Respond {
  return ({ url }, response) => {
    if (url === '/from') response.writeHead(status, location === undefined ? {} : { location }).end('moved');
    else response.end(url);
  };
}

describe('a redirect to the same origin', () => {
  test.each([301, 302, 303, 307, 308])('is followed with its headers: %i', async (status) => {
    await using server = await startHttpServer(redirecting('/to?x=1', status));
    await using client = await openTestClient({
      authorization: { type: 'Bearer', credentials: inline('t0ken') },
    });
    const { body } = await client.request(get(server, '/from', { headers: { 'X-Consul-Token': 'canary' } }));
    expect(Buffer.from(body).toString()).toBe('/to?x=1');
    expect(
      server.requests.map(({ url, headers }) => [url, headers['x-consul-token'], headers.authorization]),
    ).toEqual([
      ['/from', 'canary', 'Bearer t0ken'],
      ['/to?x=1', 'canary', 'Bearer t0ken'],
    ]);
    expect(server.accepted()).toBe(1);
  });

  test('keeps the credentials of the URL and takes none from the Location', async () => {
    await using server = await startHttpServer(({ url, headers }, response) => {
      if (url === '/from') response.writeHead(302, { location: `http://evil:evil@${headers.host}/to` }).end();
      else response.end();
    });
    await using client = await openTestClient();
    const url = new URL('/from', server.url);
    url.username = 'me';
    await client.request(get({ url }, url.href));
    expect(server.requests.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ['/from', `Basic ${btoa('me:')}`],
      ['/to', `Basic ${btoa('me:')}`],
    ]);
  });

  test('is followed ten times and not eleven', async () => {
    await using server = await startHttpServer(({ url }, response) => {
      const left = Number(url.slice(1));
      if (left === 0) response.end('there');
      else response.writeHead(302, { location: `/${left - 1}` }).end();
    });
    await using client = await openTestClient();
    expect(Buffer.from((await client.request(get(server, '/10'))).body).toString()).toBe('there');
    expect(await failure(client.request(get(server, '/11')))).toEqual({
      kind: 'redirect',
      message: `GET ${server.url}0: more than 10 redirects`,
    });
  });

  test('an error at its end names the place where it happened', async () => {
    await using server = await startHttpServer(({ url }, response) => {
      if (url === '/from') response.writeHead(302, { location: '/to?secret' }).end();
      else response.writeHead(500).end();
    });
    await using client = await openTestClient();
    expect(await failure(client.request(get(server, '/from')))).toEqual({
      kind: 'status',
      status: 500,
      message: `GET ${server.url}to: HTTP 500 Internal Server Error`,
    });
  });
});

describe('a redirect elsewhere is refused, and nothing is sent there', () => {
  const headers = { 'X-Consul-Token': 'canary-token', 'X-Index': '1' };

  test('another port', async () => {
    await using other = await startHttpServer((_, response) => response.end());
    await using server = await startHttpServer(redirecting(new URL('/steal?q=1', other.url).href));
    await using client = await openTestClient();
    expect(await failure(client.request(get(server, '/from', { headers })))).toEqual({
      kind: 'redirect',
      status: 302,
      message: `GET ${server.url}from: HTTP 302: redirects to another origin, http://127.0.0.1:${other.port}: if that is right, configure its address`,
    });
    expect([other.accepted(), other.requests]).toEqual([0, []]);
  });

  test('another host', async () => {
    await using server = await startHttpServer((seen, response) =>
      redirecting(`http://localhost:${seen.headers.host?.slice(10)}/to`)(seen, response),
    );
    await using client = await openTestClient();
    expect(await failure(client.request(get(server, '/from', { headers })))).toMatchObject({
      kind: 'redirect',
    });
    expect(server.requests.map(({ url }) => url)).toEqual(['/from']);
  });

  test('http instead of https', async () => {
    await using other = await startHttpServer((_, response) => response.end());
    await using server = await startHttpServer(redirecting(other.url.href), {
      tls: authority.issue({ names: ['127.0.0.1'] }),
    });
    await using client = await openTestClient({
      tls_config: { insecure_skip_verify: false, ca: inline(authority.cert) },
    });
    expect(await failure(client.request(get(server, '/from', { headers })))).toMatchObject({
      kind: 'redirect',
    });
    expect(other.accepted()).toBe(0);
  });

  test.each([
    ['http://169.254.169.254/latest/meta-data/?x', 'http://169.254.169.254'],
    ['//169.254.169.254/latest/', 'http://169.254.169.254'],
    ['http://user:pw@metadata.google.internal/', 'http://metadata.google.internal'],
    ['file:///etc/passwd', 'file://'],
    ['http+unix://%2Fvar%2Frun%2Fdocker.sock/info', 'http+unix://%2Fvar%2Frun%2Fdocker.sock'],
    ['http://canary-token.evil.example/', 'http://<secret>.evil.example'],
  ])('%s', async (location, origin) => {
    await using server = await startHttpServer(redirecting(location));
    await using client = await openTestClient();
    expect(await failure(client.request(get(server, '/from', { headers })))).toEqual({
      kind: 'redirect',
      status: 302,
      message: `GET ${server.url}from: HTTP 302: redirects to another origin, ${origin}: if that is right, configure its address`,
    });
  });
});

describe('no redirect is followed', () => {
  test('where follow_redirects is off', async () => {
    await using server = await startHttpServer(redirecting('/to?secret'));
    await using client = await openTestClient({ follow_redirects: false });
    expect(await failure(client.request(get(server, '/from')))).toEqual({
      kind: 'redirect',
      status: 302,
      message: `GET ${server.url}from: HTTP 302: redirects to http://127.0.0.1:${server.port}, and follow_redirects is off`,
    });
    expect(server.requests.length).toBe(1);
  });

  test('of a POST', async () => {
    await using server = await startHttpServer(redirecting('/to'));
    await using client = await openTestClient();
    expect(
      await failure(client.request(get(server, '/from', { method: 'POST', body: 'x', retry: true }))),
    ).toEqual({
      kind: 'redirect',
      status: 302,
      message: `POST ${server.url}from: HTTP 302: a redirect of a POST is not followed`,
    });
    expect(server.requests.length).toBe(1);
  });

  test.each([undefined, 'http://[', 'http://:0:0/'])('whose Location is %j', async (location) => {
    await using server = await startHttpServer(redirecting(location));
    await using client = await openTestClient();
    expect(await failure(client.request(get(server, '/from')))).toEqual({
      kind: 'redirect',
      status: 302,
      message: `GET ${server.url}from: HTTP 302: a redirect without a usable Location`,
    });
  });

  test('that the caller expects to see, nor an answer that is none', async () => {
    await using server = await startHttpServer(redirecting('/to', 302));
    await using client = await openTestClient();
    const { status, headers } = await client.request(get(server, '/from', { expect: [302] }));
    expect([status, headers.location]).toEqual([302, '/to']);
    await using unchanged = await startHttpServer(redirecting('/to', 304));
    expect(await failure(client.request(get(unchanged, '/from')))).toMatchObject({
      kind: 'status',
      status: 304,
    });
  });
});

describe('a secret that the server writes into a redirect', () => {
  const config = { authorization: { type: 'Bearer', credentials: inline('Canary-T0ken') } };

  test('is not shown as the host, in whatever case', async () => {
    await using server = await startHttpServer(redirecting('http://Canary-T0ken.example/x'));
    await using client = await openTestClient(config);
    expect(await failure(client.request(get(server, '/from')))).toEqual({
      kind: 'redirect',
      status: 302,
      message: `GET ${server.url}from: HTTP 302: redirects to another origin, http://<secret>.example: if that is right, configure its address`,
    });
  });

  test('is not shown as the path of the request that follows it', async () => {
    await using server = await startHttpServer(({ url }, response) => {
      if (url === '/from') response.writeHead(302, { location: '/Canary-T0ken' }).end();
      else response.writeHead(500).end();
    });
    await using client = await openTestClient(config);
    expect(await failure(client.request(get(server, '/from')))).toEqual({
      kind: 'status',
      status: 500,
      message: `GET ${server.url}from: HTTP 500 Internal Server Error`,
    });
  });
});

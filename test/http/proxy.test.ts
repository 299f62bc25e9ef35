import { describe, expect, test } from '@jest/globals';
import type { HttpClientConfig } from '../../lib/config/http-client.ts';
import { type Environment, proxyChooser } from '../../lib/http/proxy.ts';
import { createAuthority } from '../support/certificates.ts';
import { failure, get, inline, openTestClient, plainConfig } from '../support/http-client.ts';
import { startHttp2Server, startHttpServer } from '../support/http-server.ts';
import { freePorts } from '../support/process.ts';
import { startProxy } from '../support/proxy-server.ts';

const authority = createAuthority();
const tls = authority.issue({ names: ['127.0.0.1'] });
const trusting = { tls_config: { insecure_skip_verify: false, ca: inline(authority.cert) } };

describe('the choice of a proxy', () => {
  const chosen = (config: Partial<HttpClientConfig>, environment: Environment, url: string) =>
    proxyChooser({ ...plainConfig, ...config }, environment)(new URL(url))?.href;
  const fromEnvironment = (environment: Environment, url: string) =>
    chosen({ proxy_from_environment: true }, environment, url);
  const a = 'http://proxy-a:3128/';
  const b = 'https://proxy-b/';

  test('is proxy_url but for what no_proxy lists; without no_proxy it takes localhost too', () => {
    const proxy_url = new URL(a);
    expect([
      chosen({ proxy_url }, {}, 'https://example.com/'),
      chosen({ proxy_url }, {}, 'http://localhost:8500/'),
      chosen({ proxy_url, no_proxy: '.example.com:443' }, {}, 'https://www.example.com/'),
      chosen({ proxy_url, no_proxy: '.example.com:443' }, {}, 'http://www.example.com/'),
      chosen({ proxy_url, no_proxy: 'x' }, {}, 'http://localhost:8500/'),
      chosen({ proxy_url, no_proxy: 'fd00::1' }, {}, 'http://[fd00::1]:8500/'),
    ]).toEqual([a, a, undefined, a, undefined, undefined]);
  });

  test('leaves the environment alone unless told to use it', () => {
    expect(chosen({}, { HTTP_PROXY: a, http_proxy: a }, 'http://example.com/')).toBeUndefined();
  });

  test('comes from the variable of the URL scheme, upper case before lower case', () => {
    const both = { HTTP_PROXY: a, http_proxy: b, https_proxy: b, no_proxy: 'example.org' };
    expect([
      fromEnvironment(both, 'http://example.com/'),
      fromEnvironment(both, 'https://example.com/'),
      fromEnvironment(both, 'https://example.org/'),
      fromEnvironment(both, 'http://127.0.0.1:9/'),
      fromEnvironment({ HTTP_PROXY: a }, 'https://example.com/'),
      fromEnvironment({ HTTP_PROXY: '', http_proxy: b }, 'http://example.com/'),
      fromEnvironment({ HTTP_PROXY: a, NO_PROXY: '', no_proxy: '*' }, 'http://example.com/'),
      fromEnvironment({ HTTP_PROXY: 'proxy-a:3128' }, 'http://example.com/'),
    ]).toEqual([a, b, undefined, undefined, undefined, b, undefined, a]);
  });

  test('never comes from HTTP_PROXY in a CGI program, where a stranger sets it', () => {
    const cgi = { REQUEST_METHOD: 'GET', HTTP_PROXY: a, HTTPS_PROXY: b };
    expect([fromEnvironment(cgi, 'http://e.com/'), fromEnvironment(cgi, 'https://e.com/')]).toEqual([
      undefined,
      b,
    ]);
  });

  test('is refused where it is no proxy, without its credentials', async () => {
    const socks = new URL('socks5://user:canary@proxy:1080');
    expect([
      await failure(openTestClient({ proxy_url: socks })),
      await failure(
        openTestClient({ proxy_from_environment: true }, { environment: { HTTPS_PROXY: 'http://[' } }),
      ),
    ]).toEqual([
      {
        kind: 'config',
        message: 'proxy_url: socks5://proxy:1080 is not supported: use an http or https proxy',
      },
      { kind: 'config', message: "the environment's HTTPS_PROXY is not the URL of a proxy" },
    ]);
  });
});

describe('a proxy', () => {
  const connectHeader = { proxy_connect_header: { 'X-Tunnel': [inline('one'), inline('two')] } };

  test('gets plain requests whole, with its credentials and without the headers for CONNECT', async () => {
    await using server = await startHttpServer((_, response) => response.end('through'));
    await using proxy = await startProxy();
    const proxy_url = new URL(proxy.url);
    proxy_url.username = 'me';
    proxy_url.password = 'p%40ss';
    await using client = await openTestClient({ proxy_url, ...connectHeader });
    const url = new URL(`/v1?x=1`, server.url);
    url.username = 'consul';
    const { body } = await client.request(get({ url }, url.href));
    expect(Buffer.from(body).toString()).toBe('through');
    expect(proxy.seen).toEqual([
      {
        line: `GET ${server.url}v1?x=1`,
        headers: {
          host: `127.0.0.1:${server.port}`,
          connection: 'keep-alive',
          'accept-encoding': 'identity',
          'user-agent': 'muster/test',
          authorization: `Basic ${btoa('consul:')}`,
          'proxy-authorization': `Basic ${btoa('me:p@ss')}`,
        },
      },
    ]);
    expect(server.requests.map(({ headers }) => headers['proxy-authorization'])).toEqual([undefined]);
  });

  test.each([
    ['http', false],
    ['https', true],
  ])('of %s makes a tunnel for https, and sees nothing of what goes through', async (_, secure) => {
    await using server = await startHttp2Server((_, response) => response.end('through'), { tls });
    await using proxy = await startProxy(secure ? { tls } : {});
    const proxy_url = new URL(proxy.url);
    proxy_url.username = 'me';
    await using client = await openTestClient({ proxy_url, ...trusting, ...connectHeader });
    for (const path of ['/1', '/2'])
      await client.request(get(server, path, { headers: { 'x-token': 'canary' } }));
    expect(proxy.seen).toEqual([
      {
        line: `CONNECT 127.0.0.1:${server.port}`,
        headers: {
          host: `127.0.0.1:${server.port}`,
          connection: expect.any(String),
          'proxy-authorization': `Basic ${btoa('me:')}`,
          'x-tunnel': 'one, two',
        },
      },
    ]);
    expect(
      server.requests.map(({ url, version, headers }) => [url, version, headers['proxy-authorization']]),
    ).toEqual([
      ['/1', '2.0', undefined],
      ['/2', '2.0', undefined],
    ]);
  });

  test('verifies the server at the far end of the tunnel, and the proxy itself', async () => {
    await using server = await startHttpServer((_, response) => response.end(), {
      tls: createAuthority('Another authority').issue({ names: ['127.0.0.1'] }),
    });
    await using proxy = await startProxy();
    await using secret = await startProxy({
      tls: createAuthority('A third one').issue({ names: ['127.0.0.1'] }),
    });
    await using through = await openTestClient({ proxy_url: proxy.url, ...trusting });
    await using within = await openTestClient({ proxy_url: secret.url, ...trusting });
    const unknown = "the server's authority is not known: name it in tls_config.ca";
    expect([await failure(through.request(get(server))), await failure(within.request(get(server)))]).toEqual(
      [
        { kind: 'tls', message: expect.stringMatching(`^GET ${server.url}: ${unknown}`) },
        {
          kind: 'tls',
          message: expect.stringMatching(`^GET ${server.url}: proxy ${secret.url.origin}: ${unknown}`),
        },
      ],
    );
    expect([server.requests, secret.seen]).toEqual([[], []]);
  });

  test.each([
    [407, 'denied', "check the credentials in the proxy's URL", 1],
    [403, 'unreachable', '', 1],
    [502, 'unreachable', '', 3],
  ])('that refuses a tunnel with %d is named', async (refuse, kind, advice, attempts) => {
    await using proxy = await startProxy({ refuse });
    const proxy_url = new URL(proxy.url);
    proxy_url.password = 'canary';
    await using client = await openTestClient({ proxy_url });
    const tried = attempts === 1 ? '' : ' (tried 3 times)';
    expect(await failure(client.request(get({ url: new URL('https://consul.example/') })))).toEqual({
      kind,
      status: refuse,
      message: `GET https://consul.example/: proxy ${proxy.url.origin}: HTTP ${refuse} to CONNECT consul.example:443${advice && `: ${advice}`}${tried}`,
    });
    expect(proxy.seen.length).toBe(attempts);
  });

  test('that is down is named', async () => {
    const [port] = await freePorts(1);
    const proxy_url = new URL(`http://127.0.0.1:${port}`);
    await using client = await openTestClient({ proxy_url }, { retries: 0 });
    for (const scheme of ['http', 'https'])
      expect(await failure(client.request(get({ url: new URL(`${scheme}://consul.example/`) })))).toEqual({
        kind: 'unreachable',
        message: `GET ${scheme}://consul.example/: proxy ${proxy_url.origin}: the connection was refused: nothing listens there (ECONNREFUSED)`,
      });
  });

  test('is not asked for what no_proxy lists', async () => {
    await using server = await startHttpServer((_, response) => response.end('straight'));
    await using proxy = await startProxy();
    await using client = await openTestClient({ proxy_url: proxy.url, no_proxy: '127.0.0.0/8' });
    await client.request(get(server));
    expect([server.requests.length, proxy.seen]).toEqual([1, []]);
  });
});

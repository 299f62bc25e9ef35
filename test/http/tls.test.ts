import { execFile } from 'node:child_process';
import { TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import type { TlsConfig } from '../../lib/config/http-transport.ts';
import { toTlsFailure } from '../../lib/http/errors.ts';
import { createAuthority } from '../support/certificates.ts';
import { failure, get, inline, openTestClient, plainConfig } from '../support/http-client.ts';
import { startHttpServer, type TestHttpServer } from '../support/http-server.ts';

const authority = createAuthority();
const stranger = createAuthority('Another authority');
const good = authority.issue({ names: ['127.0.0.1', 'localhost'] });
const ca = inline(authority.cert);
const brokenBlock = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----';

const intermediate = authority.issueAuthority('Muster intermediate');
const issued = intermediate.issue({ names: ['127.0.0.1'] });

const answer: Parameters<typeof startHttpServer>[0] = (_, response) => response.end('ok');

async function fetchOnce(server: TestHttpServer, tls: Partial<TlsConfig>, url = server.url, http2 = true) {
  await using client = await openTestClient(
    { tls_config: { insecure_skip_verify: false, ...tls }, enable_http2: http2 },
    { retries: 0 },
  );
  return Buffer.from((await client.request(get({ url }))).body).toString();
}

const clientModule = new URL('../../lib/http/client.ts', import.meta.url).href;

/** A program that asks the URL in its arguments with node:https, and then with our client. */
const bothWays = `
  import { get } from 'node:https';
  import { openHttpClient } from '${clientModule}';
  const url = new URL(process.argv[1]);
  const { statusCode } = await new Promise((resolve, reject) => get(url, resolve).once('error', reject));
  const signal = new AbortController().signal;
  const client = await openHttpClient(
    ${JSON.stringify(plainConfig)},
    { readCredential: async () => '', userAgent: 'test', signal },
  );
  const ours = await client.request({ url, signal }).then(() => 'ok', (error) => error.kind);
  await client[Symbol.asyncDispose]();
  process.stdout.write('Node itself: ' + statusCode + ', our client: ' + ours);
  process.exit();
`;

describe('verification', () => {
  test('trusts the configured authority, by address and by name', async () => {
    await using server = await startHttpServer(answer, { tls: good });
    const byName = new URL(`https://localhost:${server.port}/`);
    expect([await fetchOnce(server, { ca }), await fetchOnce(server, { ca }, byName)]).toEqual(['ok', 'ok']);
  });

  test('takes several authorities from one file', async () => {
    await using server = await startHttpServer(answer, { tls: good });
    expect(await fetchOnce(server, { ca: inline(`# old\n${stranger.cert}\n# new\n${authority.cert}`) })).toBe(
      'ok',
    );
  });

  test.each([
    ['an intermediate authority', intermediate.cert],
    ["the server's own certificate", issued.cert],
  ])('takes %s as an anchor, as Go does', async (_, anchor) => {
    await using server = await startHttpServer(answer, { tls: issued });
    expect(await fetchOnce(server, { ca: inline(anchor) })).toBe('ok');
  });

  test('keeps the rest of a bundle in force where a block of it is broken, and says so', async () => {
    await using server = await startHttpServer(answer, { tls: good });
    const warnings: string[] = [];
    const bundle = inline(`${stranger.cert}\n${brokenBlock}\n${authority.cert}`);
    await using client = await openTestClient(
      { tls_config: { insecure_skip_verify: false, ca: bundle } },
      { warn: (message) => warnings.push(message) },
    );
    expect((await client.request(get(server))).status).toBe(200);
    expect(warnings).toEqual(['tls_config.ca: certificate 2 of 3 cannot be read; the others count']);
  });

  test('asks once where the certificate has a weak key, and says what is wrong', async () => {
    const weak = authority.issue({ names: ['127.0.0.1'], rsaBits: 1024 });
    const tls = { ...weak, ciphers: 'DEFAULT@SECLEVEL=0' };
    await using server = await startHttpServer(answer, { tls });
    await using client = await openTestClient({ tls_config: { insecure_skip_verify: false, ca } });
    expect(await failure(client.request(get(server)))).toEqual({
      kind: 'tls',
      message: `GET ${server.url}: the server's certificate is refused (EE certificate key too weak): issue a new one, RSA with 2,048 bits or more`,
    });
    expect(server.accepted()).toBe(1);
  });

  test.each([
    ['an authority nobody knows', good, {}, "the server's authority is not known: name it in tls_config.ca"],
    [
      'another authority',
      good,
      { ca: inline(stranger.cert) },
      "the server's authority is not known: name it in tls_config.ca",
    ],
    [
      'an expired certificate',
      authority.issue({ names: ['127.0.0.1'], days: [-30, -1] }),
      { ca },
      "the server's certificate has expired",
    ],
    [
      'a certificate of the future',
      authority.issue({ names: ['127.0.0.1'], days: [1, 30] }),
      { ca },
      "the server's certificate is not valid yet: check the clock",
    ],
    [
      'a certificate for another host',
      authority.issue({ names: ['db.example.org', '10.9.8.7'] }),
      { ca },
      "the server's certificate is for another host",
    ],
    [
      'a certificate with nothing but a common name',
      authority.issue({ names: [], subject: 'localhost' }),
      { ca, server_name: 'localhost' },
      "the server's certificate has no subject alternative name (SAN)",
    ],
    [
      'another server_name',
      good,
      { ca, server_name: 'consul.example.org' },
      "the server's certificate is for another host",
    ],
  ])('refuses %s', async (_, tls, config, why) => {
    await using server = await startHttpServer(answer, { tls });
    const { kind, message } = await failure(fetchOnce(server, config));
    expect([kind, message]).toEqual(['tls', expect.stringContaining(`GET ${server.url}: ${why}`)]);
    expect(server.requests).toEqual([]);
  });

  test('a refused certificate is not tried again', async () => {
    await using server = await startHttpServer(answer, { tls: good });
    await using client = await openTestClient();
    expect((await failure(client.request(get(server)))).kind).toBe('tls');
    expect(server.accepted()).toBe(1);
  });

  test('checks server_name instead of the host, and sends it', async () => {
    const names: (string | false | null)[] = [];
    const named = authority.issue({ names: ['consul.example.org'] });
    await using server = await startHttpServer(answer, {
      tls: {
        ...named,
        SNICallback: (name, done) => {
          names.push(name);
          done(null);
        },
      },
    });
    expect(await fetchOnce(server, { ca, server_name: 'consul.example.org' })).toBe('ok');
    await using byAddress = await startHttpServer(answer, { tls: authority.issue({ names: ['10.9.8.7'] }) });
    expect(await fetchOnce(byAddress, { ca, server_name: '10.9.8.7' })).toBe('ok');
    expect(names).toEqual(['consul.example.org']);
  });

  test("holds whatever Node's environment says", async () => {
    await using server = await startHttpServer(answer, { tls: good });
    // A process of its own: the sandbox that tests run in has a copy of the environment.
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', bothWays, server.url.href],
      { env: { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: '0' } },
    );
    expect([stdout, server.requests.length]).toEqual(['Node itself: 200, our client: tls', 1]);
  });

  test('is off only where the configuration says so', async () => {
    await using server = await startHttpServer(answer, {
      tls: authority.issue({ names: ['other'], days: [-9, -8] }),
    });
    expect(await fetchOnce(server, { insecure_skip_verify: true })).toBe('ok');
  });
});

describe('a client certificate', () => {
  const tls = { ...good, ca: authority.cert, requestCert: true, rejectUnauthorized: true };

  test('is shown to a server that asks for one', async () => {
    await using server = await startHttpServer(answer, { tls });
    const own = authority.issue({ names: ['muster'] });
    expect(await fetchOnce(server, { ca, cert: inline(own.cert), key: inline(own.key) })).toBe('ok');
  });

  const own = stranger.issue({ names: ['muster'] });
  const withOwn = { ca, cert: inline(own.cert), key: inline(own.key) };

  test.each([
    ['UND_ERR_SOCKET', true],
    ['ECONNRESET', false],
  ])(
    'that the server may have refused without a word is named as the likely cause: %s',
    async (code, http2) => {
      await using server = await startHttpServer(answer, { tls });
      await using other = await startHttpServer((_, response) => response.socket?.destroy(), { tls: good });
      const reason = `the connection was closed before an answer came (${code})`;
      const fetched = async (from: typeof server, config: Parameters<typeof fetchOnce>[1]) =>
        failure(fetchOnce(from, config, from.url, http2));
      expect([await fetched(server, withOwn), await fetched(other, { ca })]).toEqual([
        {
          kind: 'unreachable',
          message: `GET ${server.url}: ${reason}; the server may have refused the client certificate of tls_config`,
        },
        { kind: 'unreachable', message: `GET ${other.url}: ${reason}` },
      ]);
    },
  );

  test.each([
    'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
    'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE',
    'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED',
  ])('that the server refuses with an alert is an error of TLS which names it: %s', (code) => {
    const { kind, message } = toTlsFailure(Object.assign(new Error('alert'), { code }));
    expect([kind, message]).toEqual([
      'tls',
      `the server refused the client certificate: check tls_config.cert and what the server trusts (${code})`,
    ]);
  });

  test('that is missing is an error of TLS which says what to set', async () => {
    await using server = await startHttpServer(answer, { tls });
    expect(await failure(fetchOnce(server, { ca }))).toEqual({
      kind: 'tls',
      message: `GET ${server.url}: the server wants a client certificate: set tls_config.cert and key (ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED)`,
    });
  });
});

describe('the configuration', () => {
  const own = authority.issue({ names: ['muster'] });

  test.each([
    [{ ca: inline('nothing') }, 'tls_config.ca: holds no PEM certificate'],
    [{ ca: inline(brokenBlock) }, 'tls_config.ca: no certificate in it can be read'],
    [
      { cert: inline(`${own.cert}\n${brokenBlock}`), key: inline(own.key) },
      'tls_config.cert: certificate 2 cannot be read',
    ],
    [
      { cert: inline(own.cert), key: inline(good.key) },
      'tls_config: the key cannot be read or does not belong to the certificate',
    ],
    [
      { cert: inline(own.cert), key: inline('canary') },
      'tls_config: the key cannot be read or does not belong to the certificate',
    ],
    [
      { min_version: 'TLS13', max_version: 'TLS12' },
      'tls_config.max_version TLS12 is below min_version TLS13',
    ],
    [{ max_version: 'TLS11' }, 'tls_config.max_version TLS11 is below min_version TLS12'],
  ] satisfies [Partial<TlsConfig>, string][])(
    'is checked before anything is called: %#',
    async (tls, message) => {
      expect(await failure(openTestClient({ tls_config: { insecure_skip_verify: false, ...tls } }))).toEqual({
        kind: 'config',
        message,
      });
    },
  );

  test.each([
    ['TLSv1.2', { max_version: 'TLS12' }],
    ['TLSv1.3', { min_version: 'TLS13' }],
    ['TLSv1.1', { min_version: 'TLS10', max_version: 'TLS11' }],
  ] satisfies [string, Partial<TlsConfig>][])('sets the version: %s', async (version, tls) => {
    const seen: unknown[] = [];
    const anyVersion = { ...good, minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    await using server = await startHttpServer(
      (_, response) => {
        if (response.socket instanceof TLSSocket) seen.push(response.socket.getProtocol());
        response.end();
      },
      { tls: anyVersion },
    );
    await fetchOnce(server, { ca, ...tls });
    expect(seen).toEqual([version]);
  });

  test('a version that the server does not speak is an error of TLS', async () => {
    await using server = await startHttpServer(answer, { tls: { ...good, maxVersion: 'TLSv1.2' } });
    expect(await failure(fetchOnce(server, { ca, min_version: 'TLS13' }))).toMatchObject({
      kind: 'tls',
      message: expect.stringContaining('no TLS version is common to both sides'),
    });
  });
});

test('TLS to a server that speaks none says so', async () => {
  await using server = await startHttpServer(answer);
  const url = new URL(`https://127.0.0.1:${server.port}/`);
  expect(await failure(fetchOnce(server, { ca }, url))).toMatchObject({
    kind: 'tls',
    message: expect.stringContaining('the server does not speak TLS: is it http instead of https?'),
  });
});

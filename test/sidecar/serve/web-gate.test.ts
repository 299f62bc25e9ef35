import { createHash } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { describe, expect, test } from '@jest/globals';
import { hashSync } from 'bcryptjs';
import { createLogger } from '../../../lib/base/logger.ts';
import { openGate } from '../../../lib/sidecar/serve/web-gate.ts';
import { createMemoryStore } from '../../../lib/store/memory.ts';
import { type Certificate, createAuthority } from '../../support/certificates.ts';
import { afterThisTest, cleanUpAfterEach, makeFolder, publish, targets } from '../world.ts';
import { startTestServer, type TestServer } from './test-server.ts';

cleanUpAfterEach();

const authority = createAuthority();
const stranger = createAuthority('Another authority');
const server = authority.issue({ names: ['127.0.0.1'] });
const client = authority.issue({ names: ['prometheus'] });
const passwords = { basic_auth_users: { alice: hashSync('secret', 4) } };

/** Writes a web configuration, and files beside it, and opens a face behind it. */
async function startGated(config: object, files: Readonly<Record<string, string>> = {}) {
  const folder = await makeFolder();
  const path = join(folder, 'web.yml');
  const write = async (name: string, content: string) => {
    await writeFile(join(folder, `${name}.new`), content);
    await rename(join(folder, `${name}.new`), join(folder, name));
  };
  for (const [name, content] of Object.entries(files)) await write(name, content);
  await write('web.yml', JSON.stringify(config));
  const lines: string[] = [];
  const log = createLogger({ level: 'info', write: (line) => lines.push(line) });
  const gate = await openGate({ path, log, interval: 20 });
  afterThisTest(() => gate.close());
  const store = createMemoryStore();
  await publish(store, { 'api/consul-0.json': targets('a:1') });
  return { face: await startTestServer(store, { gate }), write, log: () => lines.join('') };
}

const tlsFiles = { 'server.crt': server.cert, 'server.key': server.key, 'ca.crt': authority.cert };
const tls = { cert_file: 'server.crt', key_file: 'server.key' };

/** Status of a GET over TLS, or the code of the error. */
function getOverTls(
  face: TestServer,
  path: string,
  own?: Certificate,
  more: object = {},
): Promise<number | string> {
  return new Promise((resolve) => {
    const options = { ca: authority.cert, ...own, agent: false, ...more };
    request(face.url + path, options, (response) => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0));
    })
      .once('error', (error) => resolve('code' in error ? String(error.code) : error.message))
      .end();
  });
}

const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });

describe('a web configuration', () => {
  test('lets in who has a password or token, everywhere alike, and tells the others nothing', async () => {
    const token = createHash('sha256').update('t0ken').digest('hex');
    const { face } = await startGated({ ...passwords, bearer_tokens: { prometheus: token } });
    for (const path of ['/', '/metrics', '/sd/api', '/sd', '/api/v1/targets', '/nothing', '/assets/x']) {
      const { status, text, headers } = await face.get(path);
      expect([status, text, headers.get('www-authenticate')]).toEqual([
        401,
        'sign in with a name and password, or with a token\n',
        'Basic realm="muster", charset="UTF-8"',
      ]);
    }
    expect((await face.get('/sd/api', basic('alice:wrong'))).status).toBe(401);
    expect((await face.get('/sd/api', basic('alice:secret'))).text).toBe(targets('a:1'));
    expect((await face.get('/sd/api', { authorization: 'Bearer t0ken' })).text).toBe(targets('a:1'));
  });

  test('leaves the probes open, which then give no reasons', async () => {
    const { face } = await startGated(passwords);
    expect([(await face.get('/healthz')).text, (await face.get('/readyz')).text]).toEqual(['ok\n', 'ok\n']);
    const { face: waiting } = await startGated(passwords);
    const store = createMemoryStore();
    const gated = await startTestServer(store, { mirrored: false, gate: await openGateOf(passwords) });
    const anonymous = await gated.get('/readyz');
    const known = await gated.get('/readyz', basic('alice:secret'));
    expect([anonymous.status, anonymous.text]).toEqual([503, 'not ok\n']);
    expect([known.status, known.text]).toEqual([503, 'no round has succeeded yet: none has ended yet\n']);
    await waiting.close();
  });

  test('sets the headers that it names, and takes away those that it leaves blank', async () => {
    const headers = { 'X-Frame-Options': '', 'Strict-Transport-Security': 'max-age=60' };
    const { face } = await startGated({ http_server_config: { headers } });
    const { headers: sent } = await face.get('/');
    expect([sent.get('x-frame-options'), sent.get('strict-transport-security')]).toEqual([
      null,
      'max-age=60',
    ]);
  });

  test('serves over TLS, in the versions that it allows', async () => {
    const { face } = await startGated({ tls_server_config: { ...tls, max_version: 'TLS12' } }, tlsFiles);
    expect(face.url).toMatch(/^https:/);
    expect(await getOverTls(face, '/sd/api')).toBe(200);
    expect(await getOverTls(face, '/sd/api', undefined, { minVersion: 'TLSv1.3' })).toBe('EPROTO');
    expect(await getOverTls(face, '/sd/api', undefined, { ca: stranger.cert })).not.toBe(200);
    await expect(fetch(face.url.replace('https:', 'http:'))).rejects.toThrow('fetch failed');
  });

  test('speaks with the ciphers and curves that it names', async () => {
    const cipher_suites = [
      'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
      'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256',
    ];
    const config = { ...tls, max_version: 'TLS12', cipher_suites, curve_preferences: ['CurveP256'] };
    const { face } = await startGated({ tls_server_config: config }, tlsFiles);
    const socket = await new Promise<TLSSocket>((resolve, reject) => {
      const options = { host: '127.0.0.1', port: Number(new URL(face.url).port), ca: authority.cert };
      const opened = connect(options, () => resolve(opened)).once('error', reject);
    });
    expect([socket.getCipher().name, socket.getEphemeralKeyInfo()]).toMatchObject([
      'ECDHE-ECDSA-AES256-GCM-SHA384',
      { name: 'prime256v1' },
    ]);
    socket.destroy();
  });

  test.each([
    ['RequireAndVerifyClientCert', undefined, false],
    ['RequireAndVerifyClientCert', stranger.issue({ names: ['prometheus'] }), false],
    ['RequireAndVerifyClientCert', client, true],
    ['VerifyClientCertIfGiven', undefined, true],
    ['VerifyClientCertIfGiven', stranger.issue({ names: ['prometheus'] }), false],
    ['VerifyClientCertIfGiven', client, true],
  ])('with %s: certificate %#', async (client_auth_type, own, admitted) => {
    const config = { ...tls, client_auth_type, client_ca_file: 'ca.crt' };
    const { face } = await startGated({ tls_server_config: config }, tlsFiles);
    expect((await getOverTls(face, '/sd/api', own)) === 200).toBe(admitted);
  });

  test('lets in only the names that it allows', async () => {
    const config = {
      ...tls,
      client_auth_type: 'RequireAndVerifyClientCert',
      client_ca_file: 'ca.crt',
      client_allowed_sans: ['prometheus'],
    };
    const { face } = await startGated({ tls_server_config: config }, tlsFiles);
    expect(await getOverTls(face, '/sd/api', client)).toBe(200);
    expect(await getOverTls(face, '/sd/api', authority.issue({ names: ['prometheus.example'] }))).not.toBe(
      200,
    );
  });

  test('is followed: a changed password and a renewed certificate are in force without a restart', async () => {
    const { face, write, log } = await startGated({ ...passwords, tls_server_config: tls }, tlsFiles);
    const headers = basic('bob:new');
    expect(await getOverTls(face, '/sd/api', undefined, { headers })).toBe(401);
    const users = { basic_auth_users: { bob: hashSync('new', 4) }, tls_server_config: tls };
    await write('web.yml', JSON.stringify(users));
    while ((await getOverTls(face, '/sd/api', undefined, { headers })) !== 200);
    const renewed = stranger.issue({ names: ['127.0.0.1'] });
    await write('server.key', renewed.key);
    await write('server.crt', renewed.cert);
    while ((await getOverTls(face, '/sd/api', undefined, { headers, ca: stranger.cert })) !== 200);
    await write('web.yml', '{ "basic_auth_users": { "bob": "plain" } }');
    while (!log().includes('the web configuration stays as it was')) await sleep(10);
    expect(await getOverTls(face, '/sd/api', undefined, { headers, ca: stranger.cert })).toBe(200);
    expect(log()).not.toContain('plain"');
  });

  test.each([
    [{ tls_server_config: { cert_file: 'none', key_file: 'server.key' } }, /none cannot be read$/],
    [{ tls_server_config: { cert_file: 'server.key', key_file: 'server.key' } }, /^tls_server_config: /],
    [
      { tls_server_config: { ...tls, cipher_suites: ['RC4'] } },
      /^tls_server_config: cipher suite "RC4" is not known$/,
    ],
    [
      { tls_server_config: { ...tls, curve_preferences: ['P1'] } },
      /^tls_server_config: curve "P1" is not known$/,
    ],
  ])('that cannot work is refused at the start: %j', async (config, message) => {
    await expect(startGated(config, tlsFiles)).rejects.toMatchObject({ kind: 'config', message });
  });
});

async function openGateOf(config: object) {
  const path = join(await makeFolder(), 'web.yml');
  await writeFile(path, JSON.stringify(config));
  const log = createLogger({ level: 'error', write: () => undefined });
  const gate = await openGate({ path, log });
  afterThisTest(() => gate.close());
  return gate;
}

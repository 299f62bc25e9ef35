import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ConfigError } from '../../lib/config/problem.ts';
import { loadWebConfig } from '../../lib/config/web-config.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-web-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function load(text: string) {
  const path = join(folder, 'web.yml');
  await writeFile(path, text);
  return loadWebConfig(path);
}

/** The problems of a file, each as its line of the message without the path. */
async function problemsOf(text: string): Promise<readonly string[]> {
  const error: unknown = await load(text).catch((cause: unknown) => cause);
  if (!(error instanceof ConfigError)) throw error;
  return error.problems.map(({ line, path, message }) => `${line} ${path}: ${message}`);
}

const hash = '$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi';
const digest = 'a'.repeat(64);

describe('a web configuration', () => {
  test('of Prometheus is read as it is, with paths from its own folder', async () => {
    expect(
      await load(`
tls_server_config:
  cert_file: server.crt
  key_file: /etc/keys/server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.crt
  client_allowed_sans: [prometheus]
  min_version: TLS13
  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]
  curve_preferences: [X25519]
http_server_config:
  http2: false
  headers:
    X-Frame-Options: sameorigin
    Strict-Transport-Security: max-age=31536000
basic_auth_users:
  alice: ${hash}
bearer_tokens:
  prometheus: ${digest.toUpperCase()}
`),
    ).toEqual({
      tls: {
        cert: '',
        cert_file: join(folder, 'server.crt'),
        key: '',
        key_file: '/etc/keys/server.key',
        client_ca: '',
        client_ca_file: join(folder, 'ca.crt'),
        client_auth_type: 'RequireAndVerifyClientCert',
        client_allowed_sans: ['prometheus'],
        min_version: 'TLS13',
        max_version: 'TLS13',
        cipher_suites: ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'],
        prefer_server_cipher_suites: true,
        curve_preferences: ['X25519'],
      },
      headers: [
        ['X-Frame-Options', 'sameorigin'],
        ['Strict-Transport-Security', 'max-age=31536000'],
      ],
      users: new Map([['alice', hash]]),
      tokens: new Map([['prometheus', digest]]),
    });
  });

  test('that is empty asks nothing of anybody', async () => {
    const nothing = { tls: undefined, headers: [], users: new Map(), tokens: new Map() };
    for (const text of ['', '# nothing\n', '{}', 'basic_auth_users:\n'])
      expect(await load(text)).toEqual(nothing);
  });

  test('that is wrong tells all that is, with lines, and never quotes a secret', async () => {
    expect(
      await problemsOf(`tls_server_config:
  cert_file: a.crt
  cert: pem
  client_auth_type: VerifyClientCertIfGiven
  min_version: TLS9
basic_auth_user: {}
basic_auth_users:
  alice: hunter2
bearer_tokens:
  me: hunter2
http_server_config:
  headers:
    X-Powered-By: us
`),
    ).toEqual([
      '1 tls_server_config.key: a server needs a private key: key_file or key',
      '3 tls_server_config.cert: at most one of cert and cert_file may be configured',
      '4 tls_server_config.client_auth_type: needs client_ca_file or client_ca',
      '5 tls_server_config.min_version: must be TLS10, TLS11, TLS12 or TLS13',
      '6 basic_auth_user: unknown key, did you mean "basic_auth_users"?',
      '8 basic_auth_users.alice: must be a bcrypt hash, as of htpasswd -B',
      '10 bearer_tokens.me: must be the SHA-256 of the token in hex',
      '13 http_server_config.headers.X-Powered-By: unknown key',
    ]);
  });

  test('with a client CA that would not be used is refused', async () => {
    expect(await problemsOf('tls_server_config: { cert_file: a, key_file: b, client_ca_file: c }\n')).toEqual(
      ['1 tls_server_config.client_auth_type: must not be NoClientCert with a client CA'],
    );
  });

  test('that is not there says so', async () => {
    await expect(loadWebConfig(join(folder, 'none.yml'))).rejects.toMatchObject({ kind: 'not-found' });
  });
});

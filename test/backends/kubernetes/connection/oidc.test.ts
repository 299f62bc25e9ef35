import { expect, test } from '@jest/globals';
import { openKubeconfig } from '../../../../lib/backends/kubernetes/connection/kubeconfig.ts';
import { jsonAnswer } from '../../../../lib/sim/faults.ts';
import { createAuthority } from '../../../support/certificates.ts';
import { failure } from '../../../support/http-client.ts';
import { type ApiServer, startApiServer, status } from '../api-server.ts';
import { ask, kubeconfig, testFolder, testInput } from './connect.ts';

const authority = createAuthority();

/** A token of this provider that ends at that time, in seconds since 1970. */
function idToken(issuer: string, exp: number): string {
  const claims = { iss: issuer, aud: 'muster', sub: 'ann', iat: 1, exp };
  return [{ alg: 'RS256' }, claims].map((part) => `${base64(JSON.stringify(part))}.`).join('') + base64('x');
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64url');
}

/** A provider which gives a token for an hour, and no further refresh token, as it may. */
async function startProvider(secret?: string): Promise<ApiServer & { readonly issued: string[] }> {
  const issued: string[] = [];
  const server: ApiServer = await startApiServer(
    ({ path, body }) => {
      const issuer = server.url;
      if (path === '/.well-known/openid-configuration')
        return jsonAnswer({ issuer, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/keys` });
      const form = new URLSearchParams(body);
      if (form.get('refresh_token') !== 'again' || form.get('client_secret') !== (secret ?? null))
        return { ...jsonAnswer({ error: 'invalid_grant' }), status: 400 };
      issued.push(idToken(issuer, Math.floor(Date.now() / 1000) + 3600));
      const token = { access_token: 'a', token_type: 'Bearer', expires_in: 3600, id_token: issued.at(-1) };
      return jsonAnswer(token);
    },
    { tls: authority.issue({ names: ['127.0.0.1'] }) },
  );
  return { ...server, issued };
}

/** A kubeconfig whose token has ended. */
function expiredUser(issuer: string, more: object = {}): object {
  const config = {
    'idp-issuer-url': issuer,
    'idp-certificate-authority-data': Buffer.from(authority.cert).toString('base64'),
    'client-id': 'muster',
    'id-token': idToken(issuer, 1_000_000_000),
    'refresh-token': 'again',
    ...more,
  };
  return { 'auth-provider': { name: 'oidc', config } };
}

test('a token that has ended is renewed once for all requests', async () => {
  await using folder = await testFolder();
  await using provider = await startProvider();
  await using server = await startApiServer(({ headers }) =>
    headers.authorization === `Bearer ${provider.issued.at(-1)}` ? { body: 'yes' } : status(401),
  );
  const file = await folder.write('config', kubeconfig({ server: server.url }, expiredUser(provider.url)));
  await using test = testInput();
  const connection = await openKubeconfig(file, test.input);
  expect([await ask(connection), await ask(connection)]).toEqual(['yes', 'yes']);
  expect(provider.requests.map(({ path }) => path)).toEqual(['/.well-known/openid-configuration', '/token']);
});

test('the secret of a client goes where the provider takes it', async () => {
  await using folder = await testFolder();
  await using provider = await startProvider('s e');
  const user = expiredUser(provider.url, { 'client-secret': 's e' });
  const file = await folder.write('config', kubeconfig({ server: 'https://10.0.0.1' }, user));
  await using test = testInput();
  const { headers } = await openKubeconfig(file, test.input);
  expect(await headers(test.input.signal)).toEqual({ authorization: `Bearer ${provider.issued[0]}` });
  expect(provider.requests.map(({ headers }) => headers.authorization)).toEqual([
    undefined,
    `Basic ${Buffer.from('muster:s%20e').toString('base64')}`,
    undefined,
  ]);
});

test.each<[string, object, string]>([
  [
    'a token that has ended, and nothing to renew it with',
    { 'refresh-token': '' },
    "the user's id-token has expired, and a new one needs idp-issuer-url and refresh-token",
  ],
  [
    'something else than texts',
    { 'id-token': ['sekrit'] },
    "the user's auth-provider cannot be read (at id-token)",
  ],
])('%s is told in one line', async (_what, more, words) => {
  await using folder = await testFolder();
  const user = expiredUser('https://127.0.0.1:1', more);
  const file = await folder.write('config', kubeconfig({ server: 'https://10.0.0.1' }, user));
  await using test = testInput();
  expect(await failure(openKubeconfig(file, test.input))).toEqual({
    kind: 'config',
    message: `${file}: ${words}`,
  });
});

test('a provider that refuses to renew it is told with its reason', async () => {
  await using folder = await testFolder();
  await using provider = await startProvider();
  const user = expiredUser(provider.url, { 'refresh-token': 'sekrit' });
  const file = await folder.write('config', kubeconfig({ server: 'https://10.0.0.1' }, user));
  await using test = testInput();
  expect(await failure(openKubeconfig(file, test.input))).toEqual({
    kind: 'denied',
    status: 400,
    message: `${file}: the OIDC provider refused a new token: HTTP 400 (invalid_grant): log in again`,
  });
});

test('a provider that is not there is told as such', async () => {
  await using folder = await testFolder();
  const user = expiredUser('https://127.0.0.1:1');
  const file = await folder.write('config', kubeconfig({ server: 'https://10.0.0.1' }, user));
  await using test = testInput();
  expect(await failure(openKubeconfig(file, test.input))).toEqual({
    kind: 'unreachable',
    message:
      'GET https://127.0.0.1:1/.well-known/openid-configuration: the connection was refused: nothing listens there (ECONNREFUSED) (tried 3 times)',
  });
});

import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { openKubeconfig } from '../../../../lib/backends/kubernetes/connection/kubeconfig.ts';
import { createAuthority } from '../../../support/certificates.ts';
import { failure } from '../../../support/http-client.ts';
import { startApiServer } from '../api-server.ts';
import { ask, kubeconfig, testFolder, testInput } from './connect.ts';

const authority = createAuthority('cluster');
const tls = authority.issue({ names: ['127.0.0.1'] });
const base64 = (text: string) => Buffer.from(text).toString('base64');
const yes = () => ({ body: 'yes' });

test('a token, and the authority that signed the server', async () => {
  await using folder = await testFolder();
  await using server = await startApiServer(yes, { tls });
  await folder.write(
    'config',
    kubeconfig(
      { server: server.url, 'certificate-authority-data': base64(authority.cert) },
      { token: 'sekrit' },
    ),
  );
  await using test = testInput(folder.path);
  const connection = await openKubeconfig('config', test.input);
  expect(await ask(connection)).toBe('yes');
  expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer sekrit']);
  expect(connection.whenUnknown).toBe(`check the user "ann" of ${folder.path}/config`);
});

test('a client certificate, in files beside the kubeconfig', async () => {
  const users = createAuthority('users');
  const { cert, key } = users.issue({ names: ['ann'] });
  await using folder = await testFolder();
  await using server = await startApiServer(yes, {
    tls: { ...tls, ca: users.cert, requestCert: true, rejectUnauthorized: true },
  });
  await folder.write('ca.crt', authority.cert);
  await folder.write('ann.crt', cert);
  await folder.write('ann.key', key);
  await folder.write(
    'config',
    kubeconfig(
      { server: server.url, 'certificate-authority': 'ca.crt' },
      { 'client-certificate': 'ann.crt', 'client-key': 'ann.key' },
    ),
  );
  await using test = testInput();
  expect(await ask(await openKubeconfig(join(folder.path, 'config'), test.input))).toBe('yes');
});

test('a server of an unknown authority is believed only where the kubeconfig says so', async () => {
  await using folder = await testFolder();
  await using server = await startApiServer(yes, { tls });
  const strict = await folder.write('strict', kubeconfig({ server: server.url }));
  const lax = await folder.write('lax', kubeconfig({ server: server.url, 'insecure-skip-tls-verify': true }));
  await using test = testInput();
  expect((await failure(openKubeconfig(strict, test.input).then(ask))).kind).toBe('tls');
  expect(await ask(await openKubeconfig(lax, test.input))).toBe('yes');
});

test('a server that goes by another name', async () => {
  await using folder = await testFolder();
  await using server = await startApiServer(yes, { tls: authority.issue({ names: ['blue.example'] }) });
  const file = await folder.write(
    'config',
    kubeconfig({
      server: server.url,
      'certificate-authority-data': base64(authority.cert),
      'tls-server-name': 'blue.example',
    }),
  );
  await using test = testInput();
  expect(await ask(await openKubeconfig(file, test.input))).toBe('yes');
});

test('a server without TLS, a password, and who is impersonated', async () => {
  await using folder = await testFolder();
  await using server = await startApiServer(yes);
  const user = { username: 'ann', password: 'sekrit', as: 'bob', 'as-uid': '7', 'as-groups': ['dev', 'ops'] };
  const file = await folder.write('config', kubeconfig({ server: server.url }, user));
  await using test = testInput();
  await ask(await openKubeconfig(file, test.input));
  expect(
    server.requests.map(({ headers }) => [
      headers.authorization,
      headers['impersonate-user'],
      headers['impersonate-uid'],
      headers['impersonate-group'],
    ]),
  ).toEqual([[`Basic ${base64('ann:sekrit')}`, 'bob', '7', 'dev, ops']]);
});

test('a token from a file beside the kubeconfig, before one in it', async () => {
  await using folder = await testFolder();
  await using server = await startApiServer(yes);
  await folder.write('token', 'from-file\n');
  const file = await folder.write(
    'config',
    kubeconfig({ server: server.url }, { token: 'old', tokenFile: 'token' }),
  );
  await using test = testInput();
  await ask(await openKubeconfig(file, test.input));
  expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer from-file']);
});

/** A JSON web token that nobody signed, good until 2100. */
const idToken = [{ alg: 'none' }, { exp: Date.UTC(2100, 0) / 1000 }, 'x']
  .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  .join('.');

test('a token of an OIDC provider', async () => {
  await using folder = await testFolder();
  await using server = await startApiServer(yes);
  const provider = { name: 'oidc', config: { 'id-token': idToken, 'client-id': 'muster' } };
  const file = await folder.write(
    'config',
    kubeconfig({ server: server.url }, { 'auth-provider': provider }),
  );
  await using test = testInput();
  await ask(await openKubeconfig(file, test.input));
  expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${idToken}`]);
});

test('a context without a user asks as nobody', async () => {
  await using folder = await testFolder();
  await using server = await startApiServer(yes);
  const { contexts: _contexts, ...rest } = JSON.parse(kubeconfig({ server: server.url }));
  const contexts = [{ name: 'here', context: { cluster: 'blue' } }];
  const file = await folder.write('config', JSON.stringify({ ...rest, contexts }));
  await using test = testInput();
  await ask(await openKubeconfig(file, test.input));
  expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
});

test.each([
  ['its own proxy', { 'proxy-url': 'http://proxy.example:3128' }, ['http://proxy.example:3128/', false]],
  ["else the environment's", {}, [undefined, true]],
])('%s', async (_what, cluster, proxy) => {
  await using folder = await testFolder();
  const file = await folder.write('config', kubeconfig({ server: 'https://10.0.0.1', ...cluster }));
  await using test = testInput();
  await openKubeconfig(file, test.input);
  expect(test.opened.map((config) => [config.proxy_url?.href, config.proxy_from_environment])).toEqual([
    proxy,
  ]);
});

const sound = JSON.parse(kubeconfig({ server: 'https://10.0.0.1' }, { token: 'sekrit' }));

describe('a kubeconfig that cannot be used is named, and never quoted', () => {
  test.each<[string, string, string]>([
    ['no YAML', 'users:\n  - {token: sekrit', ':2: is not YAML'],
    ['empty', '', ': is not a kubeconfig'],
    ['a list', '[sekrit]', ': is not a kubeconfig'],
    [
      'a user that is no mapping',
      'users: [{name: a, user: sekrit}]',
      ': is not a kubeconfig (at users.0.user)',
    ],
    [
      'no current-context',
      JSON.stringify({ ...sound, 'current-context': undefined }),
      ': its current-context does not exist',
    ],
    [
      'an unknown context',
      JSON.stringify({ ...sound, 'current-context': 'there' }),
      ': its current-context does not exist',
    ],
    [
      'an unknown cluster',
      JSON.stringify({ ...sound, clusters: [] }),
      ': context "here" names an unknown cluster',
    ],
    ['an unknown user', JSON.stringify({ ...sound, users: [] }), ': context "here" names an unknown user'],
    ['a cluster without a server', kubeconfig({}), ': clusters[0].cluster.server is missing'],
    [
      'a server that is no URL',
      kubeconfig({ server: '10.0.0.1:6443' }),
      `: cluster "blue": the API server's address must be an http:// or https:// URL without credentials`,
    ],
    [
      'a proxy that is no URL',
      kubeconfig({ server: 'https://10.0.0.1', 'proxy-url': 'nope' }),
      ': cluster "blue": its proxy-url is not the URL of a proxy',
    ],
  ])('%s', async (_what, text, words) => {
    await using folder = await testFolder();
    const file = await folder.write('config', text);
    await using test = testInput();
    expect(await failure(openKubeconfig(file, test.input))).toEqual({
      kind: 'config',
      message: `${file}${words}`,
    });
  });
});

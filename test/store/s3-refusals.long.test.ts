import { afterEach, describe, expect, test } from '@jest/globals';
import { bytes, failure } from '../../lib/store/contract/probe.ts';
import { s3Failure } from '../../lib/store/s3/session.ts';
import { createS3Store } from '../../lib/store/s3/store.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { type FakeS3, type FakeS3Options, sendError, startFakeS3 } from './fake-s3.ts';

const credentials = {
  accessKeyId: 'AKIDCANARY',
  secretAccessKey: 'canary-secret',
  sessionToken: 'canary-token',
};
const open: FakeS3[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((fake) => fake.stop()));
});

async function disturbed(options: FakeS3Options = {}, timeouts = {}) {
  const fake = await startFakeS3(options);
  open.push(fake);
  const store = createS3Store({
    bucket: 'muster',
    prefix: 'prod',
    endpoint: fake.endpoint,
    region: 'us-east-1',
    credentials,
    timeouts,
  });
  return { fake, store };
}

const put = (store: ObjectStore) => store.put('a', bytes('x'), { condition: 'create' });

describe('access denied', () => {
  const actions: readonly (readonly [string, (store: ObjectStore) => Promise<unknown>, string])[] = [
    [
      'reading',
      (store) => store.get('a'),
      's3:GetObject of a was refused: allow s3:GetObject there, and s3:ListBucket on the bucket: without that one S3 refuses a missing key instead of saying so',
    ],
    ['writing', put, 's3:PutObject of a was refused: allow s3:PutObject there'],
    [
      'listing',
      (store) => store.list('targets/'),
      's3:ListBucket of targets/ was refused: allow s3:ListBucket there',
    ],
    [
      'deleting',
      (store) => store.delete('a'),
      's3:DeleteObject of a was refused: allow s3:DeleteObject there',
    ],
  ];
  test.each(actions)('when %s names the action and the key', async (_, act, message) => {
    const { store } = await disturbed({
      before: (_request, response) => sendError(response, 403, 'AccessDenied'),
    });
    expect(await failure(act(store))).toMatchObject({
      kind: 'denied',
      status: 403,
      message: `s3://muster/prod: ${message} (403, AccessDenied, request REQUEST1)`,
    });
  });
});

describe('each of the usual troubles is one line that says what to do', () => {
  test.each([
    [
      404,
      'NoSuchBucket',
      {},
      'not-found',
      'failed: there is no bucket muster; create it or correct the name',
    ],
    [
      301,
      'PermanentRedirect',
      { 'x-amz-bucket-region': 'eu-west-1' },
      'config',
      "failed: bucket muster is in eu-west-1; set the store's region to it",
    ],
    [
      400,
      'AuthorizationHeaderMalformed',
      {},
      'config',
      "failed: bucket muster is in another region; set the store's region to it",
    ],
    [400, 'ExpiredToken', {}, 'denied', 'failed: the credentials have expired; renew them'],
    [
      403,
      'InvalidAccessKeyId',
      {},
      'denied',
      'failed: the store does not accept the credentials; check the key and its secret',
    ],
    [
      403,
      'SignatureDoesNotMatch',
      {},
      'denied',
      'failed: the store does not accept the credentials; check the key and its secret',
    ],
    [
      403,
      'RequestTimeTooSkewed',
      {},
      'denied',
      "failed: this machine's clock and the store's are too far apart; set the clock",
    ],
    [
      503,
      'SlowDown',
      {},
      'throttled',
      'was throttled, also when tried again; fewer calls at once would help',
    ],
    [500, 'InternalError', {}, 'storage', 'failed'],
  ])('%i %s', async (status, code, headers, kind, says) => {
    const { store } = await disturbed({
      before: (_request, response) => sendError(response, status, code, headers),
    });
    expect(await failure(put(store))).toMatchObject({
      kind,
      message: `s3://muster/prod: s3:PutObject of a ${says} (${status}, ${code}, request REQUEST1)`,
    });
  });

  test('an answer that never comes', async () => {
    const { store } = await disturbed({ before: () => true }, { idle: 300 });
    expect(await failure(store.get('a'))).toMatchObject({
      kind: 'timeout',
      message: 's3://muster/prod: s3:GetObject of a got no answer in time; check the endpoint (TimeoutError)',
    });
  });

  test('no credentials', async () => {
    const store = createS3Store({
      bucket: 'muster',
      region: 'us-east-1',
      credentials: async () => {
        throw Object.assign(new Error('canary-secret'), { name: 'CredentialsProviderError' });
      },
    });
    expect(await failure(put(store))).toMatchObject({
      kind: 'denied',
      message:
        's3://muster: s3:PutObject of a failed: no AWS credentials were found; give a role, a profile or AWS_ACCESS_KEY_ID (CredentialsProviderError)',
    });
  });

  test.each([
    [
      'nobody at the endpoint',
      { AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL: 'http://127.0.0.1:1' },
      'unreachable',
      's3://muster: s3:GetObject of a got no answer; check the endpoint and the network (ECONNREFUSED)',
    ],
    [
      'no region',
      { AWS_CONFIG_FILE: '/dev/null' },
      'config',
      "s3://muster: s3:GetObject of a failed: no region; set the store's region or AWS_REGION (MissingRegion)",
    ],
  ])('%s', async (_, environment, kind, message) => {
    const before = { ...process.env };
    for (const name of Object.keys(before)) if (name.startsWith('AWS_')) delete process.env[name];
    Object.assign(
      process.env,
      { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'canary-secret' },
      environment,
    );
    try {
      await using store = createS3Store({ bucket: 'muster' });
      expect(await failure(store.get('a'))).toMatchObject({ kind, message });
    } finally {
      for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
      Object.assign(process.env, before);
    }
  });

  test('an answer that repeats the credentials does not get them into the message', async () => {
    const echo = Object.values(credentials).join(' ');
    const { store } = await disturbed({
      before: (_request, response) =>
        sendError(response, 400, echo, { 'x-amz-request-id': echo, 'x-amz-bucket-region': echo }, echo),
    });
    expect(await failure(put(store))).toMatchObject({
      kind: 'storage',
      message: 's3://muster/prod: s3:PutObject of a failed (400)',
    });
  });
});

test('what the network and TLS say is told apart', () => {
  const call = {
    url: 's3://muster',
    bucket: 'muster',
    action: 's3:GetObject',
    key: 'a',
    signal: undefined,
  } as const;
  const kinds = [
    'ENOTFOUND',
    'ECONNRESET',
    'EAI_AGAIN',
    'ETIMEDOUT',
    'CERT_HAS_EXPIRED',
    'EPROTO',
    'TypeError',
  ].map((code) => [code, s3Failure(Object.assign(new Error('x'), { code }), call).kind]);
  expect(Object.fromEntries(kinds)).toEqual({
    ENOTFOUND: 'unreachable',
    ECONNRESET: 'unreachable',
    EAI_AGAIN: 'unreachable',
    ETIMEDOUT: 'timeout',
    CERT_HAS_EXPIRED: 'tls',
    EPROTO: 'unreachable',
    TypeError: 'storage',
  });
});

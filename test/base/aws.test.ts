import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { awsCredentials } from '../../lib/backends/kubernetes/connection/eks.ts';
import { awsRequestHandler } from '../../lib/base/aws.ts';
import { readSchedule } from '../../lib/lambda/check-deployment.ts';
import { lambdaInvoker } from '../../lib/lambda/task.ts';
import { createAwsSecrets } from '../../lib/run/aws-secrets.ts';
import { openSqs } from '../../lib/sidecar/notifications/follow.ts';
import { createS3Store } from '../../lib/store/s3/store.ts';
import { startFakeS3 } from '../store/fake-s3.ts';
import { startProxy } from '../support/proxy-server.ts';

const before = { ...process.env };
beforeEach(() => {
  for (const name of Object.keys(process.env))
    if (/^AWS_|_proxy$/i.test(name)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, {
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'AKIDTEST',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_MAX_ATTEMPTS: '1',
  });
});
afterEach(() => {
  for (const name of Object.keys(process.env)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, before);
});

const { signal } = new AbortController();

test('a store in S3 is read and written through the proxy', async () => {
  const fake = await startFakeS3();
  await using proxy = await startProxy({ hosts: { 's3.test': new URL(fake.endpoint).host } });
  process.env.HTTP_PROXY = proxy.url.href;
  const store = createS3Store({ bucket: 'muster', endpoint: 'http://s3.test', forcePathStyle: true });
  try {
    await store.put('a', Buffer.from('x'), { condition: 'create' });
    const found = await store.get('a');
    expect(found !== undefined && Buffer.from(found.body).toString()).toBe('x');
    expect(proxy.seen.map(({ line }) => line.replace(/\?.*/, ''))).toEqual([
      'PUT http://s3.test/muster/a',
      'GET http://s3.test/muster/a',
    ]);
  } finally {
    await store[Symbol.asyncDispose]();
    await fake.stop();
  }
});

test.each<[string, string, () => Promise<unknown>]>([
  [
    'S3',
    's3.eu-west-1.amazonaws.com:443',
    async () => {
      const store = createS3Store({ bucket: 'muster', forcePathStyle: true });
      await store.get('a').finally(() => store[Symbol.asyncDispose]());
    },
  ],
  [
    'SQS',
    'sqs.eu-west-1.amazonaws.com:443',
    () => openSqs('https://sqs.eu-west-1.amazonaws.com/1/q').receive(signal),
  ],
  [
    'SSM',
    'ssm.eu-west-1.amazonaws.com:443',
    async () => createAwsSecrets().ssm?.({ scheme: 'ssm', name: '/a' }, signal),
  ],
  [
    'Secrets Manager',
    'secretsmanager.eu-west-1.amazonaws.com:443',
    async () => createAwsSecrets().secretsmanager?.({ scheme: 'secretsmanager', name: 'a' }, signal),
  ],
  ['Scheduler', 'scheduler.eu-west-1.amazonaws.com:443', () => readSchedule('a', signal)],
  [
    'Lambda',
    'lambda.eu-west-1.amazonaws.com:443',
    () => lambdaInvoker()('arn:aws:lambda:eu-west-1:1:function:a')({}, signal),
  ],
  [
    'STS',
    'sts.eu-west-1.amazonaws.com:443',
    () => awsCredentials({ region: 'eu-west-1', role_arn: 'arn:aws:iam::1:role/a' })(signal),
  ],
])('%s is asked through the proxy', async (_, host, call) => {
  await using proxy = await startProxy({ refuse: 403 });
  process.env.https_proxy = proxy.url.href;
  await expect(call()).rejects.toThrow();
  expect([...new Set(proxy.seen.map(({ line }) => line))]).toEqual([`CONNECT ${host}`]);
});

test('what NO_PROXY names, and this machine, are asked directly', () => {
  const environment = { HTTPS_PROXY: 'http://proxy:3128', NO_PROXY: '.internal' };
  const agent = {
    keepAlive: true,
    maxSockets: 50,
    proxyEnv: { HTTPS_PROXY: 'http://proxy:3128', NO_PROXY: '.internal,localhost,127.0.0.1,::1' },
  };
  expect(awsRequestHandler({ connectionTimeout: 1 }, environment)).toEqual({
    connectionTimeout: 1,
    httpAgent: agent,
    httpsAgent: agent,
  });
  expect(awsRequestHandler({ connectionTimeout: 1 }, {})).toEqual({ connectionTimeout: 1 });
});

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { eksTokens, openEks } from '../../../../lib/backends/kubernetes/connection/eks.ts';
import { failure } from '../../../support/http-client.ts';
import { ask, testInput } from './connect.ts';
import { callerOf, type EksDouble, functionKey, region, roleKey, startEks } from './eks-double.ts';

const before = { ...process.env };
let eks: EksDouble;

beforeEach(async () => {
  eks = await startEks();
  // Such as a profile, which the SDK would take before keys.
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_STS: eks.aws.url,
    AWS_ENDPOINT_URL_EKS: eks.aws.url,
    AWS_ACCESS_KEY_ID: functionKey,
    AWS_SECRET_ACCESS_KEY: 'function/secret+key',
    AWS_SESSION_TOKEN: 'function//session==',
  });
});

afterEach(async () => {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  Object.assign(process.env, before);
  await eks[Symbol.asyncDispose]();
});

const role = 'arn:aws:iam::123456789012:role/muster';

describe('an EKS cluster', () => {
  test("is found and asked with the process's own AWS credentials", async () => {
    await using test = testInput();
    const connection = await openEks({ cluster: 'blue', region }, test.input);
    expect(await ask(connection)).toBe('yes');
    expect(eks.callers).toEqual([functionKey]);
    expect(eks.aws.requests.map(({ path }) => path)).toEqual(['/clusters/blue']);
    expect(connection.server.href).toBe(`${eks.api.url}/`);
    expect(connection.whenUnknown).toBe(
      'the IAM role of this process needs an access entry in the EKS cluster blue',
    );
  });

  test('is asked as another role, which is assumed once', async () => {
    await using test = testInput();
    const connection = await openEks({ cluster: 'blue', region, role_arn: role }, test.input);
    await ask(connection);
    await ask(connection);
    expect(eks.callers).toEqual([roleKey, roleKey]);
    expect(eks.aws.requests.map(({ path }) => path)).toEqual(['/', '/clusters/blue']);
  });

  test('does not take a token that was made for another cluster', async () => {
    await using test = testInput();
    const connection = await openEks({ cluster: 'blue', region }, test.input);
    const { authorization = '' } = await connection.headers(test.input.signal);
    expect([callerOf(authorization, 'blue'), callerOf(authorization, 'green')]).toEqual([
      functionKey,
      undefined,
    ]);
  });
});

describe('says in one line', () => {
  test('that there is no such cluster', async () => {
    await using test = testInput();
    expect(await failure(openEks({ cluster: 'green', region }, test.input))).toEqual({
      kind: 'not-found',
      status: 404,
      message: `GET ${eks.aws.url}/clusters/green: HTTP 404 Not Found: No cluster found: check the server's address: there is no EKS cluster green in eu-west-1`,
    });
  });

  test('what the role is not allowed', async () => {
    process.env.AWS_SECRET_ACCESS_KEY = 'wrong';
    await using test = testInput();
    expect(await failure(openEks({ cluster: 'blue', region }, test.input))).toEqual({
      kind: 'denied',
      status: 403,
      message: `GET ${eks.aws.url}/clusters/blue: HTTP 403 Forbidden: not signed as it should be: check what the credentials allow: the IAM role needs eks:DescribeCluster on blue`,
    });
  });

  test('that the other role cannot be assumed', async () => {
    const other = 'arn:aws:iam::123456789012:role/other';
    await using test = testInput();
    expect(await failure(openEks({ cluster: 'blue', region, role_arn: other }, test.input))).toEqual({
      kind: 'denied',
      message: `the role ${other} cannot be assumed: not allowed: its trust policy must name the role of this process, which needs sts:AssumeRole`,
    });
  });

  test('that the cluster is not there yet', async () => {
    eks.aws.faults.add({ kind: 'json', value: { cluster: { status: 'CREATING' } } });
    await using test = testInput();
    expect(await failure(openEks({ cluster: 'blue', region }, test.input))).toEqual({
      kind: 'unreachable',
      message: 'EKS cluster blue in eu-west-1 has no endpoint: its status is "CREATING"',
    });
  });

  test('that there are no AWS credentials', async () => {
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'])
      delete process.env[name];
    Object.assign(process.env, {
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_CONFIG_FILE: '/dev/null',
    });
    await using test = testInput();
    const { kind, message } = await failure(openEks({ cluster: 'blue', region }, test.input));
    expect([kind, message.slice(0, 37)]).toEqual(['denied', 'this process has no AWS credentials: ']);
  });
});

describe('a cluster token', () => {
  const credentials = {
    accessKeyId: functionKey,
    secretAccessKey: 'function/secret+key',
    sessionToken: 'function//session==',
  };
  const { signal } = new AbortController();
  const minute = 60_000;

  test('is the same for 14 minutes, then a new one', async () => {
    let now = Date.UTC(2026, 0, 1);
    const token = eksTokens(
      { cluster: 'blue', region },
      async () => credentials,
      () => now,
    );
    const first = await token(signal);
    now += 14 * minute - 1;
    const last = await token(signal);
    now += 1;
    const next = await token(signal);
    expect([last === first, next === first]).toEqual([true, false]);
    expect([first, next].map((text) => callerOf(`Bearer ${text}`, 'blue'))).toEqual([
      functionKey,
      functionKey,
    ]);
  });

  test('ends with the credentials that signed it', async () => {
    let now = Date.UTC(2026, 0, 1);
    const expiration = new Date(now + 3 * minute);
    const token = eksTokens(
      { cluster: 'blue', region },
      async () => ({ ...credentials, expiration }),
      () => now,
    );
    const first = await token(signal);
    now += 3 * minute - 1;
    const last = await token(signal);
    now += 1;
    expect([last === first, (await token(signal)) === first]).toEqual([true, false]);
  });

  test("calls the region's own STS, in China too", async () => {
    delete process.env.AWS_ENDPOINT_URL_STS;
    const hosts = ['eu-west-1', 'cn-north-1', 'us-gov-west-1'].map(async (name) => {
      const token = await eksTokens({ cluster: 'blue', region: name }, async () => credentials)(signal);
      return new URL(Buffer.from(token.replace('k8s-aws-v1.', ''), 'base64url').toString()).host;
    });
    expect(await Promise.all(hosts)).toEqual([
      'sts.eu-west-1.amazonaws.com',
      'sts.cn-north-1.amazonaws.com.cn',
      'sts.us-gov-west-1.amazonaws.com',
    ]);
  });
});

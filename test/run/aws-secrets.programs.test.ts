import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createCredentialReader } from '../../lib/config/credentials.ts';
import { createAwsSecrets } from '../../lib/run/aws-secrets.ts';
import { failure } from '../../lib/store/contract/probe.ts';
import { type Moto, motoCredentials, startMoto } from '../support/moto.ts';
import { describeWithPrograms } from '../support/programs.ts';

describeWithPrograms('references to AWS', ['moto'], () => {
  let moto: Moto;
  let ssm: SSMClient;
  const before = { ...process.env };
  const { signal } = new AbortController();
  const read = (ref: string) =>
    createCredentialReader({ directory: '/', env: {}, resolvers: createAwsSecrets() })(
      { from: 'ref', ref },
      signal,
    );

  beforeAll(async () => {
    moto = await startMoto();
    // The clients behind a reference are set up as the process is, and would take a profile before keys.
    for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
    Object.assign(process.env, moto.env);
    const options = { endpoint: moto.endpoint, region: 'us-east-1', credentials: motoCredentials };
    ssm = new SSMClient(options);
    await ssm.send(
      new PutParameterCommand({ Name: '/muster/token', Value: 'canary-1', Type: 'SecureString' }),
    );
    const secrets = new SecretsManagerClient(options);
    const SecretString = JSON.stringify({ token: 'canary-2', other: 3 });
    await secrets.send(new CreateSecretCommand({ Name: 'consul/prod', SecretString }));
    await secrets.send(
      new CreateSecretCommand({ Name: 'plain', SecretBinary: new TextEncoder().encode('canary-3\n') }),
    );
    secrets.destroy();
  });
  afterAll(async () => {
    ssm.destroy();
    for (const name of Object.keys(moto.env)) delete process.env[name];
    Object.assign(process.env, before);
    await moto.stop();
  });

  test.each([
    ['ssm:/muster/token', 'canary-1'],
    ['secretsmanager:consul/prod#token', 'canary-2'],
    ['secretsmanager:plain', 'canary-3'],
  ])('%s is read, decrypted', async (ref, value) => {
    expect(await read(ref)).toBe(value);
  });

  test.each([
    [
      'ssm:/muster/gone',
      'credential ssm:/muster/gone: there is none of this name in this account and region',
    ],
    [
      'secretsmanager:gone',
      'credential secretsmanager:gone: there is none of this name in this account and region',
    ],
    [
      'secretsmanager:consul/prod#gone',
      'credential secretsmanager:consul/prod#gone: the secret has no text of this name',
    ],
    [
      'secretsmanager:consul/prod#other',
      'credential secretsmanager:consul/prod#other: the secret has no text of this name',
    ],
  ])('%s is not there: the error names it, and shows no other', async (ref, message) => {
    const error = await failure(read(ref));
    expect(error).toMatchObject({ kind: 'config', message: expect.stringContaining(message) });
    expect(String(error)).not.toMatch(/canary/);
  });

  test('a value is kept for the providers of a tick', async () => {
    const resolve = createAwsSecrets();
    const reader = createCredentialReader({ directory: '/', env: {}, resolvers: resolve });
    const credential = { from: 'ref', ref: 'ssm:/muster/kept' } as const;
    const put = (Value: string) =>
      ssm.send(new PutParameterCommand({ Name: '/muster/kept', Value, Type: 'String', Overwrite: true }));
    await put('first');
    expect(await reader(credential, signal)).toBe('first');
    await put('second');
    expect(await reader(credential, signal)).toBe('first');
    expect(await read('ssm:/muster/kept')).toBe('second');
  });

  test('an end of the cycle ends the wait', async () => {
    const ended = AbortSignal.abort();
    const reader = createCredentialReader({ directory: '/', env: {}, resolvers: createAwsSecrets() });
    const error = await failure(reader({ from: 'ref', ref: 'ssm:/muster/token' }, ended));
    expect(error).toMatchObject({ kind: 'timeout' });
  });
});

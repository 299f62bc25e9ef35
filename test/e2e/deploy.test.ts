import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetBucketLifecycleConfigurationCommand, GetBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ConsulFleet, startConsulFleet } from '../../lib/sim/consul.ts';
import { createS3Store } from '../../lib/store/s3/store.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { templateSchema } from '../support/cloudformation.ts';
import { startLambda, unpack } from '../support/lambda.ts';
import { type Moto, motoCredentials, startMoto } from '../support/moto.ts';
import { createServiceFolder, type ServiceFolder } from '../support/package-service.ts';
import { describeWithPrograms } from '../support/programs.ts';
import { writeStandIns } from '../support/stand-ins.ts';

/** What moto 5.2.4's CloudFormation passes over with a warning; it lists them without names. */
const passedOver = [
  'AWS::CloudWatch::Alarm',
  'AWS::Lambda::EventInvokeConfig',
  'AWS::S3::BucketPolicy',
  'AWS::Scheduler::Schedule',
];

const args = ['--stage', 'prod', '--param', 'backends=consul,kubernetes,kube-state'];

describeWithPrograms('deployed to an emulator of AWS', ['moto'], () => {
  let moto: Moto;
  let service: ServiceFolder;
  let fleet: ConsulFleet;
  let store: ObjectStore;
  let modules: Awaited<ReturnType<typeof writeStandIns>>;
  const bucket = 'muster-prod-123456789012-us-east-1';
  const config = `s3://${bucket}/config/muster.yml`;

  beforeAll(async () => {
    modules = await writeStandIns();
    moto = await startMoto({ modules: modules.folder });
    service = await createServiceFolder(['consul']);
    fleet = await startConsulFleet({ seed: 'deploy', services: 3, instances: 9 });
    const options = { endpoint: moto.endpoint, region: 'us-east-1', credentials: motoCredentials };
    store = createS3Store({ bucket, ...options });
  }, 600_000);
  afterAll(async () => {
    await store[Symbol.asyncDispose]();
    await Promise.all([moto.stop(), fleet.stop(), service.remove(), modules.remove()]);
  });

  test('the stack comes up whole', async () => {
    expect(await service.osls(['deploy', ...args], moto.env)).toContain('deployed to stack muster-prod');
    const { Resources } = templateSchema.parse(await service.template());
    const expected = Object.entries(Resources).filter(([, { Type }]) => !passedOver.includes(Type));
    expect(await deployed(moto, 'muster-prod')).toEqual(
      expected.map(([id, { Type }]) => `${id} ${Type} CREATE_COMPLETE`).sort(),
    );
  }, 600_000);

  test('its function works with what it was given', async () => {
    const client = new LambdaClient({ ...options(moto) });
    const command = new GetFunctionConfigurationCommand({ FunctionName: 'muster-prod-consul' });
    const { Runtime, Role, Environment } = await client.send(command);
    client.destroy();
    expect([Runtime, Role]).toEqual([
      'nodejs24.x',
      expect.stringMatching(/^arn:aws:iam::123456789012:role\/muster-prod-ConsulRole-/),
    ]);
    const text = `store: s3://${bucket}
scrape_configs:
  - job_name: api
    consul_sd_configs: [{ server: '${fleet.url}', refresh_interval: 1m }]
`;
    await store.put('config/muster.yml', Buffer.from(text), { condition: 'create' });
    const code = await unpack(join(service.folder, '.serverless/consul.zip'));
    const lambda = await startLambda(code.folder, 'consul', { ...moto.env, ...Environment?.Variables });
    const cycle = { job: 'api', provider: 'consul-0', outcome: 'published', version: 1 };
    expect(await lambda.invoke({})).toEqual({ result: { cycles: [cycle], started: [], retired: [] } });
    await lambda.stop();
    await code.remove();
  });

  test('muster deploy-check says what is wrong, and nothing once all is right', async () => {
    // moto made no schedule of the template's.
    expect(await deployCheck(moto, config)).toEqual({
      code: 1,
      findings: [
        ['configuration', true, `${config} is valid, 1 provider`],
        ['bucket', true, `s3://${bucket} can be read`],
        ['conditional writes', true, 'are honoured'],
        [
          'schedule consul',
          false,
          'there is no schedule muster-prod-consul: is muster-prod the stack, and was it deployed with consul?',
        ],
        ['status api/consul-0', true, expect.stringMatching(/^9 targets, version 1, last cycle \d+s ago$/)],
      ],
    });
    await createSchedule(moto, templateSchema.parse(await service.template()).Resources.ConsulSchedule);
    const { code, findings } = await deployCheck(moto, config);
    expect([code, findings[3]]).toEqual([
      0,
      ['schedule consul', true, 'muster-prod-consul runs at rate(1 minute)'],
    ]);
  });

  test('the stack goes away again, the bucket with the journal stays', async () => {
    expect(await service.osls(['remove', '--stage', 'prod'], moto.env)).toContain('successfully removed');
    await expect(deployed(moto, 'muster-prod')).rejects.toThrow(/does not exist/);
    expect((await store.list('journal/')).map(({ key }) => key)).toEqual([
      'journal/api/consul-0/000000000001.json.gz',
    ]);
  });

  test('a bucket taken back is protected as a new one', async () => {
    const back = ['--stage', 'prod', '--param', 'backends=consul', '--param', `existingBucket=${bucket}`];
    expect(await service.osls(['deploy', ...back], moto.env)).toContain('deployed to stack muster-prod');
    const client = new S3Client({ ...options(moto), forcePathStyle: true });
    const { Policy = '' } = await client.send(new GetBucketPolicyCommand({ Bucket: bucket }));
    const { Rules = [] } = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket: bucket }));
    client.destroy();
    const { Statement }: { Statement: { Sid: string }[] } = JSON.parse(Policy);
    expect(Statement.map(({ Sid }) => Sid)).toEqual(['OnlyWithTls', 'WrittenOnce', 'NoBlindOverwrites']);
    expect(Rules.map(({ ID }) => ID)).toContain('muster-journal');
  }, 600_000);
});

function options({ endpoint }: Moto) {
  return { endpoint, region: 'us-east-1', credentials: motoCredentials };
}

/** The resources of a stack, a line each. */
async function deployed({ endpoint }: Moto, stack: string): Promise<readonly string[]> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization:
        'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/cloudformation/aws4_request, SignedHeaders=host, Signature=0',
    },
    body: new URLSearchParams({ Action: 'ListStackResources', Version: '2010-05-15', StackName: stack }),
  });
  const xml = await response.text();
  if (!response.ok) throw new Error(xml);
  const members = xml.split('<member>').slice(1);
  const field = (member: string, name: string) => new RegExp(`<${name}>([^<]*)<`).exec(member)?.[1];
  return members
    .map((member) =>
      ['LogicalResourceId', 'ResourceType', 'ResourceStatus'].map((name) => field(member, name)),
    )
    .filter(([id]) => id !== undefined && id !== '')
    .map((fields) => fields.join(' '))
    .sort();
}

/** Makes the schedule as CloudFormation would. */
async function createSchedule(moto: Moto, resource: unknown): Promise<void> {
  const { Properties } = templateSchema.shape.Resources.valueType.parse(resource);
  const client = new SchedulerClient({ ...options(moto) });
  await client.send(
    new CreateScheduleCommand({
      Name: String(Properties.Name),
      ScheduleExpression: String(Properties.ScheduleExpression),
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: {
        Arn: 'arn:aws:lambda:us-east-1:123456789012:function:muster-prod-consul',
        RoleArn: 'arn:aws:iam::123456789012:role/any',
      },
    }),
  );
  client.destroy();
}

async function deployCheck({ env }: Moto, config: string) {
  const main = join(import.meta.dirname, '../../lib/cli/main.ts');
  const flags = ['deploy-check', '-c', config, '--stack', 'muster-prod', '--output', 'json'];
  const { promise, resolve } = Promise.withResolvers<{ code: number; out: string; err: string }>();
  execFile(process.execPath, [main, ...flags], { env }, (error, out, err) =>
    resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err }),
  );
  const { code, out, err } = await promise;
  if (!out.startsWith('[')) throw new Error(err);
  const findings: { check: string; ok: boolean; says: string }[] = JSON.parse(out);
  return { code, findings: findings.map(({ check, ok, says }) => [check, ok, says]) };
}

import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { revision } from '../../infra/revision.ts';
import { checkPackages } from '../../infra/stack/plugin.ts';
import { mechanisms } from '../../lib/backends/registry.ts';
import { lintTemplate, type Template, templateSchema } from '../support/cloudformation.ts';
import { createServiceFolder, type ServiceFolder } from '../support/package-service.ts';
import { findStatements } from '../support/policies.ts';

let service: ServiceFolder;
let template: Template;

beforeAll(async () => {
  service = await createServiceFolder(['dns']);
  await mkdir(dirname(stale()), { recursive: true });
  await writeFile(stale(), 'what an earlier build has left');
  await service.osls(['package', '--stage', 'prod', '--region', 'eu-west-1', '--param=backends=all']);
  template = templateSchema.parse(await service.template());
}, 480_000);
afterAll(() => service?.remove());

const stale = () => join(service.folder, 'dist/functions/dns/chunk-OLD.mjs');

const names = [...mechanisms.map(({ name }) => name), 'kube-state'].sort();

describe('osls package, without network and credentials', () => {
  test('makes a function for each backend', () => {
    const functions = ofType('AWS::Lambda::Function').map(({ Properties }) =>
      z
        .object({
          FunctionName: z.string(),
          Handler: z.string(),
          Runtime: z.string(),
          Architectures: z.string().array(),
          Timeout: z.number(),
          MemorySize: z.number(),
        })
        .parse(Properties),
    );
    expect(functions).toEqual(
      names.map((name) => ({
        FunctionName: `muster-prod-${name}`,
        Handler: `dist/functions/${name}/index.handler`,
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        Timeout: name.startsWith('kube') ? 120 : 90,
        MemorySize: expect.any(Number),
      })),
    );
  });

  test('builds what it packs, which tells its version and commit', async () => {
    await expect(access(stale())).rejects.toThrow('no such file');
    const descriptions = ofType('AWS::Lambda::Function').map(({ Properties }) =>
      String(Properties.Description),
    );
    expect(descriptions).toEqual(names.map(() => expect.stringContaining(`Muster ${revision()}: lists `)));
    const [, commit = ''] = revision().split('+');
    const bundle = await readFile(join(service.folder, 'dist/functions/dns/index.mjs'), 'utf8');
    expect(bundle).toContain(`"${commit}"`);
  });

  test('deploys no backend that was not asked for', async () => {
    await expect(service.osls(['package', '--stage', 'prod'])).rejects.toThrow(
      'say which backends to deploy, as in --param="backends=consul,kubernetes"',
    );
  });

  test('refuses while other packages are installed than the sources need', async () => {
    await expect(checkPackages(service.folder)).resolves.toBeUndefined();
    const manifest = join(service.folder, 'package.json');
    const text = await readFile(manifest, 'utf8');
    await writeFile(manifest, text.replace(/("undici": )"[^"]+"/, '$1"99.0.0"'));
    const args = ['package', '--stage', 'prod', '--param=backends=dns'];
    await expect(service.osls(args)).rejects.toThrow(
      /the sources need other packages than are installed: undici 99\.0\.0 \(here: [\d.]+\); run npm install, then deploy/,
    );
    await writeFile(manifest, text);
  });

  test('starts each by a schedule of its own, and retries nothing', () => {
    const schedules = ofType('AWS::Scheduler::Schedule').map(({ Properties }) => Properties);
    expect(schedules).toEqual(
      names.map((name) => ({
        Name: `muster-prod-${name}`,
        Description: `Starts Muster's function for ${name}`,
        ScheduleExpression: 'rate(1 minute)',
        FlexibleTimeWindow: { Mode: 'OFF' },
        State: 'ENABLED',
        Target: {
          Arn: { 'Fn::GetAtt': [`${idOf(name)}LambdaFunction`, 'Arn'] },
          RoleArn: { 'Fn::GetAtt': ['ScheduleRole', 'Arn'] },
          Input: '{}',
          RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 },
        },
      })),
    );
    const invocations = ofType('AWS::Lambda::EventInvokeConfig').map(({ Properties }) => Properties);
    expect(invocations).toEqual(
      names.map((name) => ({
        FunctionName: { Ref: `${idOf(name)}LambdaFunction` },
        Qualifier: '$LATEST',
        DestinationConfig: {},
        MaximumEventAgeInSeconds: 60,
        MaximumRetryAttempts: 0,
      })),
    );
  });

  test('gives each function a role of its own', () => {
    const roles = ofType('AWS::Lambda::Function').map(({ Properties }) => Properties.Role);
    expect(roles).toEqual(names.map((name) => ({ 'Fn::GetAtt': [`${idOf(name)}Role`, 'Arn'] })));
    const allowed = findStatements(template).filter(({ Effect }) => Effect === 'Allow');
    const wild = allowed.filter(
      ({ Action, Resource }) => Action.some((one) => /\*/.test(String(one))) || Resource.includes('*'),
    );
    // For what AWS knows no resource for; test/infra/stack.test.ts has the actions.
    expect(wild.map(({ in: id, Sid }) => [id, Sid])).toEqual(
      ['Ec2Role', 'EcsRole', 'LightsailRole', 'MskRole'].map((id) => [id, 'ListServices']),
    );
  });

  test('leaves no bucket open or in the clear', () => {
    const buckets = ofType('AWS::S3::Bucket').map(({ Properties }) =>
      z
        .object({ PublicAccessBlockConfiguration: z.unknown(), BucketEncryption: z.unknown() })
        .parse(Properties),
    );
    const closed = {
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
    };
    // One is the Serverless Framework's own, for the code.
    expect(buckets).toEqual([closed, closed]);
    const tlsOnly = findStatements(template).filter(
      ({ Effect, Condition }) =>
        Effect === 'Deny' && JSON.stringify(Condition).includes('aws:SecureTransport'),
    );
    expect(tlsOnly.map(({ in: id }) => id)).toEqual(['ServerlessDeploymentBucketPolicy', 'BucketPolicy']);
  });

  test('keeps logs for a while, and watches every function', () => {
    const logs = ofType('AWS::Logs::LogGroup').map(({ Properties }) => Properties.RetentionInDays);
    expect(logs).toEqual(names.map(() => 30));
    const alarms = ofType('AWS::CloudWatch::Alarm').map(({ Properties }) => Properties.AlarmName);
    const kinds = ['config', 'errors', 'failing', 'held', 'pinned', 'rejected', 'slow', 'stale', 'throttled'];
    // Kube state has no guard, and nobody pins it.
    const ofTargets = ['held', 'pinned', 'rejected'].map((kind) => `muster-prod-kube-state-${kind}`);
    const expected = names.flatMap((name) => kinds.map((kind) => `muster-prod-${name}-${kind}`));
    expect([...alarms].sort()).toEqual(expected.filter((name) => !ofTargets.includes(name)).sort());
  });

  test('gives the functions the network, the brake, the queue and the tags that are set', async () => {
    const set = {
      ...{ backends: 'consul', reservedConcurrency: '20', deadLetterQueue: 'true', kms: 'own' },
      ...{ subnets: 'subnet-1, subnet-2', securityGroups: 'sg-1', schedule: 'rate(5 minutes)' },
    };
    const params = Object.entries(set).map(([name, value]) => `--param=${name}=${value}`);
    await service.osls(['package', '--stage', 'test', ...params]);
    const packaged = templateSchema.parse(await service.template());
    const { ConsulLambdaFunction, ConsulLambdaEvConf, ConsulSchedule } = packaged.Resources;
    expect(ConsulLambdaFunction?.Properties).toMatchObject({
      VpcConfig: { SubnetIds: ['subnet-1', 'subnet-2'], SecurityGroupIds: ['sg-1'] },
      ReservedConcurrentExecutions: 20,
      Environment: { Variables: { MUSTER_SCHEDULE: 'rate(5 minutes)' } },
      Tags: [
        { Key: 'application', Value: 'muster' },
        { Key: 'stage', Value: 'test' },
      ],
    });
    expect(ConsulLambdaEvConf?.Properties).toMatchObject({
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['FailedQueue', 'Arn'] } } },
      MaximumRetryAttempts: 0,
    });
    expect(ConsulSchedule?.Properties.ScheduleExpression).toBe('rate(5 minutes)');
    expect(lintTemplate(packaged)).toEqual([]);
  });

  test('makes a template in which AWS finds no fault, of a size that it takes', () => {
    expect(lintTemplate(template)).toEqual([]);
    expect(JSON.stringify(template).length).toBeLessThan(1_000_000);
    expect(Object.keys(template.Resources).length).toBeLessThan(500);
  });
});

/** In the order of the code units, as the names are. */
function ofType(type: string) {
  return Object.values(template.Resources)
    .filter(({ Type }) => Type === type)
    .sort((a, b) => (JSON.stringify(a.Properties) < JSON.stringify(b.Properties) ? -1 : 1));
}

function idOf(name: string): string {
  return name.replace(/(?:^|-)(.)/g, (_, letter: string) => letter.toUpperCase());
}

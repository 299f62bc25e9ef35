import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { revision } from '../../infra/revision.ts';
import { type HclValue, listOf, objectOf } from '../support/hcl.ts';
import { readServiceFile } from '../support/stack.ts';
import {
  type Module,
  type Plan,
  type PlannedResource,
  place,
  planModule,
  readModule,
} from '../support/terraform.ts';
import { fromPlan, fromStack, name } from '../support/terraform-stack.ts';

const folder = join(import.meta.dirname, '../../infra/terraform');

let module: Module;
beforeAll(async () => {
  module = await readModule(folder);
});

const allBackends = Object.fromEntries(
  Object.keys(readServiceFile().custom.backends).map((one) => [one, {}]),
);
const always = { name, packages: 'release', release: revision(), backends: allBackends };

type Params = Readonly<Record<string, string>>;
type Variables = { readonly [name: string]: HclValue };

/** The same settings for both: parameters of serverless.yml, variables of the module. */
const settings: readonly (readonly [what: string, params: Params, variables: Variables])[] = [
  ['as they are', {}, {}],
  [
    'all in use',
    {
      ...{ reservedConcurrency: '20', kms: 'own', alarmEmail: 'ops@example.org', deadLetterQueue: 'true' },
      ...{ subnets: 'subnet-1, subnet-2', securityGroups: 'sg-1', journalDays: '400', staleSeconds: '1200' },
      ...{ readers: 'arn:aws:iam::210987654321:root', logLevel: 'debug', schedule: 'rate(2 hours)' },
      ...{ awsServices: 'ec2, ecs, elasticache, lightsail, msk, rds', awsRegions: 'eu-west-1, us-east-1' },
      ...{ awsCredentials: 'secretsmanager:aws/*' },
      consulCredentials: 'ssm:/muster/consul/*, secretsmanager:consul/prod',
      kubernetesClusters: 'blue, arn:aws:eks:eu-west-1:210987654321:cluster/green',
      kubernetesRoles: 'arn:aws:iam::210987654321:role/muster-reader',
      ...{
        kubeStateCredentials: 'ssm:arn:aws:ssm:eu-west-1:210987654321:parameter/token',
        kubeStateClusters: 'blue',
      },
    },
    {
      ...{ reserved_concurrency: 20, kms: 'own', alarm_email: 'ops@example.org', dead_letter_queue: true },
      ...{
        subnets: ['subnet-1', 'subnet-2'],
        security_groups: ['sg-1'],
        journal_days: 400,
        stale_seconds: 1200,
      },
      ...{ readers: ['arn:aws:iam::210987654321:root'], log_level: 'debug', schedule: 'rate(2 hours)' },
      backends: {
        ...Object.fromEntries(Object.keys(allBackends).map((one) => [one, isOfAws(one) ? ofAws(one) : {}])),
        consul: { credentials: ['ssm:/muster/consul/*', 'secretsmanager:consul/prod'] },
        kubernetes: {
          clusters: ['blue', 'arn:aws:eks:eu-west-1:210987654321:cluster/green'],
          roles: ['arn:aws:iam::210987654321:role/muster-reader'],
        },
        'kube-state': {
          credentials: ['ssm:arn:aws:ssm:eu-west-1:210987654321:parameter/token'],
          clusters: ['blue'],
        },
      },
    },
  ],
  [
    'an existing bucket with its key, other accounts, a cron schedule, no dashboard',
    {
      ...{ existingBucket: 'there-before', kms: 'arn:aws:kms:eu-west-1:1:key/k', dashboard: 'false' },
      ...{ backends: 'ecs,kube-state', awsRoles: 'arn:aws:iam::210987654321:role/muster-reader' },
      schedule: 'cron(0/10 * * * ? *)',
    },
    {
      ...{ existing_bucket: 'there-before', kms: 'arn:aws:kms:eu-west-1:1:key/k', dashboard: false },
      backends: { ecs: { roles: ['arn:aws:iam::210987654321:role/muster-reader'] }, 'kube-state': {} },
      ...{ schedule: 'cron(0/10 * * * ? *)', schedule_gap_seconds: 600 },
    },
  ],
];

function isOfAws(backend: string): boolean {
  return ['aws', 'ec2', 'ecs', 'elasticache', 'lightsail', 'msk', 'rds'].includes(backend);
}

function ofAws(backend: string): HclValue {
  return {
    services: backend === 'aws' ? ['ec2', 'ecs', 'elasticache', 'lightsail', 'msk', 'rds'] : [],
    regions: ['eu-west-1', 'us-east-1'],
    credentials: ['secretsmanager:aws/*'],
  };
}

describe('the Terraform module', () => {
  test.each(settings)('makes what serverless.yml makes, with settings %s', async (_, params, variables) => {
    const made = fromPlan(planModule(module, { ...always, ...variables }));
    const wanted = await fromStack(params);
    expect(Object.keys(made).sort()).toEqual(Object.keys(wanted).sort());
    expect(made).toEqual(wanted);
  });

  test('gives only arguments that the provider knows, and each that it requires', async () => {
    const path = join(import.meta.dirname, '../golden/terraform/aws.json');
    const { resources } = z
      .object({ resources: z.record(z.string(), blockSchema) })
      .parse(JSON.parse(await readFile(path, 'utf8')));
    const types = new Set<string>();
    for (const [, , variables] of settings)
      for (const one of planModule(module, { ...always, config: 'muster.yml', ...variables }).resources) {
        types.add(one.type);
        expect(strayArguments(one.values, resources[one.type], one.type)).toEqual([]);
      }
    expect([...types].sort()).toEqual(Object.keys(resources).sort());
  });

  test('takes packages from a bucket, an alarm topic that is there, and the configuration', () => {
    const plan = planModule(module, {
      ...{ ...always, backends: { dns: {} }, config: 'conf/muster.yml', packages: 'muster/0.1.0' },
      ...{ packages_bucket: 'artifacts', alarm_topic_arn: 'arn:aws:sns:eu-west-1:1:ops' },
    });
    const [one] = ofType(plan, 'aws_lambda_function');
    expect([one?.values.s3_bucket, one?.values.s3_key, one?.values.filename]).toEqual([
      'artifacts',
      'muster/0.1.0/function-dns.zip',
      undefined,
    ]);
    expect(ofType(plan, 'aws_sns_topic')).toEqual([]);
    const actions = ofType(plan, 'aws_cloudwatch_metric_alarm').map(({ values }) => values.alarm_actions);
    expect(actions).toEqual(actions.map(() => ['arn:aws:sns:eu-west-1:1:ops']));
    expect(ofType(plan, 'aws_s3_object').map(({ values }) => values)).toEqual([
      {
        bucket: `${name}-${place.account}-${place.region}`,
        ...{ key: 'config/muster.yml', source: 'conf/muster.yml', source_hash: 'digest of conf/muster.yml' },
      },
    ]);
  });

  test('says what to use afterwards, and which policy an existing bucket needs', () => {
    const variables = { ...always, backends: { dns: {}, 'kube-state': {} }, existing_bucket: 'there-before' };
    const { outputs } = planModule(module, variables);
    const fresh = planModule(module, always).outputs;
    expect({ ...outputs, bucket_policy: '' }).toEqual({
      bucket: 'there-before',
      functions: { dns: `${name}-dns`, 'kube-state': `${name}-kube-state` },
      sidecar_policy_arn: '<aws_iam_policy.sidecar.arn>',
      alarm_topic_arn: '<aws_sns_topic.alarms[0].arn>',
      bucket_policy: '',
    });
    const elsewhere = String(fresh.bucket_policy).replaceAll(String(fresh.bucket), 'there-before');
    expect(outputs.bucket_policy).toBe(elsewhere);
  });

  test.each<[string, Variables]>([
    ['Name at least one backend', { backends: {} }],
    ['Credentials must be ssm:/path or secretsmanager:name', { backends: { dns: { credentials: ['x'] } } }],
    ['at most 25 letters', { name: 'a-name-that-is-too-long-for-roles' }],
    ['give schedule_gap_seconds beside cron', { schedule: 'cron(0/10 * * * ? *)' }],
    ['kms = "own" makes a key for a new bucket', { kms: 'own', existing_bucket: 'there-before' }],
    ['Must be rate(…) or cron(…).', { schedule: 'at noon' }],
  ])('refuses with a line that says what to do: %s', (message, variables) => {
    expect(() => planModule(module, { ...always, ...variables })).toThrow(message);
  });

  test('has each variable and output in its README', async () => {
    const text = await readFile(join(folder, 'README.md'), 'utf8');
    const names = module.flatMap(({ variable, output }) => [
      ...Object.keys(variable),
      ...Object.keys(output),
    ]);
    expect(names.filter((one) => !text.includes(`\`${one}\``))).toEqual([]);
  });
});

type Block = { readonly [name: string]: { readonly required: boolean; readonly block?: Block | undefined } };
const blockSchema: z.ZodType<Block> = z.lazy(() =>
  z.record(z.string(), z.object({ required: z.boolean(), block: blockSchema.optional() })),
);

function strayArguments(values: Variables, known: Block | undefined, path: string): readonly string[] {
  if (known === undefined) return [`${path} is not known`];
  const missing = Object.entries(known).filter(
    ([one, { required }]) => required && values[one] === undefined,
  );
  const given = Object.entries(values).flatMap(([one, value]) => {
    const argument = known[one];
    if (argument === undefined) return [`${path}.${one} is not known`];
    const { block } = argument;
    if (block === undefined) return [];
    return listOf(value).flatMap((item) => strayArguments(objectOf(item), block, `${path}.${one}`));
  });
  return [...missing.map(([one]) => `${path}.${one} is missing`), ...given];
}

function ofType({ resources }: Plan, type: string): readonly PlannedResource[] {
  return resources.filter((one) => one.type === type);
}

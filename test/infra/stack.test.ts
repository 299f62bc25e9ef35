import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { mechanisms } from '../../lib/backends/registry.ts';
import { lintTemplate } from '../support/cloudformation.ts';
import { findStatements } from '../support/policies.ts';
import { makeStack, readServiceFile } from '../support/stack.ts';

/** Every setting in use, so that nothing which can be deployed stays unseen. */
const everything = {
  reservedConcurrency: '20',
  kms: 'own',
  alarmEmail: 'ops@example.org',
  deadLetterQueue: 'true',
  subnets: 'subnet-1, subnet-2',
  securityGroups: 'sg-1',
  readers: 'arn:aws:iam::210987654321:root',
  awsServices: 'ec2, ecs, elasticache, lightsail, msk, rds',
  awsRegions: 'eu-west-1, us-east-1',
  consulCredentials: 'ssm:/muster/consul/*, secretsmanager:consul/prod',
  kubernetesClusters: 'blue, arn:aws:eks:eu-west-1:210987654321:cluster/green',
  kubernetesRoles: 'arn:aws:iam::210987654321:role/muster-reader',
  kubeStateCredentials: 'ssm:/muster/prod-token',
  kubeStateClusters: 'blue',
};

/** The backends, as the ids of their resources begin. */
const backendIds = mechanisms.map(({ name }) => `${name.charAt(0).toUpperCase()}${name.slice(1)}`);

describe('what a function may do', () => {
  test('its own keys of the bucket, its log, itself, and what its credentials name', async () => {
    const template = await makeStack(everything);
    const own = findStatements(template).filter((statement) => statement.in === 'ConsulRole');
    const account = '${AWS::Region}:${AWS::AccountId}';
    const keys = (...names: string[]) =>
      names.map((name) => `arn:\${AWS::Partition}:s3:::\${bucket}/${name}`);
    const aws = (service: string, rest: string) => `arn:\${AWS::Partition}:${service}:${account}:${rest}`;
    const removed = [
      ...['targets/*/consul-*', 'parts/*/consul-*', 'held/*/consul-*', 'retired/*/consul-*'],
      ...['journal/*/consul-*', 'status/*/consul-*', 'removals/*'],
    ];
    const checks = 'muster-conditional-writes*';
    const written = ['snapshots/*/consul-*', ...removed, 'store.json', 'config/last-good/consul.yml', checks];
    const read = ['config/muster.yml', 'status/*'];
    const rows = own.map(({ Sid, Action, Resource }) => [Sid, Action, Resource]);
    expect(rows).toEqual([
      ['', ['sts:AssumeRole'], []],
      ['List', ['s3:ListBucket'], ['arn:${AWS::Partition}:s3:::${bucket}']],
      ['Read', ['s3:GetObject'], keys(...read, ...written)],
      ['Write', ['s3:PutObject'], keys(...written)],
      ['Remove', ['s3:DeleteObject'], keys(...removed, checks)],
      ['UseKey', ['kms:Decrypt', 'kms:GenerateDataKey'], [{ 'Fn::GetAtt': ['Key', 'Arn'] }]],
      [
        'Log',
        ['logs:CreateLogStream', 'logs:PutLogEvents'],
        [aws('logs', 'log-group:/aws/lambda/muster-test-consul:*')],
      ],
      ['FanOut', ['lambda:InvokeFunction'], [aws('lambda', 'function:muster-test-consul')]],
      ['KeepFailed', ['sqs:SendMessage'], [aws('sqs', 'muster-test-failed')]],
      ['Parameters', ['ssm:GetParameter'], [aws('ssm', 'parameter/muster/consul/*')]],
      ['Secrets', ['secretsmanager:GetSecretValue'], [aws('secretsmanager', 'secret:consul/prod-??????')]],
      [
        'Network',
        ['ec2:CreateNetworkInterface', 'ec2:DeleteNetworkInterface'],
        ['network-interface', 'subnet', 'security-group'].map((kind) => aws('ec2', `${kind}/*`)),
      ],
      ['DescribeNetwork', ['ec2:DescribeNetworkInterfaces', 'ec2:DescribeSubnets'], ['*']],
    ]);
    // With these prefixes S3 says 404, not 403, of a key of ours that is not there.
    expect(own.find(({ Sid }) => Sid === 'List')?.Condition).toEqual({
      StringLike: { 's3:prefix': ['retired/', ...read, ...written] },
    });
  });

  test('that of kube state touches what is of kube state, and nothing of targets', async () => {
    const own = findStatements(await makeStack(everything)).filter(({ in: id }) => id === 'KubeStateRole');
    const keys = (...names: string[]) =>
      names.map((name) => `arn:\${AWS::Partition}:s3:::\${bucket}/${name}`);
    const account = '${AWS::Region}:${AWS::AccountId}';
    const outputs = ['metrics/*', 'retired/kube-state/*'];
    const checks = 'muster-conditional-writes*';
    const written = [...outputs, 'store.json', 'config/last-good/kube-state.yml', checks];
    const read = ['config/muster.yml'];
    const rows = own
      .filter(({ Action }) => /^(s3|lambda|ssm|eks):/.test(String(Action[0])))
      .map(({ Sid, Action, Resource }) => [Sid, Action, Resource]);
    expect(rows).toEqual([
      ['List', ['s3:ListBucket'], ['arn:${AWS::Partition}:s3:::${bucket}']],
      ['Read', ['s3:GetObject'], keys(...read, ...written)],
      ['Write', ['s3:PutObject'], keys(...written)],
      ['Remove', ['s3:DeleteObject'], keys(...outputs, checks)],
      [
        'FanOut',
        ['lambda:InvokeFunction'],
        [`arn:\${AWS::Partition}:lambda:${account}:function:muster-test-kube-state`],
      ],
      [
        'Parameters',
        ['ssm:GetParameter'],
        [`arn:\${AWS::Partition}:ssm:${account}:parameter/muster/prod-token`],
      ],
      ['DescribeClusters', ['eks:DescribeCluster'], [`arn:\${AWS::Partition}:eks:${account}:cluster/blue`]],
    ]);
    // The folder itself is what `metrics/*` matches first: its listing, for what left the configuration.
    expect(own.find(({ Sid }) => Sid === 'List')?.Condition).toEqual({
      StringLike: { 's3:prefix': [...read, ...written] },
    });
  });

  test('EKS and other accounts are for kubernetes and kube state, and only those that are named', async () => {
    const statements = findStatements(await makeStack(everything));
    const actions = ['eks:DescribeCluster', 'sts:AssumeRole'];
    const found = statements
      .filter(({ Sid, Action }) => Sid !== '' && Action.some((action) => actions.includes(String(action))))
      .map(({ in: id, Action, Resource }) => [id, Action, Resource]);
    expect(found).toEqual([
      [
        'KubeStateRole',
        ['eks:DescribeCluster'],
        ['arn:${AWS::Partition}:eks:${AWS::Region}:${AWS::AccountId}:cluster/blue'],
      ],
      ['KubernetesRole', ['sts:AssumeRole'], ['arn:aws:iam::210987654321:role/muster-reader']],
      [
        'KubernetesRole',
        ['eks:DescribeCluster'],
        [
          'arn:${AWS::Partition}:eks:${AWS::Region}:${AWS::AccountId}:cluster/blue',
          'arn:aws:eks:eu-west-1:210987654321:cluster/green',
        ],
      ],
    ]);
  });

  test('what AWS runs is listed in the regions that are named, or by the roles that are assumed alone', async () => {
    const statementsOf = async (id: string, params: Readonly<Record<string, string>>) =>
      findStatements(await makeStack(params))
        .filter(({ in: resource, Sid }) => resource === id && /Services|OtherAccounts/.test(Sid))
        .map(({ Sid, Action, Resource, Condition }) => [Sid, Action, Resource, Condition]);
    const regions = { StringEquals: { 'aws:RequestedRegion': ['eu-west-1', 'us-east-1'] } };
    const inBoth = (service: string, rest: string) =>
      ['eu-west-1', 'us-east-1'].map(
        (region) => `arn:\${AWS::Partition}:${service}:${region}:\${AWS::AccountId}:${rest}`,
      );
    expect(await statementsOf('EcsRole', everything)).toEqual([
      [
        'ListServices',
        [
          ...['ec2:DescribeInstances', 'ec2:DescribeNetworkInterfaces'],
          ...['ecs:ListClusters', 'ecs:ListServices'],
        ],
        ['*'],
        regions,
      ],
      ['ReadServices0', ['ecs:DescribeClusters'], inBoth('ecs', 'cluster/*'), undefined],
      ['ReadServices1', ['ecs:DescribeServices'], inBoth('ecs', 'service/*'), undefined],
      ['ReadServices2', ['ecs:DescribeTasks'], inBoth('ecs', 'task/*'), undefined],
      [
        'ReadServices3',
        ['ecs:DescribeContainerInstances', 'ecs:ListTasks'],
        inBoth('ecs', 'container-instance/*'),
        undefined,
      ],
    ]);
    const role = 'arn:aws:iam::210987654321:role/muster-reader';
    expect(await statementsOf('Ec2Role', { awsRoles: role })).toEqual([
      ['OtherAccounts', ['sts:AssumeRole'], [role], undefined],
    ]);
    expect(await statementsOf('RdsRole', {})).toEqual([
      [
        'ReadServices0',
        ['rds:DescribeDBClusters'],
        ['arn:${AWS::Partition}:rds:${AWS::Region}:${AWS::AccountId}:cluster:*'],
        undefined,
      ],
      [
        'ReadServices1',
        ['rds:DescribeDBInstances'],
        ['arn:${AWS::Partition}:rds:${AWS::Region}:${AWS::AccountId}:db:*'],
        undefined,
      ],
    ]);
    await expect(makeStack({ awsServices: 'ec3' })).rejects.toThrow(
      'aws: services: ec3: must be of ec2, ecs,',
    );
  });

  test('what else is allowed has no wildcard but where AWS has nothing finer', async () => {
    const statements = findStatements(await makeStack(everything));
    const wild = statements
      .filter(({ Effect }) => Effect === 'Allow')
      .filter(
        ({ Action, Resource }) => Action.some((one) => /\*/.test(String(one))) || Resource.includes('*'),
      )
      .map(({ in: id, Sid, Action }) => [id, Sid, Action]);
    const describing = ['ec2:DescribeNetworkInterfaces', 'ec2:DescribeSubnets'];
    const functions = [...backendIds, 'KubeState'];
    const listing: Readonly<Record<string, readonly string[]>> = {
      Aws: [
        ...['ec2:DescribeAvailabilityZones', 'ec2:DescribeInstances', 'ec2:DescribeNetworkInterfaces'],
        ...['ecs:ListClusters', 'ecs:ListServices', 'kafka:ListClustersV2', 'lightsail:GetInstances'],
      ],
      Ec2: ['ec2:DescribeAvailabilityZones', 'ec2:DescribeInstances'],
      Ecs: [
        ...['ec2:DescribeInstances', 'ec2:DescribeNetworkInterfaces', 'ecs:ListClusters'],
        'ecs:ListServices',
      ],
      Lightsail: ['lightsail:GetInstances'],
      Msk: ['kafka:ListClustersV2'],
    };
    const byRole = ([a]: readonly unknown[], [b]: readonly unknown[]) => (String(a) < String(b) ? -1 : 1);
    expect(wild.toSorted(byRole)).toEqual(
      [
        // A key's policy speaks of this key alone, and hands it to the account's own policies.
        ['Key', 'TheAccountDecides', ['kms:*']],
        ...functions.flatMap((id) => [
          // AWS knows no resource for these.
          ...(listing[id] === undefined ? [] : [[`${id}Role`, 'ListServices', listing[id]]]),
          [`${id}Role`, 'DescribeNetwork', describing],
        ]),
      ].toSorted(byRole),
    );
  });

  test('each role has as many wildcards as AWS demands, and none with roles to assume', async () => {
    const countWild = async (params: Readonly<Record<string, string>>) => {
      const own = findStatements(await makeStack(params)).filter(
        ({ in: id, Effect }) => id.endsWith('Role') && Effect === 'Allow',
      );
      const wild = own.flatMap(({ in: id, Action, Resource }) =>
        Resource.includes('*') || Action.some((one) => String(one).includes('*')) ? Action.map(() => id) : [],
      );
      return Object.fromEntries([...Map.groupBy(wild, (id) => id)].map(([id, all]) => [id, all.length]));
    };
    const awsServices = everything.awsServices;
    expect(await countWild({ awsServices })).toEqual({
      ...{ AwsRole: 7, Ec2Role: 2, EcsRole: 4, LightsailRole: 1, MskRole: 1 },
    });
    expect(await countWild({ awsServices, awsRoles: 'arn:aws:iam::210987654321:role/reader' })).toEqual({});
  });
});

describe('the bucket', () => {
  test('refuses plain HTTP, a second write of a journal entry or a part, and blind overwrites', async () => {
    const statements = findStatements(await makeStack({}));
    const denied = statements
      .filter(({ in: id }) => id === 'BucketPolicy')
      .map(({ Effect, Sid, Resource, Condition }) => [Effect, Sid, Resource, Condition]);
    const at = (keys: string) => `arn:\${AWS::Partition}:s3:::\${bucket}${keys}`;
    expect(denied).toEqual([
      ['Deny', 'OnlyWithTls', [at(''), at('/*')], { Bool: { 'aws:SecureTransport': 'false' } }],
      ['Deny', 'WrittenOnce', [at('/journal/*'), at('/parts/*')], { Null: { 's3:if-none-match': 'true' } }],
      [
        'Deny',
        'NoBlindOverwrites',
        [at('/snapshots/*'), at('/targets/*'), at('/status/*'), at('/metrics/*'), at('/store.json')],
        { Null: { 's3:if-none-match': 'true', 's3:if-match': 'true' } },
      ],
    ]);
  });

  test('lets sidecars read what is published, here by a policy, elsewhere by account', async () => {
    const statements = findStatements(await makeStack(everything));
    const reading = statements
      .filter(({ Sid }) => ['ReadPublished', 'ListPublished', 'Decrypt'].includes(Sid))
      .map(({ in: id, Sid, Action, Principal }) => [id, Sid, Action, Principal]);
    const other = { AWS: ['arn:aws:iam::210987654321:root'] };
    expect(reading).toEqual([
      ['BucketPolicy', 'ReadPublished', ['s3:GetObject'], other],
      ['BucketPolicy', 'ListPublished', ['s3:ListBucket'], other],
      ['SidecarPolicy', 'ReadPublished', ['s3:GetObject'], undefined],
      ['SidecarPolicy', 'ListPublished', ['s3:ListBucket'], undefined],
      ['SidecarPolicy', 'Decrypt', ['kms:Decrypt'], undefined],
    ]);
  });

  test('lets sidecars read every folder of the layout, and nothing else', async () => {
    const reading = findStatements(await makeStack({})).filter(({ in: id }) => id === 'SidecarPolicy');
    const folders = [
      ...['targets/*', 'parts/*', 'metrics/*', 'status/*', 'journal/*', 'snapshots/*'],
      ...['retired/*', 'held/*', 'store.json'],
    ];
    const keys = folders.map((key) => `arn:\${AWS::Partition}:s3:::\${bucket}/${key}`);
    expect(reading.map(({ Action, Resource, Condition }) => [Action, Resource, Condition])).toEqual([
      [['s3:GetObject'], keys, undefined],
      [['s3:ListBucket'], ['arn:${AWS::Partition}:s3:::${bucket}'], { StringLike: { 's3:prefix': folders } }],
    ]);
  });

  test('drops what is past its time by the figures of Muster itself, and never a list', async () => {
    const { Resources } = await makeStack({ journalDays: '60' });
    const { Rules } = lifecycleSchema.parse(Resources.Bucket?.Properties.LifecycleConfiguration);
    const figures = Rules.map((rule) => [
      rule.Prefix,
      rule.ExpirationInDays,
      rule.NoncurrentVersionExpiration.NoncurrentDays,
    ]);
    expect(figures).toEqual([
      ['journal/', 60, 30],
      ['retired/', 90, 30],
      ['held/', 30, 1],
      ['removals/', 1, 1],
      ['config/', undefined, 30],
      ...['targets/', 'parts/', 'snapshots/', 'status/', 'metrics/'].map((folder) => [
        ...[folder, undefined, 1],
      ]),
      ['muster-conditional-writes', undefined, 1],
    ]);
    expect(readServiceFile().params.default.journalDays).toBe(90);
  });

  test('stays with its policy when the stack goes, and so does the policy of the sidecars', async () => {
    const { Resources } = await makeStack({ kms: 'own' });
    const kept = Object.entries(Resources).filter(([, { DeletionPolicy }]) => DeletionPolicy !== undefined);
    expect(
      kept.map(([id, { DeletionPolicy, UpdateReplacePolicy }]) => [id, DeletionPolicy, UpdateReplacePolicy]),
    ).toEqual(
      ['Key', 'Bucket', 'BucketPolicy', 'SidecarPolicy'].map((id) => [id, 'RetainExceptOnCreate', 'Retain']),
    );
  });

  test('an existing one is no part of the stack', async () => {
    const { Resources, Outputs } = await makeStack({ existingBucket: 'ours' });
    const types = Object.values(Resources).map(({ Type }) => Type);
    expect(types.filter((type) => type.startsWith('AWS::S3::'))).toEqual([]);
    expect(Outputs.BucketName).toMatchObject({ Value: 'ours' });
  });
});

const lifecycleSchema = z.object({
  Rules: z
    .object({
      Prefix: z.string(),
      ExpirationInDays: z.int().optional(),
      NoncurrentVersionExpiration: z.object({ NoncurrentDays: z.int() }),
    })
    .array(),
});

describe('whatever is set', () => {
  test.each([
    ['nothing', {}],
    ['everything', everything],
    ['an existing bucket with a key', { existingBucket: 'ours', kms: 'arn:aws:kms:eu-west-1:1:key/k' }],
    ['one backend', { backends: 'consul', dashboard: 'false' }],
    ['kube state alone', { backends: 'kube-state' }],
  ])('AWS finds no fault with the resources: %s', async (_name, params) => {
    expect(lintTemplate(withFunctions(await makeStack(params)))).toEqual([]);
  });

  test('backends that are switched off leave nothing behind', async () => {
    const { Resources } = await makeStack({ backends: 'consul' });
    const others = [...backendIds.filter((id) => id !== 'Consul'), 'KubeState'];
    const isOfOther = (id: string) => others.some((other) => new RegExp(`^${other}[A-Z]`).test(id));
    expect(Object.keys(Resources).filter(isOfOther)).toEqual([]);
    expect(Object.keys(Resources).filter((id) => id.startsWith('Consul'))).toEqual([
      ...['ConsulRole', 'ConsulSchedule', 'ConsulStaleAlarm', 'ConsulFailingAlarm', 'ConsulHeldAlarm'],
      ...['ConsulPinnedAlarm', 'ConsulRejectedAlarm'],
      ...['ConsulConfigAlarm', 'ConsulErrorsAlarm', 'ConsulThrottledAlarm', 'ConsulSlowAlarm'],
    ]);
  });

  test('kube state alone has what a backend has, but for a guard', async () => {
    const { Resources } = await makeStack({ backends: 'kube-state' });
    expect(Object.keys(Resources).filter((id) => id.startsWith('KubeState'))).toEqual([
      ...['KubeStateRole', 'KubeStateSchedule', 'KubeStateStaleAlarm', 'KubeStateFailingAlarm'],
      ...['KubeStateConfigAlarm', 'KubeStateErrorsAlarm', 'KubeStateThrottledAlarm', 'KubeStateSlowAlarm'],
    ]);
    const { Name } = Resources.KubeStateSchedule?.Properties ?? {};
    expect(Name).toBe('muster-test-kube-state');
    // Dashboards have one name in all regions of an account.
    expect(Resources.Dashboard?.Properties.DashboardName).toEqual({
      'Fn::Sub': 'muster-test-${AWS::Region}',
    });
    const dashboard = JSON.stringify(Resources.Dashboard?.Properties.DashboardBody);
    const graphed = ['Samples', 'SecondsOverdue', 'Targets', 'CyclesHeld', 'CyclesPinned'].map((name) =>
      dashboard.includes(`\\"${name}\\"`),
    );
    expect(graphed).toEqual([true, true, false, false, false]);
  });

  test.each([
    [{ backends: 'consul, azure' }, /has no backend azure; it has aws, consul, dns/],
    [{ schedule: 'every minute' }, /must be rate\(…\) or cron\(…\)/],
    [{ existingBucket: 'ours', kms: 'own' }, /existingBucket is ours: give the ARN of its key/],
    [{ consulCredentials: 'env:TOKEN' }, /env:TOKEN: must be ssm:\/path or secretsmanager:name/],
  ])('a mistake is told: %j', async (params, message) => {
    await expect(makeStack(params)).rejects.toThrow(message);
  });
});

/** The functions themselves are the Serverless Framework's part. */
function withFunctions(template: Awaited<ReturnType<typeof makeStack>>): typeof template {
  const functions = Object.keys(template.Resources)
    .filter((id) => id.endsWith('Schedule'))
    .map((id) => [
      id.replace(/Schedule$/, 'LambdaFunction'),
      { Type: 'AWS::Lambda::Function', Properties: { Code: {}, Role: 'r' } },
    ]);
  return { ...template, Resources: { ...template.Resources, ...Object.fromEntries(functions) } };
}

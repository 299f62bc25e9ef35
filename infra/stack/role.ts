import type { Bucket } from './bucket.ts';
import type { Backend, Settings } from './settings.ts';
import { arn, policy, type Resources, type Statement, sub, trust, type Value } from './template.ts';

/** The role of one function: its own keys of the bucket, its own log, itself, and the credentials that it names. */
export function roleResources(backend: Backend, settings: Settings, bucket: Bucket): Resources {
  const statements = [
    ...bucketStatements(backend, bucket),
    ...ownStatements(backend, settings),
    ...credentialStatements(backend),
    ...clusterStatements(backend),
    ...serviceStatements(backend),
    ...networkStatements(settings),
  ];
  return {
    [`${backend.id}Role`]: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: trust('lambda.amazonaws.com'),
        Policies: [{ PolicyName: 'muster', PolicyDocument: policy(statements) }],
      },
    },
  };
}

/** Name of a backend's function. */
export function functionName({ stack }: Settings, { name }: Backend): string {
  return `${stack}-${name}`;
}

/** Keys of the bucket that a function may touch. */
interface OwnKeys {
  /** Reads and writes. */
  readonly written: readonly string[];
  /** Of them: removes what left the configuration, and what is past its time. */
  readonly removed: readonly string[];
  /** Reads beside them. */
  readonly read: readonly string[];
  /** Lists, beside what it reads. */
  readonly listed: readonly string[];
}

function ownKeys({ name, isKubeState }: Backend): OwnKeys {
  const checks = 'muster-conditional-writes*';
  // Whose store it is: the first one writes it, a configuration with an owner over what it read.
  const always = ['store.json', `config/last-good/${name}.yml`, checks];
  const config = 'config/muster.yml';
  if (isKubeState) {
    const outputs = ['metrics/*', 'retired/kube-state/*'];
    return { written: [...outputs, ...always], removed: [...outputs, checks], read: [config], listed: [] };
  }
  const own = (folder: string) => `${folder}/*/${name}-*`;
  const removed = [...['targets', 'parts', 'held', 'retired', 'journal', 'status'].map(own), 'removals/*'];
  return {
    written: [own('snapshots'), ...removed, ...always],
    removed: [...removed, checks],
    // A drop is judged by what all providers together would lose: their statuses tell.
    read: [config, 'status/*'],
    // Tombstones that are past their time are of providers that no configuration names any more.
    listed: ['retired/'],
  };
}

function bucketStatements(
  backend: Backend,
  { arn: bucketArn, objects, keyArn }: Bucket,
): readonly Statement[] {
  const { written, removed, read, listed } = ownKeys(backend);
  return [
    {
      Sid: 'List',
      Effect: 'Allow',
      Action: ['s3:ListBucket'],
      Resource: [bucketArn],
      // Beside the listings this decides whether S3 says of an object that is not there 404 or 403: it compares the
      // object's key as if it were the prefix. The protocol lives on that 404.
      Condition: { StringLike: { 's3:prefix': [...listed, ...read, ...written] } },
    },
    allow('Read', ['s3:GetObject'], [...read, ...written].map(objects)),
    allow('Write', ['s3:PutObject'], written.map(objects)),
    allow('Remove', ['s3:DeleteObject'], removed.map(objects)),
    ...(keyArn === undefined ? [] : [allow('UseKey', ['kms:Decrypt', 'kms:GenerateDataKey'], [keyArn])]),
  ];
}

function ownStatements(backend: Backend, settings: Settings): readonly Statement[] {
  const name = functionName(settings, backend);
  return [
    allow(
      'Log',
      ['logs:CreateLogStream', 'logs:PutLogEvents'],
      [arn('logs', `log-group:/aws/lambda/${name}:*`)],
    ),
    allow('FanOut', ['lambda:InvokeFunction'], [arn('lambda', `function:${name}`)]),
    ...(settings.deadLetterQueue
      ? [allow('KeepFailed', ['sqs:SendMessage'], [arn('sqs', `${settings.stack}-failed`)])]
      : []),
  ];
}

function credentialStatements({ credentials, roles }: Backend): readonly Statement[] {
  const named = (scheme: string) =>
    credentials.filter((one) => one.startsWith(`${scheme}:`)).map((one) => one.slice(scheme.length + 1));
  const parameters = named('ssm').map((name) =>
    name.startsWith('arn:') ? name : arn('ssm', `parameter/${name.replace(/^\//, '')}`),
  );
  // Secrets Manager adds a dash and six characters to a secret's name.
  const secrets = named('secretsmanager').map((name) =>
    name.startsWith('arn:')
      ? name
      : arn('secretsmanager', `secret:${name}${name.endsWith('*') ? '' : '-??????'}`),
  );
  const odd = credentials.filter((one) => !/^(ssm|secretsmanager):[^#]+$/.test(one));
  if (odd.length > 0)
    throw new Error(
      `credentials: ${odd.join(', ')}: must be ssm:/path or secretsmanager:name, without #field`,
    );
  return [
    ...(parameters.length > 0 ? [allow('Parameters', ['ssm:GetParameter'], parameters)] : []),
    ...(secrets.length > 0 ? [allow('Secrets', ['secretsmanager:GetSecretValue'], secrets)] : []),
    ...(roles.length > 0 ? [allow('OtherAccounts', ['sts:AssumeRole'], roles)] : []),
  ];
}

function clusterStatements({ clusters }: Backend): readonly Statement[] {
  if (clusters.length === 0) return [];
  const arns = clusters.map((name) => (name.startsWith('arn:') ? name : arn('eks', `cluster/${name}`)));
  return [allow('DescribeClusters', ['eks:DescribeCluster'], arns)];
}

/** Lambda itself makes the network interfaces, with the function's role. Describing them cannot be narrowed. */
function networkStatements({ subnets }: Settings): readonly Statement[] {
  if (subnets.length === 0) return [];
  const kinds = ['network-interface', 'subnet', 'security-group'];
  return [
    allow(
      'Network',
      ['ec2:CreateNetworkInterface', 'ec2:DeleteNetworkInterface'],
      kinds.map((kind) => arn('ec2', `${kind}/*`)),
    ),
    allow('DescribeNetwork', ['ec2:DescribeNetworkInterfaces', 'ec2:DescribeSubnets'], ['*']),
  ];
}

function allow(Sid: string, Action: readonly string[], Resource: readonly Value[]): Statement {
  return { Sid, Effect: 'Allow', Action, Resource };
}

/** What the role of a function has to be allowed to list one service of AWS. Source: Service Authorization Reference. */
interface Service {
  /**
   * Actions for which AWS takes only `*` as the resource, each with the reason. A condition keeps them to the regions
   * that are listed.
   */
  readonly everywhere: readonly string[];
  /** The others, by the ARN of what they read, without partition, region and account. */
  readonly narrow: readonly { readonly actions: readonly string[]; readonly resources: readonly string[] }[];
}

const services: Readonly<Record<string, Service>> = {
  ec2: {
    // EC2 has no resource for an action that describes.
    everywhere: ['ec2:DescribeAvailabilityZones', 'ec2:DescribeInstances'],
    narrow: [],
  },
  ecs: {
    everywhere: [
      // EC2 has no resource for an action that describes.
      ...['ec2:DescribeInstances', 'ec2:DescribeNetworkInterfaces'],
      // It lists what there is, and has no resource.
      'ecs:ListClusters',
      // It has no resource, only a condition on the cluster, and the function reads all clusters.
      'ecs:ListServices',
    ],
    narrow: [
      { actions: ['ecs:DescribeClusters'], resources: ['ecs:cluster/*'] },
      { actions: ['ecs:DescribeServices'], resources: ['ecs:service/*'] },
      { actions: ['ecs:DescribeTasks'], resources: ['ecs:task/*'] },
      {
        actions: ['ecs:DescribeContainerInstances', 'ecs:ListTasks'],
        resources: ['ecs:container-instance/*'],
      },
    ],
  },
  elasticache: {
    everywhere: [],
    narrow: [
      {
        actions: [
          'elasticache:DescribeCacheClusters',
          'elasticache:DescribeServerlessCaches',
          'elasticache:ListTagsForResource',
        ],
        resources: ['elasticache:cluster:*', 'elasticache:serverlesscache:*'],
      },
    ],
  },
  lightsail: {
    // It lists what there is, and has no resource; only GetInstance has.
    everywhere: ['lightsail:GetInstances'],
    narrow: [],
  },
  msk: {
    // It lists what there is, and has no resource.
    everywhere: ['kafka:ListClustersV2'],
    narrow: [{ actions: ['kafka:DescribeClusterV2', 'kafka:ListNodes'], resources: ['kafka:cluster/*'] }],
  },
  rds: {
    everywhere: [],
    narrow: [
      { actions: ['rds:DescribeDBClusters'], resources: ['rds:cluster:*'] },
      { actions: ['rds:DescribeDBInstances'], resources: ['rds:db:*'] },
    ],
  },
};

/**
 * What the function may list with its own role, in its regions alone. With roles to assume it needs nothing itself: they
 * are allowed the same in their accounts.
 */
function serviceStatements({ name, services: wanted, regions, roles }: Backend): readonly Statement[] {
  const odd = wanted.filter((one) => !Object.hasOwn(services, one));
  if (odd.length > 0)
    throw new Error(
      `serverless.yml: ${name}: services: ${odd.join(', ')}: must be of ${Object.keys(services).join(', ')}`,
    );
  if (roles.length > 0) return [];
  const chosen = wanted.flatMap((one) => services[one] ?? []);
  const here = regions.length === 0 ? ['${AWS::Region}'] : regions;
  const everywhere = [...new Set(chosen.flatMap((one) => one.everywhere))].sort();
  const narrow = chosen.flatMap((one) => one.narrow);
  return [
    ...(everywhere.length === 0
      ? []
      : [
          {
            Sid: 'ListServices',
            Effect: 'Allow' as const,
            Action: everywhere,
            Resource: ['*'],
            Condition: { StringEquals: { 'aws:RequestedRegion': here.map(regionOf) } },
          },
        ]),
    ...narrow.map(({ actions, resources }, index) => ({
      Sid: `ReadServices${index}`,
      Effect: 'Allow' as const,
      Action: actions,
      Resource: here.flatMap((region) =>
        resources.map((resource) => {
          const [service = '', ...rest] = resource.split(':');
          return sub(`arn:\${AWS::Partition}:${service}:${region}:\${AWS::AccountId}:${rest.join(':')}`);
        }),
      ),
    })),
  ];
}

function regionOf(region: string): Value {
  return region.startsWith('$') ? sub(region) : region;
}

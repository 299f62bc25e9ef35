import type { Backend } from './settings.ts';
import { type Statement, sub, type Value } from './template.ts';

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
export function serviceStatements({ name, services: wanted, regions, roles }: Backend): readonly Statement[] {
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

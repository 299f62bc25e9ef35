import * as z from 'zod';
import { mapConcurrent } from '../../base/concurrency.ts';
import { isMusterError, MusterError } from '../../base/errors.ts';
import {
  addressLabel,
  joinHostPort,
  type LabelSet,
  type TargetGroup,
  withoutEmpty,
} from '../../targets/group.ts';
import type { Mechanism } from '../mechanism.ts';
import {
  accountsOf,
  batches,
  discoverParts,
  type ListPart,
  type Part,
  readPages,
  serverOf,
} from './connection.ts';
import { tagLabels } from './fields.ts';
import { type ClustersConfig, ecsConfig, newerAccess } from './schema.ts';

/** Labels of ECS tasks. Source: Prometheus configuration reference, aws_sd_config, role ecs. */
export const labels = {
  availabilityZone: '__meta_ecs_availability_zone',
  cluster: '__meta_ecs_cluster',
  clusterArn: '__meta_ecs_cluster_arn',
  containerInstanceArn: '__meta_ecs_container_instance_arn',
  desiredStatus: '__meta_ecs_desired_status',
  ec2InstanceId: '__meta_ecs_ec2_instance_id',
  ec2PrivateIp: '__meta_ecs_ec2_instance_private_ip',
  ec2PublicIp: '__meta_ecs_ec2_instance_public_ip',
  ec2InstanceType: '__meta_ecs_ec2_instance_type',
  healthStatus: '__meta_ecs_health_status',
  ipAddress: '__meta_ecs_ip_address',
  lastStatus: '__meta_ecs_last_status',
  launchType: '__meta_ecs_launch_type',
  networkMode: '__meta_ecs_network_mode',
  platformFamily: '__meta_ecs_platform_family',
  platformVersion: '__meta_ecs_platform_version',
  publicIp: '__meta_ecs_public_ip',
  region: '__meta_ecs_region',
  service: '__meta_ecs_service',
  serviceArn: '__meta_ecs_service_arn',
  serviceStatus: '__meta_ecs_service_status',
  subnet: '__meta_ecs_subnet_id',
  clusterTagPrefix: '__meta_ecs_tag_cluster_',
  ec2TagPrefix: '__meta_ecs_tag_ec2_',
  serviceTagPrefix: '__meta_ecs_tag_service_',
  taskTagPrefix: '__meta_ecs_tag_task_',
  taskArn: '__meta_ecs_task_arn',
  taskDefinition: '__meta_ecs_task_definition',
  taskGroup: '__meta_ecs_task_group',
} as const;

/** Tasks of ECS: a group for each. */
export const ecs: Mechanism<ClustersConfig> = {
  name: 'ecs',
  configKey: 'ecs_sd_configs',
  schema: ecsConfig,
  newerKeys: newerAccess,
  incidental: ['request_concurrency'],
  server: (config) => serverOf('ecs', config),
  discover: (config, input) => discoverParts(config, input, listEcs(config)),
};

/** What ECS and EC2 take in one call. Source: their API references. */
const limits = { describe: 100, services: 10, filterValues: 200 } as const;

type EcsQuery = Pick<ClustersConfig, 'port' | 'clusters' | 'request_concurrency'>;

/** Lists the tasks of the clusters of a region that are, or shall be, running. */
export function listEcs(query: EcsQuery): ListPart {
  return async (part) => {
    const [ecsSdk, ec2Sdk] = await Promise.all([import('./sdk/ecs.ts'), import('./sdk/ec2.ts')]);
    const client = new ecsSdk.ECSClient(part.options);
    // The endpoint of the stanza is that of ECS, as in Prometheus.
    const { endpoint: _ofEcs, ...elsewhere } = part.options;
    const ec2Client = new ec2Sdk.EC2Client(elsewhere);
    try {
      const api = createApi(part, query, { ecsSdk, ec2Sdk, client, ec2Client });
      const names = query.clusters.length > 0 ? query.clusters : await api.listClusters();
      const clusters = await api.describeClusters([...new Set(names)]);
      const listed = await mapConcurrent(clusters, query.request_concurrency, part.signal, async (cluster) =>
        listCluster(cluster, api, { region: part.region, port: query.port }),
      );
      return {
        groups: listed.flat(),
        accounts: accountsOf(clusters.map(({ clusterArn }) => clusterArn)),
      };
    } finally {
      client.destroy();
      ec2Client.destroy();
    }
  };
}

const tags = z.array(z.object({ key: z.string().optional(), value: z.string().optional() })).default([]);
const failures = z
  .array(
    z.object({ arn: z.string().optional(), reason: z.string().default(''), detail: z.string().optional() }),
  )
  .default([]);

const cluster = z.object({ clusterArn: z.string(), clusterName: z.string().default(''), tags });
const service = z.object({
  serviceName: z.string(),
  serviceArn: z.string().default(''),
  status: z.string().default(''),
  tags,
});
const task = z.object({
  taskArn: z.string().default(''),
  attachments: z
    .array(
      z.object({
        type: z.string().optional(),
        details: z.array(z.object({ name: z.string().optional(), value: z.string().optional() })).default([]),
      }),
    )
    .default([]),
  availabilityZone: z.string().default(''),
  containerInstanceArn: z.string().optional(),
  desiredStatus: z.string().default(''),
  group: z.string().default(''),
  healthStatus: z.string().default(''),
  lastStatus: z.string().default(''),
  launchType: z.string().default(''),
  platformFamily: z.string().default(''),
  platformVersion: z.string().default(''),
  tags,
  taskDefinitionArn: z.string().default(''),
});

/** Source: Amazon ECS API reference. */
const answers = {
  clusterArns: z.object({ clusterArns: z.array(z.string()), nextToken: z.string().optional() }),
  clusters: z.object({ clusters: z.array(cluster), failures }),
  serviceArns: z.object({ serviceArns: z.array(z.string()), nextToken: z.string().optional() }),
  services: z.object({ services: z.array(service), failures }),
  taskArns: z.object({ taskArns: z.array(z.string()), nextToken: z.string().optional() }),
  tasks: z.object({ tasks: z.array(task), failures }),
  containerInstances: z.object({
    containerInstances: z.array(
      z.object({ containerInstanceArn: z.string().optional(), ec2InstanceId: z.string().optional() }),
    ),
    failures,
  }),
  instances: z.object({
    Reservations: z.array(
      z.object({
        Instances: z
          .array(
            z.object({
              InstanceId: z.string(),
              InstanceType: z.string().default(''),
              PrivateIpAddress: z.string().optional(),
              PublicIpAddress: z.string().default(''),
              SubnetId: z.string().default(''),
              Tags: z
                .array(z.object({ Key: z.string().optional(), Value: z.string().optional() }))
                .default([]),
            }),
          )
          .default([]),
      }),
    ),
    NextToken: z.string().optional(),
  }),
  interfaces: z.object({
    NetworkInterfaces: z.array(
      z.object({
        NetworkInterfaceId: z.string().optional(),
        Association: z.object({ PublicIp: z.string().optional() }).optional(),
      }),
    ),
    NextToken: z.string().optional(),
  }),
};

type Cluster = z.output<typeof cluster>;
type Service = z.output<typeof service>;
type Task = z.output<typeof task>;
type Instance = z.output<typeof answers.instances>['Reservations'][number]['Instances'][number];

interface Clients {
  readonly ecsSdk: typeof import('./sdk/ecs.ts');
  readonly ec2Sdk: typeof import('./sdk/ec2.ts');
  readonly client: InstanceType<typeof import('./sdk/ecs.ts').ECSClient>;
  readonly ec2Client: InstanceType<typeof import('./sdk/ec2.ts').EC2Client>;
}

/** The calls of a listing, each as large as the API lets it be. */
function createApi({ call, signal }: Part, query: EcsQuery, { ecsSdk, ec2Sdk, client, ec2Client }: Clients) {
  const inBatches = async <Item, Result>(
    items: readonly Item[],
    size: number,
    ask: (batch: Item[], own: AbortSignal) => Promise<readonly Result[]>,
  ): Promise<readonly Result[]> => {
    const found = await mapConcurrent(batches(items, size), query.request_concurrency, signal, (batch, own) =>
      ask([...batch], own),
    );
    return found.flat();
  };
  return {
    listClusters: () =>
      readPages(async (nextToken) => {
        const page = await call(
          'ecs:ListClusters',
          answers.clusterArns,
          (own) => client.send(new ecsSdk.ListClustersCommand({ maxResults: 100, nextToken }), own),
          signal,
        );
        return { items: page.clusterArns, next: page.nextToken };
      }),
    describeClusters: (names: readonly string[]): Promise<readonly Cluster[]> =>
      inBatches(names, limits.describe, async (clusters, own) => {
        const found = await call(
          'ecs:DescribeClusters',
          answers.clusters,
          (options) =>
            client.send(new ecsSdk.DescribeClustersCommand({ clusters, include: ['TAGS'] }), options),
          own,
        );
        // One that was listed may be gone; one that is asked for by name must be there.
        checkFailures('ecs:DescribeClusters', found.failures, query.clusters.length === 0);
        return found.clusters;
      }),
    async listTasks(clusterArn: string): Promise<readonly string[]> {
      try {
        return await readPages(async (nextToken) => {
          const page = await call(
            'ecs:ListTasks',
            answers.taskArns,
            (own) =>
              client.send(
                new ecsSdk.ListTasksCommand({ cluster: clusterArn, maxResults: 100, nextToken }),
                own,
              ),
            signal,
          );
          return { items: page.taskArns, next: page.nextToken };
        });
      } catch (error) {
        // A cluster that went away since it was listed has no tasks.
        if (query.clusters.length === 0 && isMusterError(error, 'not-found')) return [];
        throw error;
      }
    },
    describeTasks: (clusterArn: string, arns: readonly string[]): Promise<readonly Task[]> =>
      inBatches(arns, limits.describe, async (tasks, own) => {
        const found = await call(
          'ecs:DescribeTasks',
          answers.tasks,
          (options) =>
            client.send(
              new ecsSdk.DescribeTasksCommand({ cluster: clusterArn, tasks, include: ['TAGS'] }),
              options,
            ),
          own,
        );
        checkFailures('ecs:DescribeTasks', found.failures, true);
        return found.tasks;
      }),
    listServices: (clusterArn: string) =>
      readPages(async (nextToken) => {
        const page = await call(
          'ecs:ListServices',
          answers.serviceArns,
          (own) =>
            client.send(
              new ecsSdk.ListServicesCommand({ cluster: clusterArn, maxResults: 100, nextToken }),
              own,
            ),
          signal,
        );
        return { items: page.serviceArns, next: page.nextToken };
      }),
    describeServices: (clusterArn: string, arns: readonly string[]): Promise<readonly Service[]> =>
      inBatches(arns, limits.services, async (services, own) => {
        const found = await call(
          'ecs:DescribeServices',
          answers.services,
          (options) =>
            client.send(
              new ecsSdk.DescribeServicesCommand({ cluster: clusterArn, services, include: ['TAGS'] }),
              options,
            ),
          own,
        );
        checkFailures('ecs:DescribeServices', found.failures, true);
        return found.services;
      }),
    describeContainerInstances: (clusterArn: string, arns: readonly string[]) =>
      inBatches(arns, limits.describe, async (containerInstances, own) => {
        const found = await call(
          'ecs:DescribeContainerInstances',
          answers.containerInstances,
          (options) =>
            client.send(
              new ecsSdk.DescribeContainerInstancesCommand({ cluster: clusterArn, containerInstances }),
              options,
            ),
          own,
        );
        checkFailures('ecs:DescribeContainerInstances', found.failures, true);
        return found.containerInstances;
      }),
    // By a filter: an instance or interface that went away meanwhile would fail a call that names it.
    describeInstances: (ids: readonly string[]): Promise<readonly Instance[]> =>
      inBatches(ids, limits.filterValues, (Values, own) =>
        readPages(async (NextToken) => {
          const page = await call(
            'ec2:DescribeInstances',
            answers.instances,
            (options) =>
              ec2Client.send(
                new ec2Sdk.DescribeInstancesCommand({
                  Filters: [{ Name: 'instance-id', Values }],
                  MaxResults: 1000,
                  NextToken,
                }),
                options,
              ),
            own,
          );
          return { items: page.Reservations.flatMap(({ Instances }) => Instances), next: page.NextToken };
        }),
      ),
    describeInterfaces: (ids: readonly string[]) =>
      inBatches(ids, limits.filterValues, (Values, own) =>
        readPages(async (NextToken) => {
          const page = await call(
            'ec2:DescribeNetworkInterfaces',
            answers.interfaces,
            (options) =>
              ec2Client.send(
                new ec2Sdk.DescribeNetworkInterfacesCommand({
                  Filters: [{ Name: 'network-interface-id', Values }],
                  MaxResults: 1000,
                  NextToken,
                }),
                options,
              ),
            own,
          );
          return { items: page.NetworkInterfaces, next: page.NextToken };
        }),
      ),
  };
}

/** What ECS did not describe. It may have gone away since it was listed; any other reason makes the list incomplete. */
function checkFailures(action: string, found: z.output<typeof failures>, mayBeMissing: boolean): void {
  const bad = found.find(({ reason }) => !(mayBeMissing && reason === 'MISSING'));
  if (bad === undefined) return;
  throw new MusterError(
    bad.reason === 'MISSING' ? 'not-found' : 'status',
    `${action}: ${bad.arn ?? 'one of the list'}: ${bad.reason}${bad.detail === undefined ? '' : `: ${bad.detail}`}`,
  );
}

type Api = ReturnType<typeof createApi>;

interface GroupContext {
  readonly cluster: Cluster;
  readonly region: string;
  readonly port: number;
  readonly services: ReadonlyMap<string, Service>;
  /** EC2 instances by the ARNs of the container instances that they are; without the instance where it has no address. */
  readonly hosts: ReadonlyMap<string, { readonly id: string; readonly instance: Instance | undefined }>;
  /** Public addresses by network interface. */
  readonly publicIps: ReadonlyMap<string, string>;
}

async function listCluster(
  cluster: Cluster,
  api: Api,
  { region, port }: Pick<GroupContext, 'region' | 'port'>,
): Promise<readonly TargetGroup[]> {
  const { clusterArn } = cluster;
  const arns = await api.listTasks(clusterArn);
  const tasks = arns.length === 0 ? [] : await api.describeTasks(clusterArn, arns);
  const [services, hosts, publicIps] = await Promise.all([
    readServices(clusterArn, tasks, api),
    readHosts(clusterArn, tasks, api),
    readPublicIps(tasks, api),
  ]);
  return tasks.flatMap((task) => buildTaskGroup(task, { cluster, region, port, services, hosts, publicIps }));
}

const servicePrefix = 'service:';

/** Services by name: of those that ECS lists, which leaves out one that is being deleted, those that have tasks. */
async function readServices(
  clusterArn: string,
  tasks: readonly Task[],
  api: Api,
): Promise<ReadonlyMap<string, Service>> {
  const wanted = new Set(
    tasks.flatMap(({ group }) => (group.startsWith(servicePrefix) ? group.slice(servicePrefix.length) : [])),
  );
  if (wanted.size === 0) return new Map();
  const listed = await api.listServices(clusterArn);
  const arns = listed.filter((arn) => wanted.has(arn.slice(arn.lastIndexOf('/') + 1)));
  const services = await api.describeServices(clusterArn, arns);
  return new Map(services.map((one) => [one.serviceName, one]));
}

async function readHosts(
  clusterArn: string,
  tasks: readonly Task[],
  api: Api,
): Promise<GroupContext['hosts']> {
  const arns = new Set(tasks.flatMap(({ containerInstanceArn }) => containerInstanceArn ?? []));
  const found = await api.describeContainerInstances(clusterArn, [...arns]);
  const ids = found.flatMap(({ containerInstanceArn: arn, ec2InstanceId: id }) =>
    arn === undefined || id === undefined ? [] : [[arn, id] as const],
  );
  const instances = await api.describeInstances([...new Set(ids.map(([, id]) => id))]);
  const byId = new Map(
    instances.flatMap((one) => (one.PrivateIpAddress === undefined ? [] : [[one.InstanceId, one]])),
  );
  return new Map(ids.map(([arn, id]) => [arn, { id, instance: byId.get(id) }]));
}

async function readPublicIps(tasks: readonly Task[], api: Api): Promise<GroupContext['publicIps']> {
  const ids = new Set(tasks.flatMap((task) => detailOf(interfaceOf(task), 'networkInterfaceId') ?? []));
  const found = await api.describeInterfaces([...ids]);
  return new Map(
    found.flatMap(({ NetworkInterfaceId: id, Association }) =>
      id === undefined || Association?.PublicIp === undefined ? [] : [[id, Association.PublicIp]],
    ),
  );
}

type Attachment = Task['attachments'][number];

function interfaceOf({ attachments }: Task): Attachment | undefined {
  return attachments.find(({ type }) => type === 'ElasticNetworkInterface');
}

/** A detail of an attachment; of several with the name the last. */
function detailOf(attachment: Attachment | undefined, wanted: string): string | undefined {
  return attachment?.details.findLast(({ name, value }) => name === wanted && value !== undefined)?.value;
}

interface Place {
  readonly mode: string;
  readonly ip: string;
  readonly subnet: string;
  readonly publicIp: string;
}

/** A task with an interface of its own has its address, any other one that of its instance, whatever its mode. */
function placeOf(task: Task, { hosts, publicIps }: GroupContext): Place {
  const attachment = interfaceOf(task);
  if (attachment !== undefined) {
    return {
      mode: 'awsvpc',
      ip: detailOf(attachment, 'privateIPv4Address') ?? '',
      subnet: detailOf(attachment, 'subnetId') ?? '',
      publicIp: publicIps.get(detailOf(attachment, 'networkInterfaceId') ?? '') ?? '',
    };
  }
  const instance = hosts.get(task.containerInstanceArn ?? '')?.instance;
  return {
    mode: 'bridge',
    ip: instance?.PrivateIpAddress ?? '',
    subnet: instance?.SubnetId ?? '',
    publicIp: instance?.PublicIpAddress ?? '',
  };
}

/** The group of one task, if it has an address. */
function buildTaskGroup(task: Task, context: GroupContext): readonly TargetGroup[] {
  const { cluster, region, port, services, hosts } = context;
  const { mode, ip, subnet, publicIp } = placeOf(task, context);
  if (ip === '') return [];
  const host = hosts.get(task.containerInstanceArn ?? '');
  const ofService = task.group.startsWith(servicePrefix)
    ? services.get(task.group.slice(servicePrefix.length))
    : undefined;
  const target: LabelSet = withoutEmpty({
    [addressLabel]: joinHostPort(ip, port),
    [labels.availabilityZone]: task.availabilityZone,
    [labels.cluster]: cluster.clusterName,
    [labels.clusterArn]: cluster.clusterArn,
    [labels.containerInstanceArn]: task.containerInstanceArn ?? '',
    [labels.desiredStatus]: task.desiredStatus,
    [labels.ec2InstanceId]: host?.id ?? '',
    [labels.ec2PrivateIp]: host?.instance?.PrivateIpAddress ?? '',
    [labels.ec2PublicIp]: host?.instance?.PublicIpAddress ?? '',
    [labels.ec2InstanceType]: host?.instance?.InstanceType ?? '',
    [labels.healthStatus]: task.healthStatus,
    [labels.ipAddress]: ip,
    [labels.lastStatus]: task.lastStatus,
    [labels.launchType]: task.launchType,
    [labels.networkMode]: mode,
    [labels.platformFamily]: task.platformFamily,
    [labels.platformVersion]: task.platformVersion,
    [labels.publicIp]: publicIp,
    [labels.region]: region,
    [labels.service]: ofService?.serviceName ?? '',
    [labels.serviceArn]: ofService?.serviceArn ?? '',
    [labels.serviceStatus]: ofService?.status ?? '',
    [labels.subnet]: subnet,
    [labels.taskArn]: task.taskArn,
    [labels.taskDefinition]: task.taskDefinitionArn,
    [labels.taskGroup]: task.group,
    ...ecsTagLabels(labels.clusterTagPrefix, cluster.tags),
    ...ecsTagLabels(labels.serviceTagPrefix, ofService?.tags ?? []),
    ...ecsTagLabels(labels.taskTagPrefix, task.tags),
    ...tagLabels(labels.ec2TagPrefix, host?.instance?.Tags ?? []),
  });
  return [{ source: task.taskArn, labels: {}, targets: [target] }];
}

function ecsTagLabels(prefix: string, found: Task['tags']): LabelSet {
  return tagLabels(
    prefix,
    found.map(({ key, value }) => ({ Key: key, Value: value })),
  );
}

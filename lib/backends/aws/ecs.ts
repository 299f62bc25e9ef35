import { mapConcurrent } from '../../base/concurrency.ts';
import { type LabelSet, type TargetGroup, targetAt } from '../../targets/group.ts';
import type { Mechanism } from '../mechanism.ts';
import { accountsOf, discoverParts, type ListPart, serverOf } from './connection.ts';
import {
  type Cluster,
  type EcsApi,
  type EcsQuery,
  type Instance,
  openEcsApi,
  type Service,
  type Task,
} from './ecs-calls.ts';
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

/** Lists the tasks of a region's clusters that have RUNNING as their desired status. */
export function listEcs(query: EcsQuery): ListPart {
  return async (part) => {
    const api = await openEcsApi(part, query);
    try {
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
      api.close();
    }
  };
}

interface GroupContext {
  readonly cluster: Cluster;
  readonly region: string;
  readonly port: number;
  readonly services: ReadonlyMap<string, Service>;
  /** EC2 instances by the ARN of their container instance. The instance is undefined if it has no address. */
  readonly hosts: ReadonlyMap<string, { readonly id: string; readonly instance: Instance | undefined }>;
  /** Public addresses by network interface. */
  readonly publicIps: ReadonlyMap<string, string>;
}

async function listCluster(
  cluster: Cluster,
  api: EcsApi,
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

/** The services that have tasks, by name. ECS does not list a service that is being deleted. */
async function readServices(
  clusterArn: string,
  tasks: readonly Task[],
  api: EcsApi,
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
  api: EcsApi,
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

async function readPublicIps(tasks: readonly Task[], api: EcsApi): Promise<GroupContext['publicIps']> {
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

/** A detail of an attachment. Where several have the name, the last one counts. */
function detailOf(attachment: Attachment | undefined, wanted: string): string | undefined {
  return attachment?.details.findLast(({ name, value }) => name === wanted && value !== undefined)?.value;
}

interface Place {
  readonly mode: string;
  readonly ip: string;
  readonly subnet: string;
  readonly publicIp: string;
}

/** The address of the task's own interface, or else that of its instance, in any network mode. */
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
  const target = targetAt(ip, port, {
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

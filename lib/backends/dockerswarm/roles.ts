import { isIPv4, isIPv6 } from 'node:net';
import * as z from 'zod';
import { intField, listBody, listField, mapField, structField, textField } from '../../http/json.ts';
import { type LabelSet, mapLabels, type TargetGroup, targetAt, withoutEmpty } from '../../targets/group.ts';
import { networkLabelNames } from '../docker/engine.ts';

const prefix = '__meta_dockerswarm_';

/**
 * Labels that services, tasks and nodes of a swarm carry. A `…Prefix` is followed by the name of a label in Docker,
 * each character that a label name cannot hold replaced by `_`. Source: Prometheus configuration reference,
 * dockerswarm_sd_config.
 */
export const labels = {
  serviceId: `${prefix}service_id`,
  serviceName: `${prefix}service_name`,
  serviceMode: `${prefix}service_mode`,
  serviceLabelPrefix: `${prefix}service_label_`,
  // Only role services.
  serviceUpdatingStatus: `${prefix}service_updating_status`,
  serviceTaskContainerImage: `${prefix}service_task_container_image`,
  serviceTaskContainerHostname: `${prefix}service_task_container_hostname`,
  serviceEndpointPortName: `${prefix}service_endpoint_port_name`,
  serviceEndpointPortPublishMode: `${prefix}service_endpoint_port_publish_mode`,

  // Role tasks.
  taskId: `${prefix}task_id`,
  taskContainerId: `${prefix}task_container_id`,
  taskDesiredState: `${prefix}task_desired_state`,
  taskState: `${prefix}task_state`,
  taskSlot: `${prefix}task_slot`,
  taskPortPublishMode: `${prefix}task_port_publish_mode`,
  containerLabelPrefix: `${prefix}container_label_`,

  // Roles tasks and nodes.
  nodeId: `${prefix}node_id`,
  nodeHostname: `${prefix}node_hostname`,
  nodeAddress: `${prefix}node_address`,
  nodeAvailability: `${prefix}node_availability`,
  nodePlatformArchitecture: `${prefix}node_platform_architecture`,
  nodePlatformOs: `${prefix}node_platform_os`,
  nodeRole: `${prefix}node_role`,
  nodeStatus: `${prefix}node_status`,
  nodeLabelPrefix: `${prefix}node_label_`,
  // Only role nodes.
  nodeEngineVersion: `${prefix}node_engine_version`,
  nodeManagerAddress: `${prefix}node_manager_address`,
  nodeManagerLeader: `${prefix}node_manager_leader`,
  nodeManagerReachability: `${prefix}node_manager_reachability`,

  // Roles services and tasks.
  ...networkLabelNames(prefix),
} as const;

/** The group of a service: its virtual IP in each network, with each published TCP port, else the configured one. */
export function buildServiceGroup(
  service: Service,
  networks: ReadonlyMap<string, LabelSet>,
  port: number,
): TargetGroup {
  const { Spec, Endpoint, UpdateStatus } = service;
  const published = tcpPorts(Endpoint.Ports);
  return {
    source: service.ID,
    labels: withoutEmpty({
      ...serviceLabels(service),
      [labels.serviceTaskContainerImage]: Spec.TaskTemplate.ContainerSpec?.Image ?? '',
      [labels.serviceTaskContainerHostname]: Spec.TaskTemplate.ContainerSpec?.Hostname ?? '',
      [labels.serviceUpdatingStatus]: UpdateStatus?.State ?? '',
    }),
    // A service in the host's network is listed there without an address.
    targets: Endpoint.VirtualIPs.filter(({ Addr }) => Addr !== '').flatMap(({ NetworkID, Addr }) => {
      const network = networks.get(NetworkID) ?? {};
      if (published.length === 0) return [targetAt(Addr, port, network)];
      return published.map(({ Name, PublishMode, PublishedPort }) =>
        targetAt(Addr, PublishedPort, {
          ...network,
          [labels.serviceEndpointPortName]: Name,
          [labels.serviceEndpointPortPublishMode]: PublishMode,
        }),
      );
    }),
  };
}

/** The objects that tasks refer to, by ID. */
export interface TaskContext {
  readonly services: ReadonlyMap<string, Service>;
  readonly nodes: ReadonlyMap<string, Node>;
  readonly networks: ReadonlyMap<string, LabelSet>;
  /** Port of tasks whose service publishes none over TCP. */
  readonly port: number;
}

/** The group of a task: its ports on the node, and its address in each network with each port of its service. */
export function buildTaskGroup(task: Task, context: TaskContext): TargetGroup {
  const service = context.services.get(task.ServiceID);
  const node = context.nodes.get(task.NodeID);
  const { Status, Spec } = task;
  return {
    source: task.ID,
    labels: withoutEmpty({
      [labels.taskId]: task.ID,
      [labels.taskContainerId]: Status.ContainerStatus?.ContainerID ?? '',
      [labels.taskDesiredState]: task.DesiredState,
      [labels.taskState]: Status.State,
      [labels.taskSlot]: String(task.Slot),
      ...mapLabels(labels.containerLabelPrefix, Spec.ContainerSpec?.Labels ?? new Map()),
      ...(service && serviceLabels(service)),
      ...(node && nodeLabels(node)),
    }),
    targets: [
      ...tcpPorts(Status.PortStatus?.Ports ?? []).map(({ PublishedPort, PublishMode }) =>
        targetAt(node?.Status.Addr ?? '', PublishedPort, { [labels.taskPortPublishMode]: PublishMode }),
      ),
      ...attachedTargets(task, tcpPorts(service?.Endpoint.Ports ?? []), context),
    ],
  };
}

function attachedTargets(
  { NetworksAttachments }: Task,
  ports: readonly Port[],
  { networks, port }: TaskContext,
): LabelSet[] {
  return NetworksAttachments.flatMap(({ Network, Addresses }) => {
    const network = networks.get(Network.ID) ?? {};
    return Addresses.filter((address) => address !== '').flatMap((address) => {
      if (ports.length === 0) return [targetAt(address, port, network)];
      return ports.map(({ PublishedPort, PublishMode }) =>
        targetAt(address, PublishedPort, { ...network, [labels.taskPortPublishMode]: PublishMode }),
      );
    });
  });
}

/** The group of a node: its address with the configured port. */
export function buildNodeGroup(node: Node, port: number): TargetGroup {
  const { Description, Status, ManagerStatus } = node;
  return {
    source: node.ID,
    labels: withoutEmpty({
      ...nodeLabels(node),
      [labels.nodeEngineVersion]: Description.Engine.EngineVersion,
      ...(ManagerStatus && {
        [labels.nodeManagerLeader]: String(ManagerStatus.Leader ?? false),
        [labels.nodeManagerReachability]: ManagerStatus.Reachability,
        [labels.nodeManagerAddress]: ManagerStatus.Addr,
      }),
    }),
    targets: [targetAt(Status.Addr, port)],
  };
}

/** Labels that a service and its tasks have in common. */
function serviceLabels({ ID, Spec }: Service): LabelSet {
  return {
    [labels.serviceId]: ID,
    [labels.serviceName]: Spec.Name,
    [labels.serviceMode]: modeOf(Spec.Mode),
    ...mapLabels(labels.serviceLabelPrefix, Spec.Labels),
  };
}

/** Labels that a node and its tasks have in common. */
function nodeLabels({ ID, Spec, Description, Status }: Node): LabelSet {
  return {
    [labels.nodeId]: ID,
    [labels.nodeHostname]: Description.Hostname,
    [labels.nodeAddress]: Status.Addr,
    [labels.nodeAvailability]: Spec.Availability,
    [labels.nodePlatformArchitecture]: Description.Platform.Architecture,
    [labels.nodePlatformOs]: Description.Platform.OS,
    [labels.nodeRole]: Spec.Role,
    [labels.nodeStatus]: Status.State,
    ...mapLabels(labels.nodeLabelPrefix, Spec.Labels),
  };
}

/** Prometheus scrapes only over TCP. */
function tcpPorts(ports: readonly Port[]): Port[] {
  return ports.filter(({ Protocol }) => Protocol === 'tcp');
}

/** The mode of a service; empty for jobs (`ReplicatedJob`, `GlobalJob`), as in Prometheus. */
function modeOf({ Global, Replicated }: Service['Spec']['Mode']): string {
  if (isThere(Global)) return 'global';
  return isThere(Replicated) ? 'replicated' : '';
}

const isThere = (value: unknown) => value !== undefined && value !== null;

const labelMap = mapField(textField);

/** The IP of an address with a prefix length; empty if the network gives none, as the host's does. */
const address = textField.transform((text, context) => {
  const ip = text === '' ? '' : ipOfCidr(text);
  if (ip !== undefined) return ip;
  context.addIssue({ code: 'custom', message: 'expected an address such as 10.0.1.4/24' });
  return z.NEVER;
});

const port = structField({
  Name: textField,
  Protocol: textField,
  PublishedPort: intField,
  PublishMode: textField,
});

const containerSpec = z.object({ Image: textField, Hostname: textField, Labels: labelMap }).nullish();

const service = z.object({
  ID: z.string().min(1),
  Spec: structField({
    Name: textField,
    Labels: labelMap,
    Mode: structField({ Global: z.unknown().optional(), Replicated: z.unknown().optional() }),
    // Services of plugins have no container.
    TaskTemplate: structField({ ContainerSpec: containerSpec }),
  }),
  Endpoint: structField({
    Ports: listField(port),
    VirtualIPs: listField(structField({ NetworkID: textField, Addr: address })),
  }),
  UpdateStatus: z.object({ State: textField }).nullish(),
});

const task = z.object({
  ID: z.string().min(1),
  ServiceID: textField,
  NodeID: textField,
  // Tasks of global services have none.
  Slot: intField,
  DesiredState: textField,
  Spec: structField({ ContainerSpec: containerSpec }),
  Status: structField({
    State: textField,
    ContainerStatus: z.object({ ContainerID: textField }).nullish(),
    PortStatus: z.object({ Ports: listField(port) }).nullish(),
  }),
  NetworksAttachments: listField(
    structField({ Network: structField({ ID: textField }), Addresses: listField(address) }),
  ),
});

const node = z.object({
  ID: z.string().min(1),
  Spec: structField({ Role: textField, Availability: textField, Labels: labelMap }),
  Description: structField({
    Hostname: textField,
    Platform: structField({ Architecture: textField, OS: textField }),
    Engine: structField({ EngineVersion: textField }),
  }),
  Status: structField({ State: textField, Addr: textField }),
  ManagerStatus: z
    .object({ Leader: z.boolean().nullish(), Reachability: textField, Addr: textField })
    .nullish(),
});

/** `GET /services`: the fields that are read. Source of these answers: Docker Engine API reference. */
export const serviceList = listBody(service);
/** `GET /tasks`. */
export const taskList = listBody(task);
/** `GET /nodes`. */
export const nodeList = listBody(node);

/** A port that a service or a task publishes. */
type Port = z.infer<typeof port>;
/** A service of the swarm. */
export type Service = z.infer<typeof service>;
/** A task of a service. */
export type Task = z.infer<typeof task>;
/** A node of the swarm. */
export type Node = z.infer<typeof node>;

/** `GET /info` of a manager: the fields that are read. */
export const managerInfo = z.object({ Swarm: z.object({ Cluster: z.object({ ID: z.string().min(1) }) }) });

/**
 * The IP of an address such as `10.0.1.4/24`, as Go writes it; undefined for other text. Source: Go's net.ParseCIDR.
 */
export function ipOfCidr(text: string): string | undefined {
  const { ip = '', bits = '' } = /^(?<ip>[^/%]+)\/(?<bits>\d{1,3})$/.exec(text)?.groups ?? {};
  if (isIPv4(ip)) return Number(bits) <= 32 ? ip : undefined;
  return isIPv6(ip) && Number(bits) <= 128 ? canonicalIPv6(ip) : undefined;
}

/** The shortest form in lower case; an IPv4 address inside IPv6 as IPv4. */
function canonicalIPv6(ip: string): string {
  const canonical = new URL(`http://[${ip}]`).hostname.slice(1, -1);
  const { high, low } = /^::ffff:(?<high>[\da-f]{1,4}):(?<low>[\da-f]{1,4})$/.exec(canonical)?.groups ?? {};
  if (high === undefined || low === undefined) return canonical;
  return [high, low]
    .map((part) => Number.parseInt(part, 16))
    .flatMap((part) => [part >> 8, part & 255])
    .join('.');
}

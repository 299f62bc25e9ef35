import {
  addressLabel,
  joinHostPort,
  type LabelSet,
  mapLabels,
  type TargetGroup,
  withoutEmpty,
} from '../../targets/group.ts';
import type { Node, Port, Service, Task } from './bodies.ts';

const prefix = '__meta_dockerswarm_';

/**
 * Labels that services, tasks and nodes of a swarm carry. A `…Prefix` is followed by the name of a label in Docker, each
 * character that a label name cannot hold replaced by `_`. Source: Prometheus configuration reference,
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
  networkId: `${prefix}network_id`,
  networkName: `${prefix}network_name`,
  networkScope: `${prefix}network_scope`,
  networkInternal: `${prefix}network_internal`,
  networkIngress: `${prefix}network_ingress`,
  networkLabelPrefix: `${prefix}network_label_`,
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
      if (published.length === 0)
        return [withoutEmpty({ ...network, [addressLabel]: joinHostPort(Addr, port) })];
      return published.map(({ Name, PublishMode, PublishedPort }) =>
        withoutEmpty({
          ...network,
          [addressLabel]: joinHostPort(Addr, PublishedPort),
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
      ...tcpPorts(Status.PortStatus?.Ports ?? []).map((port) => portTarget(node?.Status.Addr ?? '', port)),
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
      if (ports.length === 0)
        return [withoutEmpty({ ...network, [addressLabel]: joinHostPort(address, port) })];
      return ports.map((published) => withoutEmpty({ ...network, ...portTarget(address, published) }));
    });
  });
}

function portTarget(host: string, { PublishedPort, PublishMode }: Port): LabelSet {
  return withoutEmpty({
    [addressLabel]: joinHostPort(host, PublishedPort),
    [labels.taskPortPublishMode]: PublishMode,
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
    targets: [{ [addressLabel]: joinHostPort(Status.Addr, port) }],
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

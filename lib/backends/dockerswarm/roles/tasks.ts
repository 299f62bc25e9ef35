import { addressLabel, type LabelSet, type TargetGroup, withoutEmpty } from '../../../target/group.ts';
import { joinHostPort } from '../../../target/labels.ts';
import { mapLabels } from '../../../target/map-labels.ts';
import type { Node, Port, Service, Task } from '../bodies.ts';
import { nodeLabels, serviceLabels, tcpPorts } from '../common.ts';
import { labels } from '../labels.ts';

/** What tasks refer to, by ID. */
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

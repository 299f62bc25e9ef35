import { addressLabel, joinHostPort, type TargetGroup } from '../../../targets/group.ts';
import { labels, metaNames } from '../labels.ts';
import type {
  Container,
  ContainerPort,
  ContainerStatus,
  JoinedPod,
  OwnerReference,
  Pod,
} from '../objects.ts';
import {
  type Attached,
  compact,
  type DraftLabels,
  objectKey,
  portText,
  put,
  putMap,
  putNamespace,
  putNode,
} from './draft.ts';

/**
 * The targets of a pod: one for each port of its containers and init containers, or one without a port for a
 * container that names none. `undefined` while the pod has no IP.
 */
export function buildPodGroup(pod: Pod, attached: Attached): TargetGroup | undefined {
  if (pod.podIP === '') return undefined;
  const group: DraftLabels = { [labels.namespace]: pod.namespace };
  putNamespace(group, attached, pod.namespace);
  putNode(group, attached, pod.nodeName);
  putPod(group, pod, attached);

  const targets: DraftLabels[] = [];
  for (const container of pod.containers)
    addContainer(targets, pod.podIP, container, 'false', containerId(pod.containerStatuses, container.name));
  for (const container of pod.initContainers)
    addContainer(
      targets,
      pod.podIP,
      container,
      'true',
      containerId(pod.initContainerStatuses, container.name),
    );
  if (targets.length === 0) return undefined;
  return { source: `pod/${pod.namespace}/${pod.name}`, labels: compact(group), targets };
}

/** A port of a container, as targets show it. */
export interface ContainerPortLabels {
  readonly container: Container;
  readonly init: 'true' | 'false';
  readonly port: ContainerPort;
  readonly protocol: string;
}

/** Sets the labels that every target of a pod carries, also behind a service, and those of a port of its containers. */
export function putPod(
  draft: DraftLabels,
  pod: JoinedPod,
  attached: Attached,
  port?: ContainerPortLabels,
): void {
  putMap(draft, metaNames.pod.annotation, pod.annotations);
  if (port !== undefined) putContainerPort(draft, port);
  if (pod.controller !== undefined) {
    put(draft, labels.pod.controllerKind, pod.controller.kind);
    put(draft, labels.pod.controllerName, pod.controller.name);
    putOwners(draft, attached, pod.namespace, pod.controller);
  }
  put(draft, labels.pod.hostIp, pod.hostIP);
  put(draft, labels.pod.ip, pod.podIP);
  putMap(draft, metaNames.pod.label, pod.labels);
  draft[labels.pod.name] = pod.name;
  put(draft, labels.pod.nodeName, pod.nodeName);
  put(draft, labels.pod.phase, pod.phase);
  put(draft, labels.pod.ready, (pod.ready ?? 'Unknown').toLowerCase());
  put(draft, labels.pod.uid, pod.uid);
}

/** Sets what is attached of the workload that a pod belongs to by way of its controller. */
function putOwners(
  draft: DraftLabels,
  { deployments, jobs, cronJobs }: Attached,
  namespace: string,
  { kind, name }: OwnerReference,
): void {
  if (deployments !== undefined && kind === 'ReplicaSet')
    put(draft, labels.pod.deploymentName, deployments.get(objectKey(namespace, name)) ?? '');
  if (cronJobs !== undefined && kind === 'Job')
    put(draft, labels.pod.cronJobName, cronJobs.get(objectKey(namespace, name)) ?? '');
  if (jobs === true && kind === 'Job') put(draft, labels.pod.jobName, name);
}

function putContainerPort(
  draft: DraftLabels,
  { container, init, port, protocol }: ContainerPortLabels,
): void {
  putContainer(draft, container, init);
  put(draft, labels.pod.containerPortName, port.name);
  draft[labels.pod.containerPortNumber] = portText(port.containerPort);
  put(draft, labels.pod.containerPortProtocol, protocol);
}

function putContainer(draft: DraftLabels, container: Container, init: 'true' | 'false'): void {
  put(draft, labels.pod.containerImage, container.image);
  draft[labels.pod.containerInit] = init;
  draft[labels.pod.containerName] = container.name;
}

function addContainer(
  targets: DraftLabels[],
  podIP: string,
  container: Container,
  init: 'true' | 'false',
  id: string,
): void {
  for (const port of container.ports) {
    const target: DraftLabels = { [addressLabel]: joinHostPort(podIP, portText(port.containerPort)) };
    put(target, labels.pod.containerId, id);
    putContainerPort(target, { container, init, port, protocol: port.protocol });
    targets.push(target);
  }
  if (container.ports.length > 0) return;
  const target: DraftLabels = { [addressLabel]: podIP };
  put(target, labels.pod.containerId, id);
  putContainer(target, container, init);
  targets.push(target);
}

function containerId(statuses: readonly ContainerStatus[], name: string): string {
  for (const status of statuses) if (status.name === name) return status.containerID;
  return '';
}

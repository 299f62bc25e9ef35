import { addressLabel, joinHostPort, type LabelSet, type TargetGroup } from '../../../targets/group.ts';
import { type Kind, kind, type ObjectOf, type Pairs } from '../kinds/kind.ts';
import {
  condition,
  container,
  containerStatus,
  objectMeta,
  podContainerStatuses,
  podContainers,
  podSpec,
  podStatus,
} from '../kinds/messages.ts';
import { labels, metaNames } from '../labels.ts';
import { flat, folded, take } from '../wire/fields.ts';
import {
  type Attached,
  type Controller,
  compact,
  controller,
  type DraftLabels,
  objectKey,
  portText,
  put,
  putMap,
  putNamespace,
  putNode,
  set,
  targetMetadata,
} from './draft.ts';

const metadata = { ...targetMetadata, ...take(objectMeta, 'uid'), controller };

const spec = flat(2, { ...podSpec, ...podContainers(take(container, 'name', 'image', 'ports')) });

const joinedStatus = {
  ...podStatus,
  /** Status of the condition `Ready`. */
  ready: folded<typeof condition, string | undefined>(2, {
    name: 'conditions',
    items: condition,
    empty: undefined,
    fold: (ready, { type, status }) => ready ?? (type === 'Ready' ? status : undefined),
  }),
};

const joinedFields = { spec, status: flat(3, joinedStatus) };
const fields = { spec, status: flat(3, { ...joinedStatus, ...podContainerStatuses(containerStatus) }) };

/** A pod as a target. Its fields are flat: all pods of a namespace may be in memory at once. */
type Pod = ObjectOf<typeof metadata, typeof fields>;

/** A pod as the targets behind services need it. */
export type JoinedPod = ObjectOf<typeof metadata, typeof joinedFields>;

/** A container of a pod. */
export type Container = JoinedPod['containers'][number];

/** A port of a container. */
export type ContainerPort = Container['ports'][number];

const names = { resource: 'pods', apiVersion: 'v1', listKind: 'PodList', namespaced: true };

/** Pods as targets. Source of the fields: Kubernetes API reference, Pod v1. */
export const pod: Kind<Pod> = kind(names, metadata, fields);

/** Pods as the targets behind services need them. */
export const joinedPod: Kind<JoinedPod> = { ...kind(names, metadata, joinedFields), wide: pod };

/**
 * Adds a page of pods to a map, by the keys of `objectKey`, each with only what targets behind services need. All pods
 * stay in memory until the endpoints have come, so a pod shares what it has in common with the one before it in the list:
 * those of one workload are alike.
 */
export function addJoinedPods(map: Map<string, JoinedPod>, items: Iterable<JoinedPod>): void {
  let before: JoinedPod | undefined;
  for (const item of items) {
    const pod = joined(item, before);
    map.set(objectKey(pod.namespace, pod.name), pod);
    before = pod;
  }
}

function joined(pod: JoinedPod, before: JoinedPod = pod): JoinedPod {
  const { name, namespace, uid, nodeName, phase, hostIP, podIP, ready } = pod;
  return {
    ...{ name, namespace, uid, nodeName, phase, hostIP, podIP, ready },
    labels: isSameTexts(pod.labels, before.labels) ? before.labels : pod.labels,
    annotations: isSameTexts(pod.annotations, before.annotations) ? before.annotations : pod.annotations,
    controller: isSameController(pod.controller, before.controller) ? before.controller : pod.controller,
    containers: areSameContainers(pod.containers, before.containers) ? before.containers : pod.containers,
    initContainers: areSameContainers(pod.initContainers, before.initContainers)
      ? before.initContainers
      : pod.initContainers,
  };
}

function isSameTexts(texts: Pairs, others: Pairs): boolean {
  return texts.length === others.length && texts.every((text, at) => text === others[at]);
}

function isSameController(one: Controller | undefined, other: Controller | undefined): boolean {
  return one?.kind === other?.kind && one?.name === other?.name;
}

function areSameContainers(containers: readonly Container[], others: readonly Container[]): boolean {
  if (containers.length !== others.length) return false;
  return containers.every(({ name, image, ports }, at) => {
    const other = others[at];
    if (name !== other?.name || image !== other.image || ports.length !== other.ports.length) return false;
    return ports.every((port, index) => isSamePort(port, other.ports[index]));
  });
}

function isSamePort(
  { name, containerPort, protocol }: ContainerPort,
  other: ContainerPort | undefined,
): boolean {
  return name === other?.name && containerPort === other.containerPort && protocol === other.protocol;
}

/**
 * The group of a pod: a target for each port of its containers and init containers, and a target without a port for a
 * container that has no ports. Undefined while the pod has no IP.
 */
export function buildPodGroup(pod: Pod, attached: Attached): TargetGroup | undefined {
  if (pod.podIP === '') return undefined;
  const group: DraftLabels = [labels.namespace, pod.namespace];
  putNamespace(group, attached, pod.namespace);
  putNode(group, attached, pod.nodeName);
  putPod(group, pod, attached);

  const targets: LabelSet[] = [];
  for (const container of pod.containers) addContainer(targets, pod, container, 'false');
  for (const container of pod.initContainers) addContainer(targets, pod, container, 'true');
  if (targets.length === 0) return undefined;
  return { source: `pod/${pod.namespace}/${pod.name}`, labels: compact(group), targets };
}

/** A port of a container, with what its labels need. */
export interface ContainerPortLabels {
  readonly container: Container;
  readonly init: 'true' | 'false';
  readonly port: ContainerPort;
  readonly protocol: string;
}

/** Sets the labels of a pod on a target, or on a target behind a service; and those of a container's port, if one is given. */
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
  set(draft, labels.pod.name, pod.name);
  put(draft, labels.pod.nodeName, pod.nodeName);
  put(draft, labels.pod.phase, pod.phase);
  put(draft, labels.pod.ready, (pod.ready ?? 'Unknown').toLowerCase());
  put(draft, labels.pod.uid, pod.uid);
}

/** Sets the labels of the workload that the pod's controller belongs to. */
function putOwners(
  draft: DraftLabels,
  { deployments, jobs, cronJobs }: Attached,
  namespace: string,
  { kind, name }: Controller,
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
  set(draft, labels.pod.containerPortNumber, portText(port.containerPort));
  put(draft, labels.pod.containerPortProtocol, protocol);
}

function putContainer(draft: DraftLabels, container: Container, init: 'true' | 'false'): void {
  put(draft, labels.pod.containerImage, container.image);
  set(draft, labels.pod.containerInit, init);
  set(draft, labels.pod.containerName, container.name);
}

function addContainer(
  targets: LabelSet[],
  { podIP, containerStatuses, initContainerStatuses }: Pod,
  container: Container,
  init: 'true' | 'false',
): void {
  const statuses = init === 'true' ? initContainerStatuses : containerStatuses;
  const id = statuses.find(({ name }) => name === container.name)?.containerID ?? '';
  for (const port of container.ports) {
    const target: DraftLabels = [addressLabel, joinHostPort(podIP, portText(port.containerPort))];
    put(target, labels.pod.containerId, id);
    putContainerPort(target, { container, init, port, protocol: port.protocol });
    targets.push(compact(target));
  }
  if (container.ports.length > 0) return;
  const target: DraftLabels = [addressLabel, podIP];
  put(target, labels.pod.containerId, id);
  putContainer(target, container, init);
  targets.push(compact(target));
}

import { addressLabel, joinHostPort, type LabelSet } from '../../../targets/group.ts';
import type { ObjectMeta } from '../kinds/kind.ts';
import { type Attached, compact, type DraftLabels, objectKey, portText } from './draft.ts';
import {
  type Container,
  type ContainerPort,
  type ContainerPortLabels,
  type JoinedPod,
  putPod,
} from './pod.ts';

/** What the targets behind services are joined with. The maps have the keys of `objectKey`. */
export interface ServiceJoins extends Attached {
  readonly pods: ReadonlyMap<string, JoinedPod>;
  readonly services: ReadonlyMap<string, ObjectMeta>;
}

/** The pods behind the addresses of one Endpoints object or slice, each with the ports that already have a target. */
export type SeenPods = Map<JoinedPod, Set<number>>;

/**
 * Adds the labels of the pod behind a target, and those of the container port behind the target's port. Notes pod and port
 * in `seen`. Does nothing when the address belongs to no known pod. `protocol` overrides the container port's protocol.
 */
export function putPodBehind(
  target: DraftLabels,
  joins: ServiceJoins,
  seen: SeenPods,
  behind: {
    readonly ref: { readonly kind: string; readonly namespace: string; readonly name: string } | undefined;
    readonly port: number | undefined;
    readonly protocol?: string;
  },
): void {
  const { ref, port, protocol } = behind;
  if (ref?.kind !== 'Pod') return;
  const pod = joins.pods.get(objectKey(ref.namespace, ref.name));
  if (pod === undefined) return;
  const ports = portsOf(seen, pod);
  if (port !== undefined) ports.add(port);
  putPod(target, pod, joins, port === undefined ? undefined : portOf(pod, port, protocol));
}

/** Targets for the container ports of the seen pods that have no target yet. */
export function otherPortTargets(seen: SeenPods, attached: Attached): LabelSet[] {
  const targets: LabelSet[] = [];
  for (const [pod, ports] of seen) {
    if (pod.podIP === '') continue;
    const add = (container: Container, init: 'true' | 'false') => {
      for (const port of container.ports) {
        if (ports.has(port.containerPort)) continue;
        const target: DraftLabels = [addressLabel, joinHostPort(pod.podIP, portText(port.containerPort))];
        putPod(target, pod, attached, { container, init, port, protocol: port.protocol });
        targets.push(compact(target));
      }
    };
    for (const container of pod.containers) add(container, 'false');
    for (const container of pod.initContainers) add(container, 'true');
  }
  return targets;
}

function portsOf(seen: SeenPods, pod: JoinedPod): Set<number> {
  const known = seen.get(pod);
  if (known !== undefined) return known;
  const ports = new Set<number>();
  seen.set(pod, ports);
  return ports;
}

/** The container port with the number. Init containers come first. */
function portOf(
  pod: JoinedPod,
  number: number,
  protocol: string | undefined,
): ContainerPortLabels | undefined {
  const inInit = lastWithPort(pod.initContainers, number);
  const found = inInit ?? lastWithPort(pod.containers, number);
  if (found === undefined) return undefined;
  const init = inInit === undefined ? 'false' : 'true';
  return { ...found, init, protocol: protocol ?? found.port.protocol };
}

/** The last container that has the port, and its first such port. */
function lastWithPort(
  containers: readonly Container[],
  number: number,
): { container: Container; port: ContainerPort } | undefined {
  for (let index = containers.length - 1; index >= 0; index--) {
    const container = containers[index];
    const port = container?.ports.find(({ containerPort }) => containerPort === number);
    if (container !== undefined && port !== undefined) return { container, port };
  }
  return undefined;
}

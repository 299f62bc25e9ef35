import { addressLabel, joinHostPort, type LabelSet } from '../../../targets/group.ts';
import type { Container, ContainerPort, JoinedPod, ObjectReference } from '../objects.ts';
import { type Attached, compact, type DraftLabels, objectKey, portText, type ServiceJoins } from './draft.ts';
import { type ContainerPortLabels, putPod } from './pod.ts';

/** The pods behind the addresses of one Endpoints object or slice, with the ports that were seen of each. */
export type SeenPods = Map<JoinedPod, Set<number>>;

/**
 * Adds to a target what its pod gives: the pod's labels, and those of the container port behind the target's port.
 * Remembers pod and port. Nothing happens where the address is not a known pod's.
 *
 * @param protocol what to call the port's protocol; without it, what the container calls it
 */
export function putPodBehind(
  target: DraftLabels,
  joins: ServiceJoins,
  seen: SeenPods,
  behind: {
    readonly ref: ObjectReference | undefined;
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

/** Targets for the container ports of the seen pods which no address stands for. */
export function otherPortTargets(seen: SeenPods, attached: Attached): LabelSet[] {
  const targets: LabelSet[] = [];
  for (const [pod, ports] of seen) {
    if (pod.podIP === '') continue;
    const add = (container: Container, init: 'true' | 'false') => {
      for (const port of container.ports) {
        if (ports.has(port.containerPort)) continue;
        const target: DraftLabels = {
          [addressLabel]: joinHostPort(pod.podIP, portText(port.containerPort)),
        };
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

/** The container port with that number, an init container's rather than another's. */
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

/** Of several containers with the port the last counts, and of one container the first such port. */
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

import { hasSince } from '../../../config/prometheus-version.ts';
import type { TargetGroup } from '../../../targets/group.ts';
import type { Kind, ObjectMeta } from '../kinds/kind.ts';
import type { Role } from '../schema.ts';
import { type Attachable, attaching, joinedService } from './attached.ts';
import type { ServiceJoins } from './behind.ts';
import { type Attached, addByKey, objectKey } from './draft.ts';
import { buildEndpointsGroup, endpoints, isTruncated } from './endpoints.ts';
import { buildEndpointSliceGroup, dualStackService, endpointSlice } from './endpointslice.ts';
import { buildIngressGroup, ingress } from './ingress.ts';
import { buildNodeGroup, node } from './node.ts';
import { buildPodGroup, type JoinedPod, joinedPod, pod } from './pod.ts';
import {
  type ListNamespace,
  pushGroups,
  type Read,
  type RoleInput,
  readAll,
  readInto,
  selected,
} from './read.ts';
import { buildServiceGroup, type Service, service } from './service.ts';

/** How each role lists one namespace. */
export const listRole: Readonly<Record<Role, (input: RoleInput) => ListNamespace>> = {
  node: (input) => listAlone(input, node, buildNodeGroup, nothing),
  pod: (input) => listAlone(input, pod, podBuilder(input), everything),
  service: (input) => {
    const version = { balancerFromSpec: !hasSince(input.prometheus, '3.15') };
    const build = (item: Service, attached: Attached) => buildServiceGroup(item, attached, version);
    return listAlone(input, service, build, namespacesAlone);
  },
  ingress: (input) => listAlone(input, ingress, buildIngressGroup, namespacesAlone),
  endpoints: listEndpoints,
  endpointslice: (input) => {
    // Since 3.11 Prometheus leaves out slices of a second address family.
    const services = hasSince(input.prometheus, '3.11') ? dualStackService : joinedService;
    return listBehindServices(input, endpointSlice, services, buildEndpointSliceGroup);
  },
};

const nothing: Attachable = { nodes: false, namespaces: false, workloads: false };
const namespacesAlone: Attachable = { nodes: false, namespaces: true, workloads: false };
const everything: Attachable = { nodes: true, namespaces: true, workloads: true };

function listAlone<T extends ObjectMeta>(
  input: RoleInput,
  kind: Kind<T>,
  build: (item: T, attached: Attached) => TargetGroup | undefined,
  takes: Attachable,
): ListNamespace {
  const attachIn = attaching(input, takes);
  return async (namespace, push, signal) => {
    const { attached, reads } = attachIn(namespace);
    await readAll(reads, signal);
    const query = selected(input, kind, namespace, input.config.role);
    await pushGroups(input.lister, query, { build: (item) => build(item, attached), push }, signal);
  };
}

/** Since 3.11 Prometheus leaves out pods on nodes that were not listed, if nodes are attached. */
function podBuilder({ prometheus }: RoleInput): typeof buildPodGroup {
  if (!hasSince(prometheus, '3.11')) return buildPodGroup;
  return (item, attached) =>
    attached.nodes?.has(item.nodeName) === false ? undefined : buildPodGroup(item, attached);
}

/** Kubernetes keeps at most 1,000 addresses of a service in its Endpoints, and marks the truncated ones. */
function listEndpoints(input: RoleInput): ListNamespace {
  const truncated = new Set<string>();
  const list = listBehindServices(input, endpoints, joinedService, (item, joins) => {
    if (isTruncated(item)) truncated.add(objectKey(item.namespace, item.name));
    return buildEndpointsGroup(item, joins);
  });
  return async (namespace, push, signal) => {
    await list(namespace, push, signal);
    const [first, ...others] = [...truncated].filter(
      (key) => namespace === '' || key.startsWith(`${namespace}/`),
    );
    if (first === undefined) return;
    const are = others.length > 0 ? ` and ${others.length} more are` : ' is';
    input.warn(
      `endpoints/${first}${are} truncated: Kubernetes leaves out addresses over 1,000, and their targets are missing: use "role: endpointslice", which has all`,
    );
  };
}

/** First reads the pods and services of the namespace, in a compact form that stays in memory. */
function listBehindServices<T extends ObjectMeta, S extends ObjectMeta>(
  input: RoleInput,
  kind: Kind<T>,
  serviceKind: Kind<S>,
  build: (item: T, joins: ServiceJoins) => TargetGroup | undefined,
): ListNamespace {
  const { lister } = input;
  const attachIn = attaching(input, everything);
  return async (namespace, push, signal) => {
    const { attached, reads } = attachIn(namespace);
    const pods = new Map<string, JoinedPod>();
    const services = new Map<string, S>();
    const joined: readonly Read[] = [
      (own) =>
        readInto(lister, selected(input, joinedPod, namespace, 'pod'), { map: pods, add: addByKey }, own),
      (own) =>
        readInto(
          lister,
          selected(input, serviceKind, namespace, 'service'),
          { map: services, add: addByKey },
          own,
        ),
    ];
    await readAll([...joined, ...reads], signal);
    const joins = { ...attached, pods, services };
    const query = selected(input, kind, namespace, input.config.role);
    await pushGroups(lister, query, { build: (item) => build(item, joins), push }, signal);
  };
}

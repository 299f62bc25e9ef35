import { hasSince } from '../../../config/prometheus-version.ts';
import type { TargetGroup } from '../../../targets/group.ts';
import { endpoints } from '../kinds/endpoints.ts';
import { endpointSlice } from '../kinds/endpointslice.ts';
import { ingress } from '../kinds/ingress.ts';
import { dualStackService, joinedService } from '../kinds/joined.ts';
import type { Kind } from '../kinds/kind.ts';
import { node } from '../kinds/node.ts';
import { joinedPod, pod } from '../kinds/pod.ts';
import { service } from '../kinds/service.ts';
import type { JoinedPod, ObjectMeta } from '../objects.ts';
import { type Attached, addByKey, objectKey, type ServiceJoins } from '../targets/draft.ts';
import { buildEndpointsGroup, isTruncated } from '../targets/endpoints.ts';
import { buildEndpointSliceGroup } from '../targets/endpointslice.ts';
import { buildIngressGroup } from '../targets/ingress.ts';
import { buildNodeGroup } from '../targets/node.ts';
import { buildPodGroup } from '../targets/pod.ts';
import { buildServiceGroup } from '../targets/service.ts';
import { type Attachable, attaching } from './attached.ts';
import {
  type ListNamespace,
  pushGroups,
  type Read,
  type RoleInput,
  readAll,
  readInto,
  selected,
} from './listing.ts';
import type { Role } from './role.ts';

/** How each role lists a namespace. */
export const listRole: Readonly<Record<Role, (input: RoleInput) => ListNamespace>> = {
  node: (input) => listAlone(input, node, buildNodeGroup, nothing),
  pod: (input) => listAlone(input, pod, podBuilder(input), everything),
  service: (input) => listAlone(input, service, serviceBuilder(input), namespacesAlone),
  ingress: (input) => listAlone(input, ingress, buildIngressGroup, namespacesAlone),
  endpoints: listEndpoints,
  endpointslice: (input) => {
    // Slices of a second address family are left out since Prometheus 3.11.
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
    await pushGroups(input.lister, query, (item) => build(item, attached), push, signal);
  };
}

/** Where nodes are attached, pods on other nodes than the listed ones are left out since Prometheus 3.11. */
function podBuilder({ prometheus }: RoleInput): typeof buildPodGroup {
  if (!hasSince(prometheus, '3.11')) return buildPodGroup;
  return (item, attached) =>
    attached.nodes?.has(item.nodeName) === false ? undefined : buildPodGroup(item, attached);
}

/** A load balancer's address was the one that was asked for, before 3.15. */
function serviceBuilder({ prometheus }: RoleInput): typeof buildServiceGroup {
  if (hasSince(prometheus, '3.15')) return buildServiceGroup;
  return (item, attached) => buildServiceGroup({ ...item, balancerIPs: [] }, attached);
}

/** Kubernetes keeps 1,000 addresses of a service in its Endpoints and marks those that lack the rest. */
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
      `endpoints/${first}${are} truncated: Kubernetes leaves out what is over 1,000 addresses, and these targets are missing; use "role: endpointslice", which has all`,
    );
  };
}

/** Pods and services of the namespace are read first, in a compact form, and all that stays in memory. */
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
      (own) => readInto(lister, selected(input, joinedPod, namespace, 'pod'), pods, addByKey, own),
      (own) => readInto(lister, selected(input, serviceKind, namespace, 'service'), services, addByKey, own),
    ];
    await readAll([...joined, ...reads], signal);
    const joins = { ...attached, pods, services };
    const query = selected(input, kind, namespace, input.config.role);
    await pushGroups(lister, query, (item) => build(item, joins), push, signal);
  };
}

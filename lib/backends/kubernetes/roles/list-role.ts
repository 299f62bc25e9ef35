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
import { addJoinedPods, buildPodGroup, type JoinedPod, joinedPod, pod } from './pod.ts';
import {
  pushGroups,
  type Read,
  type RoleInput,
  type RoleListing,
  readAll,
  readInto,
  selected,
} from './read.ts';
import { buildServiceGroup, type Service, service } from './service.ts';

/** How each role is listed. */
export const listRole: Readonly<Record<Role, (input: RoleInput) => RoleListing>> = {
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
    if (hasSince(input.prometheus, '3.11'))
      return listBehindServices(input, endpointSlice, dualStackService, buildEndpointSliceGroup);
    return listBehindServices(input, endpointSlice, joinedService, (item, joins) =>
      buildEndpointSliceGroup(item, joins, { allFamilies: true }),
    );
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
): RoleListing {
  const attaches = attaching(input, takes);
  const queryIn = (namespace: string) => selected(input, kind, namespace, input.config.role);
  return {
    queries: (namespace) => [queryIn(namespace), ...attaches.queries(namespace)],
    async list(namespace, push, signal) {
      const { attached, reads } = attaches.in(namespace);
      await readAll(reads, signal);
      const groups = { build: (item: T) => build(item, attached), push };
      await pushGroups(input.lister, queryIn(namespace), groups, signal);
    },
  };
}

/** Since 3.11 Prometheus leaves out pods on nodes that were not listed, if nodes are attached. */
function podBuilder({ prometheus }: RoleInput): typeof buildPodGroup {
  if (!hasSince(prometheus, '3.11')) return buildPodGroup;
  return (item, attached) =>
    attached.nodes?.has(item.nodeName) === false ? undefined : buildPodGroup(item, attached);
}

/** Kubernetes keeps at most 1,000 addresses of a service in its Endpoints, and marks the truncated ones. */
function listEndpoints(input: RoleInput): RoleListing {
  const truncated = new Set<string>();
  const { queries, list } = listBehindServices(input, endpoints, joinedService, (item, joins) => {
    if (isTruncated(item)) truncated.add(objectKey(item.namespace, item.name));
    return buildEndpointsGroup(item, joins);
  });
  return {
    queries,
    async list(namespace, push, signal) {
      await list(namespace, push, signal);
      const [first, ...others] = [...truncated].filter(
        (key) => namespace === '' || key.startsWith(`${namespace}/`),
      );
      if (first === undefined) return;
      const are = others.length > 0 ? ` and ${others.length} more are` : ' is';
      input.warn(
        `endpoints/${first}${are} truncated: Kubernetes leaves out addresses over 1,000, and their targets are missing: use "role: endpointslice", which has all`,
      );
    },
  };
}

/** First reads the pods and services of the namespace, in a compact form that stays in memory. */
function listBehindServices<T extends ObjectMeta, S extends ObjectMeta>(
  input: RoleInput,
  kind: Kind<T>,
  serviceKind: Kind<S>,
  build: (item: T, joins: ServiceJoins) => TargetGroup | undefined,
): RoleListing {
  const { lister } = input;
  const attaches = attaching(input, everything);
  const podsIn = (namespace: string) => selected(input, joinedPod, namespace, 'pod');
  const servicesIn = (namespace: string) => selected(input, serviceKind, namespace, 'service');
  const queryIn = (namespace: string) => selected(input, kind, namespace, input.config.role);
  return {
    queries: (namespace) => [
      ...[podsIn(namespace), servicesIn(namespace), queryIn(namespace)],
      ...attaches.queries(namespace),
    ],
    async list(namespace, push, signal) {
      const { attached, reads } = attaches.in(namespace);
      const pods = new Map<string, JoinedPod>();
      const services = new Map<string, S>();
      const joined: readonly Read[] = [
        (own) => readInto(lister, podsIn(namespace), { map: pods, add: addJoinedPods }, own),
        (own) => readInto(lister, servicesIn(namespace), { map: services, add: addByKey }, own),
      ];
      await readAll([...joined, ...reads], signal);
      const joins = { ...attached, pods, services };
      const groups = { build: (item: T) => build(item, joins), push };
      await pushGroups(lister, queryIn(namespace), groups, signal);
    },
  };
}

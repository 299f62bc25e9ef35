import type { Json, JsonObject } from '../wire/json.ts';
import { draw, lettersOf, share } from './draw.ts';
import { sortedMap } from './metadata.ts';
import type { NodePlan, ServicePlan, Workload } from './plan.ts';
import { ordinalsByName, type PodFacts, podFacts } from './pod.ts';
import { metadataOf, servicePorts } from './service.ts';

/** What is behind an address: a pod, a node, or something without a name. */
interface Backend {
  readonly ips: readonly string[];
  readonly reference: JsonObject | undefined;
  readonly nodeName: string | undefined;
  readonly zone: string | undefined;
  readonly hostname: string | undefined;
  readonly ready: boolean;
  readonly terminating: boolean;
}

/** What is behind a service, ready or not. A service with an external name has nothing. */
function backendsOf(workload: Workload, plan: ServicePlan, nodes: readonly NodePlan[]): readonly Backend[] {
  if (plan.shape === 'external-name') return [];
  if (plan.shape === 'without-selector' || plan.quirk === 'no-references')
    return ['192.0.2.10', '192.0.2.11'].map((ip, index) => ({ ...anonymous, ips: [ip], ready: index === 0 }));
  if (plan.quirk === 'nodes-behind')
    return nodes.slice(0, 3).map(({ name, address, zone }) => ({
      ...anonymous,
      ips: [address],
      reference: { kind: 'Node', name, uid: `node-${name}` },
      nodeName: name,
      zone,
    }));

  const pods = ordinalsByName(workload).map((ordinal) => podFacts(workload, ordinal, nodes));
  const wanted = pods.filter(({ ips, state }) =>
    plan.quirk === 'stale-pods' ? ips.length > 0 : ips.length > 0 && !over.has(state),
  );
  const backends = wanted.map((facts) => behind(workload, facts));
  if (plan.quirk !== 'stale-pods') return backends;
  const gone = { kind: 'Pod', namespace: workload.namespace, name: `${workload.name}-gone`, uid: 'gone' };
  return [...backends, { ...anonymous, ips: ['10.63.0.1'], reference: gone }];
}

const over: ReadonlySet<string> = new Set(['succeeded', 'failed', 'unknown']);

const anonymous: Backend = {
  ips: [],
  reference: undefined,
  nodeName: undefined,
  zone: undefined,
  hostname: undefined,
  ready: true,
  terminating: false,
};

function behind({ namespace, owner }: Workload, facts: PodFacts): Backend {
  const { ips, name, uid, state, nodeName, node } = facts;
  return {
    ips,
    reference: { kind: 'Pod', namespace, name, uid },
    nodeName,
    zone: node?.zone,
    hostname: owner === 'StatefulSet' ? name : undefined,
    ready: state === 'running' || state === 'succeeded' || state === 'failed',
    terminating: state === 'terminating',
  };
}

/** The `Endpoints` object of a service: at most the first 1,000 addresses of its backends. */
export function endpointsObject(
  workload: Workload,
  plan: ServicePlan,
  nodes: readonly NodePlan[],
): JsonObject {
  const backends = backendsOf(workload, plan, nodes)
    .filter(({ terminating }) => !terminating)
    .slice(0, 1000);
  const ready = backends.filter((each) => each.ready).map(address);
  const unready = backends.filter((each) => !each.ready).map(address);
  const ports = servicePorts(workload, plan).map(({ name, protocol, targetPort }) => ({
    name,
    port: targetPort,
    protocol,
    appProtocol: name === 'http' ? 'http' : undefined,
  }));
  const subset = (addresses: readonly Json[], notReadyAddresses: readonly Json[], of: readonly Json[]) => ({
    addresses: addresses.length > 0 ? addresses : undefined,
    notReadyAddresses: notReadyAddresses.length > 0 ? notReadyAddresses : undefined,
    ports: of.length > 0 ? of : undefined,
  });
  const subsets =
    plan.quirk === 'two-subsets'
      ? [subset(ready, [], ports.slice(0, 1)), subset([], unready, ports.slice(1))]
      : [subset(ready, unready, ports)];
  return {
    metadata: metadataOf(workload, endpointsName(plan), draw(plan.seed, 30), plan),
    ...(backends.length > 0 && { subsets }),
  };
}

/** Endpoints belong to the service with their name. Orphaned endpoints have a name that no service has. */
export function endpointsName({ name, quirk }: ServicePlan): string {
  return quirk === 'orphan' ? `${name}-orphan` : name;
}

function address({ ips, reference, nodeName, hostname }: Backend): JsonObject {
  return { ip: ips[0], hostname, nodeName, targetRef: reference };
}

/** The most endpoints in one slice, as the controller makes them. */
const most = 100;

/** The plan of a slice: which of a service's backends it has. */
export interface SlicePlan {
  readonly name: string;
  readonly service: ServicePlan;
  readonly family: 'IPv4' | 'IPv6' | 'FQDN';
  /** Its number among the slices of its address family. */
  readonly part: number;
  /** The salt for its name and its UID. No two slices of a service have the same. */
  readonly number: number;
}

/** The slices of a service: by address family, 100 endpoints each. */
export function slicesOf(workload: Workload, service: ServicePlan): readonly SlicePlan[] {
  if (service.shape === 'external-name') return [];
  const families =
    service.quirk === 'names-domains'
      ? (['FQDN'] as const)
      : service.shape === 'without-selector' ||
          service.quirk === 'no-references' ||
          service.quirk === 'nodes-behind'
        ? (['IPv4'] as const)
        : familiesOf[workload.family];
  const parts = Math.max(1, Math.ceil((workload.replicas + 1) / most));
  return families.flatMap((family, index) =>
    Array.from({ length: parts }, (_, part) => {
      const number = index * 10_000 + part;
      const name = `${service.name}-${lettersOf(draw(service.seed, 40 + number), 5)}`;
      return { name, service, family, part, number };
    }),
  );
}

const familiesOf = {
  ipv4: ['IPv4'],
  ipv6: ['IPv6'],
  dual: ['IPv4', 'IPv6'],
  'dual-ipv6-first': ['IPv4', 'IPv6'],
} as const;

/** The object of a slice. */
export function sliceObject(workload: Workload, plan: SlicePlan, nodes: readonly NodePlan[]): JsonObject {
  const { service, family, part, name, number } = plan;
  const endpoints = backendsOf(workload, service, nodes)
    .slice(part * most, (part + 1) * most)
    .flatMap((backend) => endpoint(service, backend, family));
  // A slice without ports stands for all ports of its addresses.
  const ports = servicePorts(workload, service).map(({ name: portName, protocol, targetPort }) => ({
    name: portName ?? '',
    protocol,
    port: service.quirk === 'unnamed-ports' ? undefined : targetPort,
    appProtocol: portName === 'http' ? 'http' : undefined,
  }));
  const labels =
    service.quirk === 'orphan'
      ? service.labels
      : sortedMap(service.labels, {
          'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
          'kubernetes.io/service-name': service.name,
        });
  return {
    metadata: {
      ...metadataOf(workload, name, draw(service.seed, 20_040 + number), { ...service, labels }),
      generation: 1,
    },
    addressType: family,
    endpoints,
    ports,
  };
}

function endpoint(service: ServicePlan, backend: Backend, family: SlicePlan['family']): JsonObject[] {
  const { ips, reference, nodeName, zone, hostname, ready, terminating } = backend;
  const addresses =
    family === 'FQDN'
      ? ips.slice(0, 1).map((ip) => `host-${ip.replaceAll(/[.:]+/g, '-')}.example.com`)
      : ips.filter((ip) => ip.includes(':') === (family === 'IPv6'));
  if (addresses.length === 0) return [];
  const hinted = zone !== undefined && share(service.seed, 31) < 0.3;
  return [
    {
      addresses,
      conditions:
        service.quirk === 'unknown-conditions'
          ? { ready: share(service.seed, 32) < 0.5 ? ready : undefined }
          : { ready: ready && !terminating, serving: ready || terminating, terminating },
      hostname,
      targetRef: reference,
      nodeName,
      zone,
      hints: hinted ? { forZones: [{ name: zone }], forNodes: [{ name: nodeName }] } : undefined,
      deprecatedTopology:
        service.quirk === 'two-subsets' && nodeName !== undefined
          ? { 'kubernetes.io/hostname': nodeName, 'topology.kubernetes.io/rack': 'r-1' }
          : undefined,
    },
  ];
}

import type { JsonObject } from '../wire/json.ts';
import { draw, lettersOf, share } from './draw.ts';
import { type Backend, backendsOf } from './endpoints.ts';
import { sortedMap } from './odd.ts';
import type { NodePlan, ServicePlan, Workload } from './plan.ts';
import { metadataOf, servicePorts } from './service.ts';

/** Endpoints of one slice at most, as the controller makes them. */
const most = 100;

/** One slice as planned: which of a service's backends it holds. */
export interface SlicePlan {
  readonly name: string;
  readonly service: ServicePlan;
  readonly family: 'IPv4' | 'IPv6' | 'FQDN';
  /** Number among the slices of its family. */
  readonly part: number;
  /** Number of the chance that makes its name and its UID: no two slices of a service have one. */
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
  // Without a port a slice leads to all ports of its addresses.
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

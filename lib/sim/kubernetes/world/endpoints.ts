import type { Json, JsonObject } from '../wire/json.ts';
import { draw } from './draw.ts';
import type { NodePlan, ServicePlan, Workload } from './plan.ts';
import { ordinalsByName, type PodFacts, podFacts } from './pod-facts.ts';
import { metadataOf, servicePorts } from './service.ts';

/** A pod, a node or nothing that has a name behind an address. */
export interface Backend {
  readonly ips: readonly string[];
  readonly reference: JsonObject | undefined;
  readonly nodeName: string | undefined;
  readonly zone: string | undefined;
  readonly hostname: string | undefined;
  readonly ready: boolean;
  readonly terminating: boolean;
}

/** What stands behind a service, ready or not. A service by an external name has nothing. */
export function backendsOf(
  workload: Workload,
  plan: ServicePlan,
  nodes: readonly NodePlan[],
): readonly Backend[] {
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

/** The `Endpoints` object of a service: the first addresses of its backends, 1,000 at most. */
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

/** Endpoints belong to the service of their name; those of an orphan have a name that no service has. */
export function endpointsName({ name, quirk }: ServicePlan): string {
  return quirk === 'orphan' ? `${name}-orphan` : name;
}

function address({ ips, reference, nodeName, hostname }: Backend): JsonObject {
  return { ip: ips[0], hostname, nodeName, targetRef: reference };
}

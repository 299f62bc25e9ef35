import type { ConsulInstance, ConsulWorld } from '../../lib/sim/consul-world.ts';

/** A catalog of plain instances `web-0 … web-<n-1>` of services of these names, on one node, all passing. */
export function smallWorld(count: number, more: Partial<ConsulInstance> = {}): ConsulWorld {
  const node = { name: 'node-0', address: '10.0.0.1', taggedAddresses: {}, meta: {}, checks: [] };
  const instances = Array.from({ length: count }, (_, number) => ({
    id: `web-${number}`,
    service: `web-${number}`,
    node: node.name,
    tags: [],
    address: `10.0.0.${number + 1}`,
    port: 8000,
    meta: {},
    checks: [],
    index: 1,
    ...more,
  }));
  return { datacenter: 'dc1', nodes: [node], instances, index: 1 };
}

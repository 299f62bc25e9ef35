import type { ConsulWorld } from '../../lib/sim/consul-world.ts';

/** Services on this machine's own node `here`, at 127.0.0.1. */
export function servicesHere(
  services: readonly { readonly service: string; readonly port: number }[],
): ConsulWorld {
  const node = { name: 'here', address: '127.0.0.1', taggedAddresses: {}, meta: { zone: 'a' }, checks: [] };
  const instances = services.map(({ service, port }) => ({
    ...{ id: `${service}-${port}`, service, node: node.name, port, address: '127.0.0.1' },
    ...{ tags: ['prod'], meta: {}, checks: [], index: 1 },
  }));
  return { datacenter: 'dc1', nodes: [node], instances, index: 1 };
}

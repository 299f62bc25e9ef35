import type { ConsulCheck, ConsulInstance, ConsulNode, ConsulWorld } from './consul-world.ts';

/** A world with its nodes and instances at hand by name, the latter in lower case. */
export interface ConsulCatalog {
  readonly world: ConsulWorld;
  readonly nodes: ReadonlyMap<string, ConsulNode>;
  readonly instances: ReadonlyMap<string, readonly ConsulInstance[]>;
}

export function openCatalog(world: ConsulWorld): ConsulCatalog {
  return {
    world,
    nodes: new Map(world.nodes.map((node) => [node.name, node])),
    instances: Map.groupBy(world.instances.toSorted(byNodeAndId), ({ service }) => service.toLowerCase()),
  };
}

/** Consul's own order. */
function byNodeAndId(a: ConsulInstance, b: ConsulInstance): number {
  return compare(a.node, b.node) || compare(a.id, b.id);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Body of `/v1/agent/self`, as far as discovery reads it. */
export function agentSelf({ datacenter }: ConsulWorld): object {
  const Config = {
    Datacenter: datacenter,
    NodeName: 'agent',
    NodeID: '',
    Revision: '',
    Server: true,
    Version: '1.8.7',
  };
  return { Config, Coord: null, Member: null, Stats: {}, Meta: {} };
}

/** Body of `/v1/catalog/services`: service names to all tags of their instances. */
export function catalogServices({ world, nodes: all }: ConsulCatalog, query: URLSearchParams): object {
  const nodes = nodesWith(all, query);
  const services = new Map<string, Set<string>>();
  for (const { service, node, tags } of world.instances) {
    if (nodes.has(node)) services.set(service, new Set([...(services.get(service) ?? []), ...tags]));
  }
  const names = [...services.keys()].sort();
  return Object.fromEntries(names.map((name) => [name, [...(services.get(name) ?? [])]]));
}

/** Body of `/v1/health/service/<name>`. Consul tells neither services nor tags apart by case. */
export function healthService(
  { world, nodes: all, instances }: ConsulCatalog,
  service: string,
  query: URLSearchParams,
): object[] {
  const nodes = nodesWith(all, query);
  const wanted = query.getAll('tag').map((tag) => tag.toLowerCase());
  return (instances.get(service.toLowerCase()) ?? []).flatMap((instance) => {
    const node = nodes.get(instance.node);
    const tags = new Set(instance.tags.map((tag) => tag.toLowerCase()));
    return node && wanted.every((tag) => tags.has(tag)) ? [healthEntry(world, node, instance)] : [];
  });
}

type Nodes = ReadonlyMap<string, ConsulNode>;

function nodesWith(nodes: Nodes, query: URLSearchParams): Nodes {
  const wanted = query.getAll('node-meta').map((pair) => pair.split(':', 2));
  if (wanted.length === 0) return nodes;
  return new Map(
    [...nodes].filter(([, { meta }]) => wanted.every(([key = '', value = '']) => meta[key] === value)),
  );
}

function healthEntry({ datacenter }: ConsulWorld, node: ConsulNode, instance: ConsulInstance): object {
  const { id, service, tags, address, meta, port, index } = instance;
  const raft = { CreateIndex: index, ModifyIndex: index };
  return {
    Node: {
      ID: '',
      Node: node.name,
      Address: node.address,
      Datacenter: datacenter,
      TaggedAddresses: node.taggedAddresses,
      Meta: node.meta,
      ...raft,
    },
    Service: {
      ID: id,
      Service: service,
      Tags: tags,
      Address: address,
      Meta: meta,
      Port: port,
      Weights: { Passing: 1, Warning: 1 },
      EnableTagOverride: false,
      Proxy: { MeshGateway: {}, Expose: {} },
      Connect: {},
      ...raft,
    },
    Checks: [
      ...node.checks.map((check) => ({ ...checkEntry(node, check), ...raft })),
      ...instance.checks.map((check) => ({
        ...checkEntry(node, check),
        ServiceID: id,
        ServiceName: service,
        ServiceTags: tags,
        ...raft,
      })),
    ],
  };
}

function checkEntry(node: ConsulNode, { id, status }: ConsulCheck): object {
  return {
    Node: node.name,
    CheckID: id,
    Name: id,
    Status: status,
    Notes: '',
    Output: '',
    ServiceID: '',
    ServiceName: '',
    ServiceTags: [],
    Type: '',
    Definition: {},
  };
}

import { posix } from 'node:path';
import {
  type ConsulCheck,
  type ConsulInstance,
  type ConsulNode,
  type ConsulWorld,
  type ConsulWorldSize,
  churnConsulWorld,
  makeConsulWorld,
} from './consul-world.ts';
import { type FleetAnswer, type FleetRequest, jsonAnswer } from './faults.ts';
import { seededRandom } from './random.ts';
import { type FleetServer, type FleetServerOptions, startFleetServer } from './server.ts';

/** The size of the catalog, and the options of the server. */
export interface ConsulFleetOptions extends ConsulWorldSize, FleetServerOptions {
  /** Requires this ACL token. As in a real Consul, a request without it sees an empty catalog and no agent. */
  readonly token?: string;
  /** Path before `/v1`, as behind a gateway, such as `/consul`. */
  readonly pathPrefix?: string;
  /** Addresses of the datacenter's servers. Default: one. */
  readonly peers?: readonly string[];
}

/** The services and nodes that no token may read, by name. */
interface ConsulHidden {
  readonly services?: readonly string[];
  readonly nodes?: readonly string[] | undefined;
}

/** A running simulated Consul agent. */
export interface ConsulFleet extends FleetServer {
  world(): ConsulWorld;
  /** Makes changes and returns a description of each. Default: one change. */
  mutate(count?: number): readonly string[];
  /** Replaces the world. */
  replace(world: ConsulWorld): void;
  /** Hides services and nodes from every token; `{}` shows all again. An answer that lacks something has a header. */
  hide(hidden: ConsulHidden): void;
}

/** Starts a Consul agent on loopback with a seeded catalog, for the demo, the tests and the bench. */
export async function startConsulFleet(options: ConsulFleetOptions): Promise<ConsulFleet> {
  let catalog = openCatalog(makeConsulWorld(options));
  let hidden: ConsulHidden = {};
  const random = seededRandom(`${options.seed}/churn`);
  const server = await startFleetServer((request) => answer(catalog, options, hidden, request), options);
  return {
    ...server,
    world: () => catalog.world,
    mutate(count = 1) {
      const churn = churnConsulWorld(catalog.world, random, count);
      catalog = openCatalog(churn.world);
      return churn.changes;
    },
    replace(world) {
      catalog = openCatalog(world);
    },
    hide(next) {
      hidden = next;
    },
  };
}

function answer(
  whole: ConsulCatalog,
  options: ConsulFleetOptions,
  { services = [], nodes = [] }: ConsulHidden,
  request: FleetRequest,
): FleetAnswer {
  const { world } = whole;
  const path = decodeURIComponent(request.path);
  const prefix = options.pathPrefix ?? '';
  // Go's router redirects an unclean path to the clean one, which may belong to another service.
  const clean = posix.normalize(path);
  if (clean !== path) return { status: 301, headers: { location: encodeURI(clean) }, body: '' };
  if (!path.startsWith(`${prefix}/v1/`)) return text(404, 'no such endpoint');

  const endpoint = path.slice(prefix.length);
  const datacenter = request.query.get('dc') ?? world.datacenter;
  if (datacenter !== world.datacenter)
    return {
      ...text(500, 'No path to datacenter'),
      headers: { 'x-consul-knownleader': 'false', 'x-consul-lastcontact': '0' },
    };
  if (request.query.has('filter')) return text(400, 'the simulation does not know filter expressions');

  const given = tokenOf(request);
  if (options.token !== undefined && given !== undefined && given !== options.token)
    return text(403, 'ACL not found');
  const isStranger = options.token !== undefined && given === undefined;
  const left = (mayRead: (instance: ConsulInstance) => boolean) => {
    if (!isStranger && services.length + nodes.length === 0) return whole;
    const instances = isStranger ? [] : world.instances.filter(mayRead);
    return instances.length === world.instances.length ? whole : openCatalog({ ...world, instances });
  };

  if (endpoint === '/v1/agent/self')
    return isStranger ? text(403, 'Permission denied') : jsonAnswer(agentSelf(world));
  if (endpoint === '/v1/catalog/services') {
    // The catalog also names services on nodes that the token may not read.
    const catalog = left(({ service }) => !services.includes(service));
    return answerQuery(
      world,
      request,
      isStranger || catalog !== whole,
      catalogServices(catalog, request.query),
    );
  }
  if (endpoint === '/v1/status/peers') return jsonAnswer(options.peers ?? ['127.0.0.1:8300']);
  if (endpoint.startsWith(healthPath)) {
    const service = endpoint.slice(healthPath.length);
    const catalog = left(
      (instance) => !services.includes(instance.service) && !nodes.includes(instance.node),
    );
    const of = ({ instances }: ConsulCatalog) => instances.get(service.toLowerCase())?.length ?? 0;
    const filtered = isStranger || of(catalog) < of(whole);
    return answerQuery(world, request, filtered, healthService(catalog, service, request.query));
  }
  return text(404, 'no such endpoint');
}

const healthPath = '/v1/health/service/';

function text(status: number, body: string): FleetAnswer {
  return { status, headers: { 'content-type': 'text/plain' }, body };
}

function tokenOf({ headers, query }: FleetRequest): string | undefined {
  return (
    headers['x-consul-token'] ??
    headers.authorization?.replace(/^Bearer /, '') ??
    query.get('token') ??
    undefined
  );
}

function answerQuery(
  world: ConsulWorld,
  request: FleetRequest,
  filtered: boolean,
  value: unknown,
): FleetAnswer {
  return jsonAnswer(value, {
    'x-consul-index': String(world.index),
    'x-consul-knownleader': 'true',
    'x-consul-lastcontact': '0',
    'x-consul-effective-consistency': request.query.has('stale') ? 'stale' : 'leader',
    ...(filtered && { 'x-consul-results-filtered-by-acls': 'true' }),
  });
}

/** A world with its nodes by name, and its instances by service name in lower case. */
interface ConsulCatalog {
  readonly world: ConsulWorld;
  readonly nodes: ReadonlyMap<string, ConsulNode>;
  readonly instances: ReadonlyMap<string, readonly ConsulInstance[]>;
}

function openCatalog(world: ConsulWorld): ConsulCatalog {
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

/** Body of `/v1/agent/self`: the fields that discovery reads. */
function agentSelf({ datacenter }: ConsulWorld): object {
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
function catalogServices({ world, nodes: all }: ConsulCatalog, query: URLSearchParams): object {
  const nodes = nodesWith(all, query);
  const services = new Map<string, Set<string>>();
  for (const { service, node, tags } of world.instances) {
    if (nodes.has(node)) services.set(service, new Set([...(services.get(service) ?? []), ...tags]));
  }
  const names = [...services.keys()].sort();
  return Object.fromEntries(names.map((name) => [name, [...(services.get(name) ?? [])]]));
}

/** Body of `/v1/health/service/<name>`. Consul ignores the case of services and tags. */
function healthService(
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

import { type FleetAnswer, type FleetRequest, jsonAnswer } from '../../lib/sim/faults.ts';
import { seededRandom } from '../../lib/sim/random.ts';
import { type FleetServer, type FleetServerOptions, startFleetServer } from '../../lib/sim/server.ts';
import { containerBody, networkBody, nodeBody, serviceBody, taskBody } from './docker/bodies.ts';
import type { DockerContainer } from './docker/containers.ts';
import type { SwarmNode, SwarmService, SwarmTask } from './docker/swarm.ts';
import { churnDockerWorld, type DockerWorld, type DockerWorldSize, makeDockerWorld } from './docker/world.ts';

export interface DockerFleetOptions extends DockerWorldSize, FleetServerOptions {
  /** Newest version of the API that the engine speaks. Default `1.41`, Docker 20.10's. */
  readonly apiVersion?: string;
  /** The engine's ID; its swarm has it with `-swarm` at the end. Default: one of the seed. */
  readonly id?: string;
}

/** A running simulated Docker Engine, which may be the manager of a swarm. */
export interface DockerFleet extends FleetServer {
  world(): DockerWorld;
  /** Changes the world and says what changed. Default: one change. */
  mutate(count?: number): readonly string[];
  /** Puts another world in place of the present one. */
  replace(world: DockerWorld): void;
}

/** A Docker Engine on loopback or a socket with seeded containers and swarm, for the demo, the tests and the bench. */
export async function startDockerFleet(options: DockerFleetOptions): Promise<DockerFleet> {
  const { seed, apiVersion = '1.41', id = `engine-${seed}` } = options;
  let world = makeDockerWorld(options);
  const random = seededRandom(`${seed}/churn`);
  const server = await startFleetServer(
    (request) => answerEngine(world, { apiVersion, id }, request),
    options,
  );
  return {
    ...server,
    world: () => world,
    mutate(count = 1) {
      const churn = churnDockerWorld(world, random, count);
      world = churn.world;
      return churn.changes;
    },
    replace(next) {
      world = next;
    },
  };
}

/** The engine itself. */
interface DockerEngine {
  /** Newest version of the API that it speaks. */
  readonly apiVersion: string;
  readonly id: string;
}

/** What the engine answers, as Docker does with this version of its API, e.g. `1.41`. */
function answerEngine(
  world: DockerWorld,
  { apiVersion, id }: DockerEngine,
  { path, query }: FleetRequest,
): FleetAnswer {
  const headers = { 'api-version': apiVersion, server: 'Docker/20.10.24 (linux)' };
  if (path === '/_ping')
    return { headers: { ...headers, 'content-type': 'text/plain; charset=utf-8' }, body: 'OK' };

  const [, version, endpoint] = /^\/v(\d+\.\d+)\/(.+)$/.exec(path) ?? [];
  if (version === undefined) return refusal(404, 'page not found');
  if (minorOf(version) > minorOf(apiVersion))
    return refusal(
      400,
      `client version ${version} is too new. Maximum supported API version is ${apiVersion}`,
    );
  const answer =
    endpoint === 'info' ? jsonAnswer(infoBody(world, id)) : answerList(world, endpoint ?? '', query);
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

/** The cluster is told of by managers alone. */
function infoBody({ swarm }: DockerWorld, id: string): object {
  const Cluster = swarm === undefined ? null : { ID: `${id}-swarm` };
  return { ID: id, Swarm: { LocalNodeState: swarm === undefined ? 'inactive' : 'active', Cluster } };
}

const minorOf = (version: string) => Number(version.split('.')[1]);

function answerList(world: DockerWorld, endpoint: string, query: URLSearchParams): FleetAnswer {
  const { containers, networks, swarm } = world;
  const list = <Item>(
    items: readonly Item[] | undefined,
    matchers: Matchers<Item>,
    body: (item: Item) => object,
  ) => (items === undefined ? noManager : answerItems(items, matchers, body, query));

  switch (endpoint) {
    case 'containers/json': {
      // Unless told otherwise, those that have ended, or not begun, are left out.
      const isLive = ({ state }: { state: string }) => state === 'running' || state === 'paused';
      const all = readFilters(query)?.has('status') ?? false;
      return list(all ? containers : containers.filter(isLive), containerMatchers, containerBody);
    }
    case 'networks':
      return jsonAnswer(networks.map(networkBody));
    case 'services':
      return list(swarm?.services, serviceMatchers, serviceBody);
    case 'tasks':
      return list(swarm?.tasks, taskMatchers, taskBody);
    case 'nodes':
      return list(swarm?.nodes, nodeMatchers, nodeBody);
    default:
      return refusal(404, 'page not found');
  }
}

function answerItems<Item>(
  items: readonly Item[],
  matchers: Matchers<Item>,
  body: (item: Item) => object,
  query: URLSearchParams,
): FleetAnswer {
  const filters = readFilters(query);
  if (filters === undefined) return refusal(400, 'invalid filter');
  const result = applyFilters(items, filters, matchers);
  if ('unknown' in result) return refusal(400, `Invalid filter '${result.unknown}'`);
  return jsonAnswer(result.found.map(body));
}

function refusal(status: number, message: string): FleetAnswer {
  return { status, ...jsonAnswer({ message }) };
}

const noManager = refusal(
  503,
  'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
);

/** Filters as a query has them: names to values, of which one must fit, for labels all. */
type Filters = ReadonlyMap<string, readonly string[]>;

/** How an object fits a value of each filter that its kind knows. */
type Matchers<Item> = Readonly<Record<string, (item: Item, value: string) => boolean>>;

/** The filters of the query; undefined where it is not what Docker takes for filters. */
function readFilters(query: URLSearchParams): Filters | undefined {
  try {
    const value: unknown = JSON.parse(query.get('filters') ?? '{}');
    if (typeof value !== 'object' || value === null) return undefined;
    return new Map(Object.entries(value).map(([name, set]) => [name, Object.keys(set ?? {})]));
  } catch {
    return undefined;
  }
}

/** Those that fit all filters, or the name of the filter that this kind doesn't know. */
function applyFilters<Item>(
  items: readonly Item[],
  filters: Filters,
  matchers: Matchers<Item>,
): { readonly found: readonly Item[] } | { readonly unknown: string } {
  const unknown = [...filters.keys()].find((name) => matchers[name] === undefined);
  if (unknown !== undefined) return { unknown };
  const fits = (item: Item) =>
    [...filters].every(([name, values]) => {
      const match = (value: string) => matchers[name]?.(item, value) ?? false;
      return /label$/.test(name) ? values.every(match) : values.some(match);
    });
  return { found: items.filter(fits) };
}

const containerMatchers: Matchers<DockerContainer> = {
  id: ({ id }, value) => id.startsWith(value),
  name: ({ names }, value) => names.some((name) => name.includes(value)),
  label: ({ labels }, value) => hasLabel(labels, value),
  status: ({ state }, value) => state === value,
  network: ({ networks }, value) =>
    value in networks || Object.values(networks).some((endpoint) => endpoint?.networkId === value),
};

const serviceMatchers: Matchers<SwarmService> = {
  id: ({ id }, value) => id.startsWith(value),
  name: ({ name }, value) => name.startsWith(value),
  label: ({ labels }, value) => hasLabel(labels, value),
  mode: ({ mode }, value) => mode.toLowerCase() === value.replace('-', ''),
};

const taskMatchers: Matchers<SwarmTask> = {
  id: ({ id }, value) => id.startsWith(value),
  service: ({ serviceId }, value) => serviceId.startsWith(value),
  node: ({ nodeId }, value) => nodeId !== '' && nodeId.startsWith(value),
  'desired-state': ({ desiredState }, value) => desiredState === value,
};

const nodeMatchers: Matchers<SwarmNode> = {
  id: ({ id }, value) => id.startsWith(value),
  name: ({ hostname }, value) => hostname.startsWith(value),
  role: ({ manager }, value) => (manager ? 'manager' : 'worker') === value,
  'node.label': ({ labels }, value) => hasLabel(labels, value),
};

/** `key` or `key=value`. */
function hasLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const [key = '', ...value] = wanted.split('=');
  return Object.hasOwn(labels, key) && (value.length === 0 || labels[key] === value.join('='));
}

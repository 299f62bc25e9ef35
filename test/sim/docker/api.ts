import { type FleetAnswer, type FleetRequest, jsonAnswer } from '../../../lib/sim/faults.ts';
import { containerBody, networkBody } from './container-bodies.ts';
import {
  applyFilters,
  containerMatchers,
  type Matchers,
  nodeMatchers,
  readFilters,
  serviceMatchers,
  taskMatchers,
} from './filters.ts';
import { nodeBody, serviceBody, taskBody } from './swarm-bodies.ts';
import type { DockerWorld } from './world.ts';

/** The engine itself. */
export interface DockerEngine {
  /** Newest version of the API that it speaks. */
  readonly apiVersion: string;
  readonly id: string;
}

/** What the engine answers, as Docker does with this version of its API, e.g. `1.41`. */
export function answerEngine(
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

import { type FleetAnswer, type FleetRequest, jsonAnswer } from '../../lib/sim/faults.ts';
import { type Random, seededRandom } from '../../lib/sim/random.ts';
import { type FleetServer, type FleetServerOptions, startFleetServer } from '../../lib/sim/server.ts';
import { type SwarmStyle, swarmInfoBody, swarmStyles } from './swarm-rows.ts';
import {
  makeSwarmNode,
  makeSwarmWorld,
  type SwarmWorld,
  type SwarmWorldNode,
  type SwarmWorldSize,
} from './swarm-world.ts';

export interface SwarmFleetOptions extends SwarmWorldSize, FleetServerOptions {
  /** How `/info` is written. Default: as Swarm 1.2 does. */
  readonly style?: SwarmStyle;
}

/** A running simulated master of a classic Swarm. */
export interface SwarmFleet extends FleetServer {
  world(): SwarmWorld;
  /** Changes the world and says what changed. Default: one change. */
  mutate(count?: number): readonly string[];
  /** Puts another world in place of the present one. */
  replace(world: SwarmWorld, style?: SwarmStyle): void;
}

/** A master on loopback with a seeded cluster, for the demo and the tests. The same seed gives another master of it. */
export async function startSwarmFleet(options: SwarmFleetOptions): Promise<SwarmFleet> {
  let world = makeSwarmWorld(options);
  let { style = swarmStyles['1.2'] }: { style?: SwarmStyle } = options;
  const random = seededRandom(`${options.seed}/churn`);
  const server = await startFleetServer((request) => answer(world, style, request), options);
  return {
    ...server,
    world: () => world,
    mutate(count = 1) {
      const churn = churnSwarmWorld(world, random, count);
      world = churn.world;
      return churn.changes;
    },
    replace(next, nextStyle = style) {
      world = next;
      style = nextStyle;
    },
  };
}

function answer(world: SwarmWorld, style: SwarmStyle, { path }: FleetRequest): FleetAnswer {
  if (/^(?:\/v1\.\d+)?\/info$/.test(path)) return jsonAnswer(swarmInfoBody(world, style));
  return { status: 404, headers: { 'content-type': 'text/plain' }, body: '404 page not found\n' };
}

/** A world after some changes, and each change in words. */
interface SwarmChurn {
  readonly world: SwarmWorld;
  readonly changes: readonly string[];
}

/** So many changes as a living cluster has them: nodes join and leave, fall ill and recover, run another container. */
function churnSwarmWorld(world: SwarmWorld, random: Random, count: number): SwarmChurn {
  const changes: string[] = [];
  let { nodes } = world;
  for (let done = 0; done < count; done += 1) {
    const { next, change } = changeOne(nodes, random);
    nodes = next;
    changes.push(change);
  }
  return { world: { ...world, nodes }, changes };
}

function changeOne(
  nodes: readonly SwarmWorldNode[],
  random: Random,
): { readonly next: readonly SwarmWorldNode[]; readonly change: string } {
  const kind = nodes.length === 0 ? 'join' : random.pick(['join', 'leave', 'health', 'start']);
  if (kind === 'join') {
    const node = makeSwarmNode(random, random.integer(10_000, 65_535));
    return { next: [...nodes, node], change: `${node.address} joined` };
  }
  const old = random.pick(nodes);
  if (kind === 'leave') return { next: nodes.filter((node) => node !== old), change: `${old.address} left` };

  const [node, change] = kind === 'health' ? changeHealth(old) : startContainer(old);
  return { next: nodes.map((each) => (each === old ? node : each)), change };
}

function changeHealth(node: SwarmWorldNode): [SwarmWorldNode, string] {
  const status = node.status === 'Healthy' ? 'Unhealthy' : 'Healthy';
  const error = status === 'Healthy' ? '' : 'Cannot connect to the docker engine endpoint';
  return [{ ...node, status, error }, `${node.address} became ${status}`];
}

function startContainer(node: SwarmWorldNode): [SwarmWorldNode, string] {
  const containers = { ...node.containers, running: node.containers.running + 1 };
  return [{ ...node, containers }, `${node.address} started a container`];
}

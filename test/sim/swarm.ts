import { type FleetAnswer, type FleetRequest, jsonAnswer } from '../../lib/sim/faults.ts';
import { seededRandom } from '../../lib/sim/random.ts';
import { type FleetServer, type FleetServerOptions, startFleetServer } from '../../lib/sim/server.ts';
import { swarmInfoBody } from './swarm-body.ts';
import { churnSwarmWorld } from './swarm-churn.ts';
import { type SwarmStyle, swarmStyles } from './swarm-rows.ts';
import { makeSwarmWorld, type SwarmWorld, type SwarmWorldSize } from './swarm-world.ts';

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

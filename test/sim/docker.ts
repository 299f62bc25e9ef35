import { seededRandom } from '../../lib/sim/random.ts';
import { type FleetServer, type FleetServerOptions, startFleetServer } from '../../lib/sim/server.ts';
import { answerEngine } from './docker/api.ts';
import { churnDockerWorld } from './docker/churn.ts';
import { type DockerWorld, type DockerWorldSize, makeDockerWorld } from './docker/world.ts';

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

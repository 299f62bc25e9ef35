import { seededRandom } from '../../../lib/sim/random.ts';
import { type DockerContainer, type DockerNetwork, makeContainer, makeNetworks } from './containers.ts';
import {
  makeNode,
  makeService,
  makeTask,
  type SwarmNode,
  type SwarmService,
  type SwarmTask,
} from './swarm.ts';

/** What one engine knows: its own containers and networks, and, as it is a manager, its swarm. */
export interface DockerWorld {
  readonly containers: readonly DockerContainer[];
  readonly networks: readonly DockerNetwork[];
  /** Absent: the engine is no manager of a swarm. */
  readonly swarm?: SwarmWorld;
}

export interface SwarmWorld {
  readonly nodes: readonly SwarmNode[];
  readonly services: readonly SwarmService[];
  readonly tasks: readonly SwarmTask[];
}

export interface DockerWorldSize {
  readonly seed: number | string;
  readonly containers: number;
  /** Each with up to three tasks. Default 0. */
  readonly services?: number;
  /** Nodes of the swarm. Default 0: no swarm at all. */
  readonly nodes?: number | undefined;
}

/** An engine with what real ones hold: every networking, IPv6, ports in and out, odd labels, tasks in every state. */
export function makeDockerWorld({ seed, containers, services = 0, nodes = 0 }: DockerWorldSize): DockerWorld {
  const random = seededRandom(seed);
  const networks = makeNetworks(random.fork('networks'));
  const made: DockerContainer[] = [];
  for (let number = 0; number < containers; number += 1)
    made.push(makeContainer(random.fork(`container-${number}`), number, networks, made));
  if (nodes === 0) return { networks, containers: made };
  return {
    networks,
    containers: made,
    swarm: makeSwarm(
      Array.from({ length: nodes }, (_, number) => makeNode(random.fork(`node-${number}`), number)),
      Array.from({ length: services }, (_, number) =>
        makeService(random.fork(`service-${number}`), number, networks),
      ),
      (subject) => random.fork(subject),
    ),
  };
}

function makeSwarm(
  nodes: readonly SwarmNode[],
  services: readonly SwarmService[],
  fork: (subject: string) => ReturnType<typeof seededRandom>,
): SwarmWorld {
  const tasks = services.flatMap((service) => {
    const own = fork(`tasks of ${service.id}`);
    return Array.from({ length: own.integer(0, 3) }, (_, index) => makeTask(own, service, nodes, index + 1));
  });
  return { nodes, services, tasks };
}

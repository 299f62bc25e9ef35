import { type Random, seededRandom } from '../../../lib/sim/random.ts';
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

interface SwarmWorld {
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

/** A world after some changes, and each change in words. */
export interface DockerChurn {
  readonly world: DockerWorld;
  readonly changes: readonly string[];
}

/** So many changes as a living engine has them: containers come and go, tasks are replaced, nodes are drained. */
export function churnDockerWorld(before: DockerWorld, random: Random, count: number): DockerChurn {
  const changes: string[] = [];
  let world = before;
  for (let done = 0; done < count; done += 1) {
    const step = changeOne(world, random);
    world = step.world;
    changes.push(step.change);
  }
  return { world, changes };
}

interface Step {
  readonly world: DockerWorld;
  readonly change: string;
}

function changeOne(world: DockerWorld, random: Random): Step {
  const { swarm } = world;
  const hasTasks = swarm !== undefined && swarm.tasks.length > 0 && swarm.nodes.length > 0;
  if (!hasTasks || random.chance(0.5)) return changeContainers(world, random);
  const { change, ...next } = changeSwarm(swarm, random);
  return { world: { ...world, swarm: next }, change };
}

function changeContainers(world: DockerWorld, random: Random): Step {
  const { containers, networks } = world;
  if (containers.length === 0 || random.chance(0.5)) {
    // Numbers are never used again, so that no address is.
    const made = makeContainer(random, random.integer(1_000, 60_000), networks, containers);
    return {
      world: { ...world, containers: [...containers, made] },
      change: `${made.names[0] ?? made.id} started`,
    };
  }
  const gone = random.pick(containers);
  return {
    world: { ...world, containers: containers.filter((container) => container !== gone) },
    change: `${gone.names[0] ?? gone.id} stopped`,
  };
}

function changeSwarm(swarm: SwarmWorld, random: Random): SwarmWorld & { readonly change: string } {
  if (random.chance(0.2)) {
    const drained = random.pick(swarm.nodes);
    const availability = drained.availability === 'drain' ? 'active' : 'drain';
    const nodes = swarm.nodes.map((node) => (node === drained ? ({ ...node, availability } as const) : node));
    return { ...swarm, nodes, change: `${drained.hostname} set to ${availability}` };
  }
  const old = random.pick(swarm.tasks);
  const service = swarm.services.find(({ id }) => id === old.serviceId);
  const others = swarm.tasks.filter((task) => task !== old);
  if (service === undefined) return { ...swarm, tasks: others, change: `task ${old.id} removed` };
  const fresh = makeTask(random, service, swarm.nodes, old.slot);
  return { ...swarm, tasks: [...others, fresh], change: `${service.name}.${old.slot} replaced` };
}

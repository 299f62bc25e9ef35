import type { Random } from '../../../lib/sim/random.ts';
import { makeContainer } from './containers.ts';
import { makeTask } from './swarm.ts';
import type { DockerWorld, SwarmWorld } from './world.ts';

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

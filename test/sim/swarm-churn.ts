import type { Random } from '../../lib/sim/random.ts';
import { makeSwarmNode, type SwarmWorld, type SwarmWorldNode } from './swarm-world.ts';

/** A world after some changes, and each change in words. */
export interface SwarmChurn {
  readonly world: SwarmWorld;
  readonly changes: readonly string[];
}

/** So many changes as a living cluster has them: nodes join and leave, fall ill and recover, run another container. */
export function churnSwarmWorld(world: SwarmWorld, random: Random, count: number): SwarmChurn {
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

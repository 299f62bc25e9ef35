import type { Random } from '../../random.ts';
import { sortedMap } from './metadata.ts';
import type { PodTurn, Workload, World } from './plan.ts';

/** A world after some changes, and each change in words. */
export interface Churn {
  readonly world: World;
  readonly changes: readonly string[];
}

/** So many changes as a living cluster has them: each makes the resource version one higher. */
export function churnWorld(world: World, random: Random, count: number): Churn {
  const changes: string[] = [];
  let next = world;
  for (let done = 0; done < count; done += 1) {
    const version = next.version + 1;
    const [changed, change] = changeOne(next, version, random);
    next = { ...changed, version };
    changes.push(change);
  }
  return { world: next, changes };
}

/** Workloads that stay, so that a cluster which is watched for long does not run empty. */
const fewestWorkloads = 10;

function changeOne(world: World, version: number, random: Random): [World, string] {
  if (world.workloads.length === 0 || random.chance(0.05)) return relabelNode(world, version, random);
  const old = random.pick(world.workloads);
  const kind = random.pick([
    'replace',
    'replace',
    'replace',
    'redraw',
    'redraw',
    'scale',
    'roll-out',
    'relabel',
    'delete',
  ]);
  const stays = kind === 'delete' && world.workloads.length <= fewestWorkloads;
  const [changed, change] = changeWorkload(old, stays ? 'replace' : kind, version, random);
  const workloads = world.workloads.flatMap((each) => (each !== old ? [each] : changed ? [changed] : []));
  return [{ ...world, workloads }, `${old.namespace}/${old.name} ${change}`];
}

function changeWorkload(
  old: Workload,
  kind: string,
  version: number,
  random: Random,
): [Workload | undefined, string] {
  const ordinal = random.integer(0, old.replicas - 1);
  switch (kind) {
    case 'delete':
      return [undefined, 'was deleted'];
    case 'roll-out':
      return [{ ...old, revision: old.revision + 1, turns: new Map(), version }, 'was rolled out'];
    case 'relabel': {
      const labels = sortedMap(old.labels, { build: `b${version}` });
      return [{ ...old, labels, version }, `got the label build=b${version}`];
    }
    case 'scale': {
      const fixed = old.owner === 'none' || old.owner === 'Node' || old.owner === 'DaemonSet';
      const replicas = fixed ? old.replicas : random.integer(1, old.replicas + 3);
      if (replicas !== old.replicas) return [{ ...old, replicas, version }, `has ${replicas} pods`];
      return [turned(old, ordinal, version, 'replaced'), `replaced pod ${ordinal}`];
    }
    case 'redraw':
      return [turned(old, ordinal, version, 'redrawn'), `changed the state of pod ${ordinal}`];
    default:
      return [turned(old, ordinal, version, 'replaced'), `replaced pod ${ordinal}`];
  }
}

function turned(old: Workload, ordinal: number, version: number, what: 'replaced' | 'redrawn'): Workload {
  const before: PodTurn = old.turns.get(ordinal) ?? { replaced: 0, redrawn: 0, version };
  const after = { ...before, [what]: before[what] + 1, version };
  return { ...old, turns: new Map(old.turns).set(ordinal, after) };
}

function relabelNode(world: World, version: number, random: Random): [World, string] {
  const old = random.pick(world.nodes);
  const changed = { ...old, labels: sortedMap(old.labels, { drained: `v${version}` }), version };
  return [
    { ...world, nodes: world.nodes.map((each) => (each === old ? changed : each)) },
    `node ${old.name} got the label drained=v${version}`,
  ];
}

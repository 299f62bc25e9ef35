import { buildGroups } from '../../../lib/backends/swarm/index.ts';
import { swarmInfo } from '../../../lib/backends/swarm/rows.ts';
import { decodeJson } from '../../../lib/http/json.ts';
import { type Random, seededRandom } from '../../../lib/sim/random.ts';
import type { TargetGroup } from '../../../lib/targets/group.ts';
import { randomSwarmStyle, type SwarmStyle, swarmStyles } from '../../sim/swarm-rows.ts';
import { makeSwarmWorld, type SwarmWorld } from '../../sim/swarm-world.ts';
import { draws } from '../../support/counts.ts';

/** The master whose answer is read. */
export const master = 'http://10.199.128.50:3375';

/** So many generated answers. */
export const variants = draws(1000);

/** The groups that are read out of a body, as it comes over the wire. */
export function groupsOf(body: string): TargetGroup[] {
  const info = decodeJson(Buffer.from(body), 'application/json', swarmInfo);
  return buildGroups(info, { masters: [master], answered: master, metricsPort: 8070 });
}

/** The same with only these rows in the body. */
export function groupsOfRows(rows: readonly unknown[], field = 'SystemStatus'): TargetGroup[] {
  return groupsOf(JSON.stringify({ [field]: rows }));
}

/** A world and the style it is written in: each release in turn, then one that no release has. */
export function makeVariant(number: number): { world: SwarmWorld; style: SwarmStyle; random: Random } {
  const random = seededRandom(`variant-${number}`);
  const made = makeSwarmWorld({ seed: `world-${number}`, nodes: random.integer(0, 12) });
  const world = random.chance(0.3) ? { ...made, primary: '10.0.0.1:3375' } : made;
  const releases: readonly SwarmStyle[] = Object.values(swarmStyles);
  return { world, style: releases[number % 6] ?? randomSwarmStyle(random), random };
}

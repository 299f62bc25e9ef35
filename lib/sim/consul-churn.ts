import { type ConsulInstance, type ConsulWorld, makeInstance } from './consul-world.ts';
import type { Random } from './random.ts';

/** A world after some changes, and each change in words. */
export interface ConsulChurn {
  readonly world: ConsulWorld;
  readonly changes: readonly string[];
}

/** So many changes as a living datacenter has them: instances come, go, move their port, fall ill, get other tags. */
export function churnConsulWorld(world: ConsulWorld, random: Random, count: number): ConsulChurn {
  const changes: string[] = [];
  let next = world;
  for (let done = 0; done < count; done += 1) {
    const { instances, change } = changeOne(next, random);
    next = { ...next, instances, index: next.index + 1 };
    changes.push(change);
  }
  return { world: next, changes };
}

function changeOne(
  world: ConsulWorld,
  random: Random,
): { readonly instances: readonly ConsulInstance[]; readonly change: string } {
  const index = world.index + 1;
  const kind =
    world.instances.length === 0 ? 'add' : random.pick(['add', 'remove', 'port', 'health', 'tags']);
  if (kind === 'add') {
    const services = [...new Set(world.instances.map(({ service }) => service))];
    const service = services.length > 0 ? random.pick(services) : 'service-0';
    const added = makeInstance(random, service, index, random.pick(world.nodes), index);
    return { instances: [...world.instances, added], change: `${added.id} registered` };
  }

  const old = random.pick(world.instances);
  const others = world.instances.filter((instance) => instance !== old);
  if (kind === 'remove') return { instances: others, change: `${old.id} deregistered` };

  const [changed, change] = alter(old, kind, random);
  return { instances: world.instances.map((each) => (each === old ? { ...changed, index } : each)), change };
}

function alter(old: ConsulInstance, kind: string, random: Random): [ConsulInstance, string] {
  if (kind === 'port') {
    const port = (old.port % 60_000) + 1024;
    return [{ ...old, port }, `${old.id} moved to port ${port}`];
  }
  if (kind === 'tags') {
    const tag = `build-${random.integer(1, 9999)}`;
    return [{ ...old, tags: [...old.tags, tag].slice(-4) }, `${old.id} got the tag ${tag}`];
  }
  const ill = old.checks.some(({ status }) => status === 'critical');
  const status = ill ? 'passing' : 'critical';
  return [{ ...old, checks: [{ id: `service:${old.id}`, status }] }, `${old.id} became ${status}`];
}

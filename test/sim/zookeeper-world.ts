import { type Random, seededRandom } from '../../lib/sim/random.ts';

/** The nodes of an ensemble: paths to data. Every node's parent is there too. */
export type ZookeeperWorld = ReadonlyMap<string, string>;

export interface ZookeeperWorldSize {
  readonly seed: number | string;
  /** `service-0` and so on, below `/serversets` and again below `/nerve`. */
  readonly services: number;
  /** Members of each service, at most. */
  readonly members: number;
}

/** Serversets and Nerve's services with what real ones hold: several endpoints, IPv6, every status, odd nodes. */
export function makeZookeeperWorld({ seed, services, members }: ZookeeperWorldSize): ZookeeperWorld {
  const random = seededRandom(seed);
  const world = new Map([
    ['/', ''],
    ['/serversets', ''],
    ['/nerve', ''],
  ]);
  for (let number = 0; number < services; number += 1) {
    const name = `service-${number}`;
    const own = random.fork(name);
    // Some libraries write the address of whoever made the node into it.
    world.set(`/serversets/${name}`, own.pick(['', '10.0.0.1', 'null-and-void']));
    world.set(`/nerve/${name}`, '');
    world.set(`/nerve/${name}/services`, '');
    for (let count = own.integer(1, members); count > 0; count -= 1) addMember(world, own, name, count);
  }
  return world;
}

function addMember(world: Map<string, string>, random: Random, name: string, number: number): string {
  const digits = String(number).padStart(10, '0');
  const { serverset, nerve } = makeMember(random, name, number);
  world.set(`/serversets/${name}/member_${digits}`, JSON.stringify(serverset));
  world.set(`/nerve/${name}/services/${nerve.host}_${digits}`, JSON.stringify(nerve));
  return `/serversets/${name}/member_${digits}`;
}

function makeMember(random: Random, name: string, number: number) {
  const host = random.pick([
    `10.${number >> 8}.0.${number & 255}`,
    `host-${number}.example`,
    `fd00::${number}`,
  ]);
  const port = random.integer(1024, 65_535);
  const endpoint = () => ({ host, port: random.integer(1024, 65_535) });
  const additional = random
    .sample(['http', 'aurora', 'health-check', 'http.admin', 'größe'], random.integer(0, 4))
    .map((each) => [each, endpoint()] as const);
  return {
    serverset: {
      serviceEndpoint: { host, port },
      additionalEndpoints: Object.fromEntries(additional),
      status: random.pick(['ALIVE', 'ALIVE', 'ALIVE', 'STARTING', 'DEAD']),
      ...(random.chance(0.7) && { shard: number }),
    },
    nerve: { host, port, name: `${name}_${number}`, ...(random.chance(0.3) && { weight: 1 }) },
  };
}

/** So many changes as a living ensemble has them: members come and go. Each in words. */
export function churnZookeeperWorld(
  world: ZookeeperWorld,
  random: Random,
  count: number,
): { readonly world: ZookeeperWorld; readonly changes: readonly string[] } {
  const next = new Map(world);
  const changes: string[] = [];
  for (let done = 0; done < count; done += 1) {
    const members = [...next.keys()].filter((path) => /\/member_\d+$|\/services\/./.test(path));
    const [path] = random.sample(members, 1);
    if (path !== undefined && random.chance(0.5)) {
      next.delete(path);
      changes.push(`${path} is gone`);
    } else {
      const services = [...next.keys()].filter((each) => /^\/serversets\/[^/]+$/.test(each));
      const service = random.sample(services, 1)[0] ?? '/serversets/service-0';
      for (const parent of [service, `/nerve${service.slice(11)}`, `/nerve${service.slice(11)}/services`])
        if (!next.has(parent)) next.set(parent, '');
      const added = addMember(next, random, service.slice(12), random.integer(1000, 99_999));
      changes.push(`${added} is new`);
    }
  }
  return { world: next, changes };
}

import { type Random, seededRandom } from './random.ts';

/** A health check of an instance or a node. */
export interface ConsulCheck {
  readonly id: string;
  readonly status: 'passing' | 'warning' | 'critical';
}

/** A node of the catalog. */
export interface ConsulNode {
  readonly name: string;
  readonly address: string;
  readonly taggedAddresses: Readonly<Record<string, string>>;
  readonly meta: Readonly<Record<string, string>>;
  /** Checks of the node; they count for every instance on it. */
  readonly checks: readonly ConsulCheck[];
}

/** An instance of a service. */
export interface ConsulInstance {
  readonly id: string;
  readonly service: string;
  /** Name of its node. */
  readonly node: string;
  readonly tags: readonly string[];
  /** Empty for an instance at the node's address. */
  readonly address: string;
  readonly port: number;
  readonly meta: Readonly<Record<string, string>>;
  readonly checks: readonly ConsulCheck[];
  /** Raft index of its last change. */
  readonly index: number;
}

/** The catalog of a datacenter. */
export interface ConsulWorld {
  readonly datacenter: string;
  readonly nodes: readonly ConsulNode[];
  readonly instances: readonly ConsulInstance[];
  /** Raft index of the last change. */
  readonly index: number;
}

/** The size of a generated catalog; equal sizes and seeds give equal catalogs. */
export interface ConsulWorldSize {
  readonly seed: number | string;
  readonly services: number;
  /** Instances of all services; each service gets at least one where there are enough. */
  readonly instances: number;
}

/** Names that break careless paths and labels. The API can serve all of them. */
const oddNames = ['web/api', 'per%cent', 'two words', 'größe', 'q?a#b', 'a;b+c&d=e', 'tail/'];
const oddTags = ['', 'a,b', 'urlprefix-/x', 'quote"d', 'größe', 'traefik.enable=true'];
const zones = ['a', 'b', 'c'];

/**
 * Makes a catalog with the oddities of real ones: IPv6, no service address, port 0, maintenance, odd characters, no
 * checks.
 */
export function makeConsulWorld({ seed, services, instances }: ConsulWorldSize): ConsulWorld {
  const random = seededRandom(seed);
  const nodes = Array.from({ length: Math.max(3, Math.ceil(instances / 8)) }, (_, number) =>
    makeNode(random.fork(`node-${number}`), number),
  );
  const made = Array.from({ length: instances }, (_, number) => {
    const own = random.fork(`instance-${number}`);
    const service = number < services ? number : own.integer(0, Math.max(0, services - 1));
    return makeInstance(own, {
      service: serviceName(service),
      number,
      node: own.pick(nodes),
      index: 10 + number,
    });
  });
  return { datacenter: 'dc1', nodes, instances: made, index: 10 + instances };
}

function serviceName(number: number): string {
  return (number % 5 === 4 ? oddNames[Math.floor(number / 5)] : undefined) ?? `service-${number}`;
}

function makeNode(random: Random, number: number): ConsulNode {
  const address = random.chance(0.2)
    ? `fd00::${(number + 1).toString(16)}`
    : `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
  const drained = random.chance(0.05);
  return {
    name: `node-${number}`,
    address,
    taggedAddresses: random.chance(0.7)
      ? {
          lan: address,
          wan: `198.51.100.${number & 255}`,
          ...(random.chance(0.3) && { 'vpc-net': 'vpc.example' }),
        }
      : {},
    meta: random.chance(0.8)
      ? { zone: random.pick(zones), 'rack.unit': `r${number % 7}`, 'consul-network-segment': '' }
      : {},
    checks: [
      ...(random.chance(0.9)
        ? [{ id: 'disk', status: random.chance(0.05) ? 'warning' : 'passing' } as const]
        : []),
      ...(drained ? [{ id: '_node_maintenance', status: 'critical' } as const] : []),
    ],
  };
}

/** A new instance of the service on the node. */
function makeInstance(
  random: Random,
  {
    service,
    number,
    node,
    index,
  }: Pick<ConsulInstance, 'service' | 'index'> & { readonly number: number; readonly node: ConsulNode },
): ConsulInstance {
  const id = `${service}-${number}`;
  return {
    id,
    service,
    node: node.name,
    tags: [
      ...random.sample(['prod', 'canary', 'http', 'v2', 'metrics'], random.integer(0, 3)),
      ...(random.chance(0.1) ? [random.pick(oddTags)] : []),
    ],
    address: random.pick([
      '',
      `10.9.${(number >> 8) & 255}.${number & 255}`,
      `2001:db8::${number.toString(16)}`,
      'app.example',
    ]),
    port: random.chance(0.05) ? 0 : random.integer(1024, 65_535),
    meta: random.chance(0.5)
      ? {
          version: `1.${random.integer(0, 9)}`,
          'app-name': service,
          note: 'a "b"\n\\c',
          empty: '',
        }
      : {},
    checks: makeChecks(random, id),
    index,
  };
}

function makeChecks(random: Random, id: string): ConsulCheck[] {
  const draw = random.next();
  if (draw < 0.1) return [];
  const status = draw < 0.2 ? 'critical' : draw < 0.3 ? 'warning' : 'passing';
  return [
    { id: `service:${id}`, status },
    ...(random.chance(0.05) ? [{ id: `_service_maintenance:${id}`, status: 'critical' } as const] : []),
  ];
}

/** The bodies for `PUT /v1/catalog/register` that create the same world in a real Consul. */
export function consulRegistrations(world: ConsulWorld): readonly object[] {
  return world.nodes.flatMap((node) => {
    const own = {
      Node: node.name,
      Address: node.address,
      TaggedAddresses: node.taggedAddresses,
      NodeMeta: node.meta,
    };
    const checks = node.checks.map(({ id, status }) => ({ CheckID: id, Name: id, Status: status }));
    const services = world.instances
      .filter((instance) => instance.node === node.name)
      .map(({ id, service, tags, address, port, meta, checks: serviceChecks }) => ({
        ...own,
        Service: { ID: id, Service: service, Tags: tags, Address: address, Port: port, Meta: meta },
        Checks: serviceChecks.map((check) => ({
          CheckID: check.id,
          Name: check.id,
          Status: check.status,
          ServiceID: id,
        })),
      }));
    return [{ ...own, Checks: checks }, ...services];
  });
}

/** A catalog after some changes, with a description of each. */
export interface ConsulChurn {
  readonly world: ConsulWorld;
  readonly changes: readonly string[];
}

/** Makes `count` changes as in a real datacenter: instances come, go, or change their port, health or tags. */
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
    const added = makeInstance(random, { service, number: index, node: random.pick(world.nodes), index });
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

import type { Random } from '../../../lib/sim/random.ts';

/**
 * How a container is reached. `default`: Docker's own bridge; `one`, `two`: networks of the user; `six`: one with IPv6
 * alone; `overlay`: a swarm's; `host`; `none`; `shared`: the network of another container.
 */
const networkings = ['default', 'one', 'two', 'overlay', 'host', 'none', 'shared', 'six'] as const;

export interface DockerNetwork {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  readonly scope: 'local' | 'swarm';
  readonly internal: boolean;
  readonly ingress: boolean;
  readonly labels: Readonly<Record<string, string>>;
}

export interface DockerPort {
  readonly type: 'tcp' | 'udp' | 'sctp';
  readonly inside: number;
  /** Where it is published, if it is. */
  readonly published?: { readonly ip: string; readonly port: number };
}

export interface DockerContainer {
  readonly id: string;
  /** As Docker has it, with a `/` in front; empty while it is being removed. */
  readonly names: readonly string[];
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly state: 'running' | 'paused' | 'exited' | 'created';
  /** As in `--network`; another container's is `container:<id>`. */
  readonly networkMode: string;
  /** Its addresses by the network's name. Older engines write null for one that it is just leaving. */
  readonly networks: Readonly<Record<string, DockerEndpoint | null>>;
  readonly ports: readonly DockerPort[];
}

export interface DockerEndpoint {
  readonly networkId: string;
  readonly ip: string;
  readonly ipv6: string;
}

/** The networks that every engine has, with those of its user. */
export function makeNetworks(random: Random): DockerNetwork[] {
  const local = (name: string, driver: string, more: Partial<DockerNetwork> = {}): DockerNetwork => ({
    id: hexId(random.fork(name)),
    name,
    driver,
    scope: 'local',
    internal: false,
    ingress: false,
    labels: {},
    ...more,
  });
  return [
    local('bridge', 'bridge'),
    local('host', 'host'),
    local('none', 'null'),
    local('back', 'bridge', {
      internal: true,
      labels: { 'com.docker.compose.network': 'back', 'team.x': 'a/b' },
    }),
    local('front', 'bridge', { labels: { note: 'a "b"\n\\c', empty: '' } }),
    local('six', 'bridge'),
    local('mesh', 'overlay', { id: swarmId(random.fork('mesh')), scope: 'swarm', labels: { mesh: 'yes' } }),
    local('ingress', 'overlay', { id: swarmId(random.fork('ingress')), scope: 'swarm', ingress: true }),
  ];
}

/** The container of that number; the first ones take each networking in turn. `others` are there to share networks. */
export function makeContainer(
  random: Random,
  number: number,
  networks: readonly DockerNetwork[],
  others: readonly DockerContainer[],
): DockerContainer {
  const networking = networkings[number] ?? random.pick(networkings);
  const owner = others.length > 0 && networking === 'shared' ? random.pick(others) : undefined;
  const names = namesOf(networking);
  const endpoint = (name: string, index: number): [string, DockerEndpoint] => {
    const hasNone = name === 'host' || name === 'none';
    const hasIPv6 = !hasNone && (name === 'six' || random.chance(0.2));
    return [
      name,
      {
        networkId: networks.find((network) => network.name === name)?.id ?? '',
        ip: hasNone || name === 'six' ? '' : ipOf(172 + index, number),
        ipv6: hasIPv6 ? `fd00:77::${(number + 2).toString(16)}` : '',
      },
    ];
  };
  return {
    id: hexId(random),
    names: random.chance(0.03) ? [] : [`/${random.pick(['web', 'db', 'cache.1', 'größe'])}-${number}`],
    image: random.pick(['nginx:1.29', 'registry.example:5000/team/app@sha256:0', 'sha256:f375623b']),
    labels: random.pick(labelSets),
    state: random.pick(['running', 'running', 'running', 'paused', 'exited', 'created'] as const),
    networkMode: owner ? `container:${owner.id}` : (names[0] ?? 'none'),
    networks: {
      ...(owner === undefined && Object.fromEntries(names.map(endpoint))),
      ...(networking === 'two' && random.chance(0.2) && { away: null }),
    },
    ports: ['host', 'none', 'shared'].includes(networking) ? [] : makePorts(random),
  };
}

function namesOf(networking: (typeof networkings)[number]): readonly string[] {
  switch (networking) {
    case 'default':
      return ['bridge'];
    case 'one':
      return ['front'];
    case 'two':
      return ['front', 'back'];
    case 'overlay':
      return ['mesh'];
    case 'shared':
      return [];
    default:
      return [networking];
  }
}

function makePorts(random: Random): DockerPort[] {
  const inside = random.sample([80, 8080, 9090, 53, 7000], random.integer(0, 3));
  return inside.flatMap((port): DockerPort[] => {
    const type = random.pick(['tcp', 'tcp', 'tcp', 'udp', 'sctp'] as const);
    const published = random.integer(32_768, 60_999);
    return random.pick([
      [{ type, inside: port }],
      [{ type, inside: port, published: { ip: '127.0.0.1', port: published } }],
      // Published on all addresses, a port is there twice.
      ['0.0.0.0', '::'].map((ip) => ({ type, inside: port, published: { ip, port: published } })),
    ]);
  });
}

/** Labels as people and their tools give them. */
export const labelSets: readonly Readonly<Record<string, string>>[] = [
  { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'cart', 'prometheus.port': '9090' },
  { team: 'platform', 'traefik.http.routers.app.rule': 'Host(`app.example`) && PathPrefix(`/`)', empty: '' },
  { note: 'a "b"\n\\c', ключ: 'значение', constructor: 'x' },
  {},
];

/** An ID as those of containers: 64 hexadecimal digits. */
export function hexId(random: Random): string {
  return Array.from({ length: 64 }, () => random.integer(0, 15).toString(16)).join('');
}

/** An ID as those of a swarm's objects: 25 digits in base 36. */
export function swarmId(random: Random): string {
  return Array.from({ length: 25 }, () => random.integer(0, 35).toString(36)).join('');
}

/** An address out of a network, by number: 65,024 different ones. */
export function ipOf(network: number, number: number): string {
  return `10.${network & 255}.${Math.floor(number / 254) & 255}.${(number % 254) + 1}`;
}

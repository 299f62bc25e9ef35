import { type Random, seededRandom } from '../../lib/sim/random.ts';

type SwarmNodeStatus = 'Healthy' | 'Unhealthy' | 'Pending' | 'Disconnected';

export interface SwarmWorldNode {
  /** Empty while it is pending: the master has not spoken with it yet. */
  readonly name: string;
  /** `host:port` of its engine. */
  readonly address: string;
  readonly id: string;
  readonly status: SwarmNodeStatus;
  readonly containers: { readonly running: number; readonly paused: number; readonly stopped: number };
  readonly cpus: { readonly reserved: number; readonly total: number };
  /** Bytes. */
  readonly memory: { readonly reserved: number; readonly total: number };
  readonly labels: Readonly<Record<string, string>>;
  readonly error: string;
  readonly updatedAt: string;
  readonly version: string;
}

/** What the masters of a classic Swarm know. */
export interface SwarmWorld {
  /** Host name of the master. */
  readonly name: string;
  /** Address of the primary; undefined on the primary itself. */
  readonly primary?: string;
  readonly strategy: string;
  readonly filters: string;
  readonly nodes: readonly SwarmWorldNode[];
}

export interface SwarmWorldSize {
  readonly seed: number | string;
  readonly nodes: number;
}

const gibibyte = 2 ** 30;
const labelKeys = [
  'kernelversion',
  'operatingsystem',
  'storagedriver',
  'com.example/zone',
  'rack-no',
  'größe',
];
/** What is hard to tell apart in a list that is joined by `, `. */
const labelValues = [
  'CentOS Linux 7 (Core)',
  '3.10.0-229.4.2.el7.x86_64',
  'devicemapper',
  'one, two, three',
  'a=b=c',
  'x,y=z',
  'see http://wiki/?page=1, then ask',
  'first, second one=2',
  '└ Status',
  '',
];
const errors = [
  'Cannot connect to the docker engine endpoint',
  'ID duplicated. "A" shared by 10.0.0.1:2375 and 10.0.0.2:2375',
  'Timeout: a=1, b=2',
];

/** A cluster with what real ones have: nodes that are ill or pending, IPv6, labels with commas and equals signs. */
export function makeSwarmWorld({ seed, nodes }: SwarmWorldSize): SwarmWorld {
  const random = seededRandom(seed);
  return {
    name: 'master-0.example',
    strategy: random.pick(['spread', 'binpack', 'random']),
    filters: 'health, port, dependency, affinity, constraint',
    nodes: Array.from({ length: nodes }, (_, number) => makeSwarmNode(random.fork(`node-${number}`), number)),
  };
}

/** The node of that number. */
export function makeSwarmNode(random: Random, number: number): SwarmWorldNode {
  const status = random.chance(0.8)
    ? 'Healthy'
    : random.pick(['Unhealthy', 'Pending', 'Disconnected'] as const);
  const unseen = status === 'Pending';
  const count = (max: number) => (unseen ? 0 : random.integer(0, max));
  const totalCpus = unseen ? 0 : random.integer(1, 64);
  return {
    name: unseen ? '' : `node-${number}.example`,
    address: makeAddress(random, number),
    id: unseen ? '' : `ID${number}:${random.integer(1000, 9999)}`,
    status,
    containers: { running: count(40), paused: count(2), stopped: count(10) },
    cpus: { reserved: Math.min(totalCpus, count(64)), total: totalCpus },
    memory: {
      reserved: count(399) * (gibibyte / 4),
      total: unseen ? 0 : random.integer(100, 1023) * gibibyte,
    },
    labels: unseen
      ? {}
      : Object.fromEntries(
          random.sample(labelKeys, random.integer(0, 4)).map((key) => [key, random.pick(labelValues)]),
        ),
    error: status === 'Healthy' ? '' : random.pick(errors),
    updatedAt: new Date(Date.UTC(2016, 3, 5, 9, 0, number)).toISOString().replace('.000', ''),
    version: unseen ? '' : `1.${random.integer(9, 13)}.0`,
  };
}

function makeAddress(random: Random, number: number): string {
  if (random.chance(0.2)) return `[fd00::${(number + 1).toString(16)}]:2375`;
  return random.chance(0.2)
    ? `node-${number}.example:2376`
    : `10.199.${(number >> 8) & 255}.${number & 255}:2375`;
}

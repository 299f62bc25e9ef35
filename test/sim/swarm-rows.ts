import type { Random } from '../../lib/sim/random.ts';
import type { SwarmWorld, SwarmWorldNode } from './swarm-world.ts';

/** How a release of Swarm writes what it knows into `/info`. */
export interface SwarmStyle {
  readonly field: 'SystemStatus' | 'DriverStatus';
  /** In front of a row about the cluster, of a node's row, and of a row below it. */
  readonly marks: readonly [cluster: string, node: string, child: string];
  /** Names of the rows that the release has, in their order; what is not known here is a row without meaning. */
  readonly cluster: readonly string[];
  readonly node: readonly string[];
  /** Whether running, paused and stopped containers are told apart. */
  readonly states: boolean;
  /** The error of a node that has none; undefined leaves the row out. */
  readonly noError: string | undefined;
  readonly noName: string;
}

const cluster = ['Role', 'Primary', 'Strategy', 'Filters', 'Nodes'];
const resources = ['Containers', 'Reserved CPUs', 'Reserved Memory', 'Labels'];

/** Source: docker/swarm, cluster.Info of the releases, and a recorded answer of 1.1. */
export const swarmStyles = {
  '1.0': {
    field: 'DriverStatus',
    marks: ['\b', '', ' └ '],
    cluster,
    node: ['Status', ...resources],
    states: false,
    noError: undefined,
    noName: '',
  },
  '1.1': {
    field: 'SystemStatus',
    marks: ['', ' ', ' └ '],
    cluster,
    node: ['Status', ...resources, 'Error', 'UpdatedAt'],
    states: false,
    noError: '(none)',
    noName: '(unknown)',
  },
  '1.2': {
    field: 'SystemStatus',
    marks: ['', ' ', '  └ '],
    cluster,
    node: ['ID', 'Status', ...resources, 'Error', 'UpdatedAt', 'ServerVersion'],
    states: true,
    noError: undefined,
    noName: '(unknown)',
  },
} as const satisfies Record<string, SwarmStyle>;

/** A style that no release has: rows are missing, others are there which nobody knows, marks are mixed. */
export function randomSwarmStyle(random: Random): SwarmStyle {
  const some = (names: readonly string[]) => names.filter(() => random.chance(0.85));
  const strange = (name: string) => (random.chance(0.3) ? [name] : []);
  const { node } = swarmStyles['1.2'];
  return {
    field: random.pick(['SystemStatus', 'DriverStatus']),
    marks: [
      random.pick(['', '\b', ' ', '\b ']),
      random.pick(['', ' ', '  ', '\t']),
      random.pick([' └ ', '  └ ', '└ ', '\t└\t', '   └  ']),
    ],
    cluster: [...some(['Role', 'Primary', 'Strategy', 'Filters']), ...strange('Is Manager'), 'Nodes'],
    node: random.sample([...some(node), ...strange('Plugins'), ...strange('GPUs')], node.length + 2),
    states: random.chance(0.5),
    noError: random.pick(['(none)', '', undefined]),
    noName: random.pick(['', '(unknown)']),
  };
}

export type SwarmRow = readonly [name: string, text: string];

/** The rows of the world in that style. */
export function swarmRows(world: SwarmWorld, style: SwarmStyle): SwarmRow[] {
  const [clusterMark, nodeMark, childMark] = style.marks;
  const rows = (mark: string, names: readonly string[], textOf: (name: string) => string | undefined) =>
    names.flatMap((name): SwarmRow[] => {
      const text = textOf(name);
      return text === undefined ? [] : [[mark + name, text]];
    });
  return [
    ...rows(clusterMark, style.cluster, (name) => clusterText(world, name)),
    ...world.nodes.flatMap((node) => [
      [nodeMark + (node.name || style.noName), node.address] as const,
      ...rows(childMark, style.node, (name) => nodeText(node, style, name)),
    ]),
  ];
}

function clusterText({ primary, strategy, filters, nodes }: SwarmWorld, name: string): string | undefined {
  switch (name) {
    case 'Role':
      return primary === undefined ? 'primary' : 'replica';
    case 'Primary':
      return primary;
    case 'Strategy':
      return strategy;
    case 'Filters':
      return filters;
    case 'Nodes':
      return String(nodes.length);
    default:
      return 'whatever: 1, 2';
  }
}

function nodeText(node: SwarmWorldNode, style: SwarmStyle, name: string): string | undefined {
  const { running, paused, stopped } = node.containers;
  switch (name) {
    case 'ID':
      return node.id;
    case 'Status':
      return node.status;
    case 'Containers': {
      const all = String(running + paused + stopped);
      if (!style.states || node.status !== 'Healthy') return all;
      return `${all} (${running} Running, ${paused} Paused, ${stopped} Stopped)`;
    }
    case 'Reserved CPUs':
      return `${node.cpus.reserved} / ${node.cpus.total}`;
    case 'Reserved Memory':
      return `${sizeText(node.memory.reserved)} / ${sizeText(node.memory.total)}`;
    case 'Labels':
      return Object.entries(node.labels)
        .map(([key, value]) => `${key}=${value}`)
        .sort()
        .join(', ');
    case 'Error':
      return node.error || style.noError;
    case 'UpdatedAt':
      return node.updatedAt;
    case 'ServerVersion':
      return node.version;
    default:
      return 'whatever = 1, 2';
  }
}

/** As go-units has it: four digits and a power of 1024. */
function sizeText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes === 0 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${Number((bytes / 1024 ** power).toPrecision(4))} ${units[power]}`;
}

/** Body of `/info` with the rows in that style; the rest is as Swarm 1.1 has it. */
export function swarmInfoBody(world: SwarmWorld, style: SwarmStyle): object {
  const sum = (of: (node: SwarmWorldNode) => number) => world.nodes.reduce((all, node) => all + of(node), 0);
  const running = sum(({ containers }) => containers.running);
  const paused = sum(({ containers }) => containers.paused);
  const stopped = sum(({ containers }) => containers.stopped);
  return {
    ID: '',
    Containers: running + paused + stopped,
    ContainersRunning: running,
    ContainersPaused: paused,
    ContainersStopped: stopped,
    Images: 0,
    Driver: '',
    DriverStatus: null,
    SystemStatus: null,
    [style.field]: swarmRows(world, style),
    Plugins: { Volume: null, Network: null, Authorization: null },
    MemoryLimit: true,
    SwapLimit: true,
    CpuCfsPeriod: true,
    CpuCfsQuota: true,
    CPUShares: true,
    CPUSet: true,
    IPv4Forwarding: true,
    BridgeNfIptables: true,
    BridgeNfIp6tables: true,
    Debug: false,
    NFd: 0,
    OomKillDisable: true,
    NGoroutines: 0,
    SystemTime: '2016-04-05T09:23:50.830465718Z',
    ExecutionDriver: '',
    LoggingDriver: '',
    NEventsListener: 0,
    KernelVersion: '3.10.0-229.4.2.el7.x86_64',
    OperatingSystem: 'linux',
    OSType: '',
    Architecture: 'amd64',
    IndexServerAddress: '',
    RegistryConfig: null,
    NCPU: sum(({ cpus }) => cpus.total),
    MemTotal: sum(({ memory }) => memory.total),
    DockerRootDir: '',
    HttpProxy: '',
    HttpsProxy: '',
    NoProxy: '',
    Name: world.name,
    Labels: null,
    ExperimentalBuild: false,
    ServerVersion: '',
    ClusterStore: '',
    ClusterAdvertise: '',
  };
}

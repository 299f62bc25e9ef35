import type { Random } from '../../../lib/sim/random.ts';
import { type DockerNetwork, hexId, ipOf, labelSets, swarmId } from './containers.ts';

export interface SwarmNode {
  readonly id: string;
  readonly hostname: string;
  readonly address: string;
  readonly availability: 'active' | 'pause' | 'drain';
  readonly state: 'ready' | 'down' | 'unknown' | 'disconnected';
  readonly arch: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Absent for a worker. */
  readonly manager?: { readonly leader: boolean; readonly reachability: string };
}

export interface SwarmPort {
  readonly name: string;
  readonly type: 'tcp' | 'udp';
  readonly inside: number;
  readonly published: number;
  readonly mode: 'ingress' | 'host';
}

/** A service's virtual IP, or a task's addresses, in a network. The host's network gives none. */
interface SwarmAttachment {
  readonly networkId: string;
  /** With the length of the prefix, as in `10.0.1.4/24`. */
  readonly addresses: readonly string[];
}

const serviceModes = ['Replicated', 'Global', 'ReplicatedJob', 'GlobalJob'] as const;

export interface SwarmService {
  readonly id: string;
  readonly name: string;
  readonly mode: (typeof serviceModes)[number];
  readonly labels: Readonly<Record<string, string>>;
  readonly containerLabels: Readonly<Record<string, string>>;
  /** Absent: a service that runs a plugin. */
  readonly image?: string;
  readonly hostname: string;
  readonly ports: readonly SwarmPort[];
  /** Empty with DNS round robin, or without any network. */
  readonly virtualIps: readonly SwarmAttachment[];
  readonly update?: string;
}

export interface SwarmTask {
  readonly id: string;
  readonly serviceId: string;
  /** Empty until a node is found for it. */
  readonly nodeId: string;
  /** 0 for tasks of a global service. */
  readonly slot: number;
  readonly state: string;
  readonly desiredState: string;
  /** Empty before there is one. */
  readonly containerId: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly isPlugin: boolean;
  /** Ports on the node itself. */
  readonly hostPorts: readonly SwarmPort[];
  readonly attachments: readonly SwarmAttachment[];
}

export function makeNode(random: Random, number: number): SwarmNode {
  const reachability = random.pick(['reachable', 'reachable', 'unreachable']);
  return {
    id: swarmId(random),
    hostname: `node-${number}.example`,
    address: random.chance(0.2) ? `2001:db8::${(number + 1).toString(16)}` : ipOf(1, number),
    availability: random.pick(['active', 'active', 'pause', 'drain'] as const),
    state: random.pick(['ready', 'ready', 'ready', 'down', 'unknown'] as const),
    arch: random.pick(['x86_64', 'aarch64']),
    labels: random.pick([{ disk: 'ssd', 'a.b/c': '1' }, { zone: 'größe', empty: '' }, {}]),
    ...(number < 3 && { manager: { leader: number === 0, reachability } }),
  };
}

export function makeService(
  random: Random,
  number: number,
  networks: readonly DockerNetwork[],
): SwarmService {
  const mode = serviceModes[number] ?? random.pick(['Replicated', 'Replicated', 'Global'] as const);
  const ports = mode === 'Replicated' || mode === 'Global' ? makePorts(random, number) : [];
  const publishesInIngress = ports.some((port) => port.mode === 'ingress');
  const names = [...(publishesInIngress ? ['ingress'] : []), ...random.pick([['mesh'], [], ['mesh']])];
  const attached = networks.filter(({ name }) => names.includes(name));
  const update = random.pick([undefined, undefined, 'updating', 'completed', 'rollback_paused']);
  return {
    id: swarmId(random),
    name: `${random.pick(['shop', 'edge', 'log'])}_service-${number}`,
    mode,
    labels: random.pick([{ 'com.docker.stack.namespace': 'shop', 'team.x': 'a' }, ...labelSets]),
    containerLabels: random.pick(labelSets),
    image: random.pick(['nginx:1.29@sha256:0', 'registry.example:5000/team/app:2']),
    hostname: random.pick(['', '{{.Node.Hostname}}', `app-${number}`]),
    ports,
    virtualIps: attached.map(({ id, name }) => ({
      networkId: id,
      addresses: [
        random.chance(0.1) ? `fd00:${name.length}::${number + 1}/64` : `${ipOf(name.length, number)}/24`,
      ],
    })),
    ...(update !== undefined && { update }),
  };
}

/** A new task of the service in that slot. */
export function makeTask(
  random: Random,
  service: SwarmService,
  nodes: readonly SwarmNode[],
  slot: number,
): SwarmTask {
  const state = random.pick(['running', 'running', 'running', 'pending', 'failed', 'complete', 'rejected']);
  const isPlaced = state !== 'pending' && nodes.length > 0;
  const number = random.integer(0, 65_535);
  return {
    id: swarmId(random),
    serviceId: service.id,
    nodeId: isPlaced ? random.pick(nodes).id : '',
    slot: service.mode === 'Global' || service.mode === 'GlobalJob' ? 0 : slot,
    state,
    desiredState: state === 'running' || state === 'pending' ? 'running' : 'shutdown',
    containerId: isPlaced ? hexId(random) : '',
    labels: service.containerLabels,
    isPlugin: service.image === undefined,
    hostPorts: state === 'running' ? service.ports.filter(({ mode }) => mode === 'host') : [],
    attachments: service.virtualIps.map(({ networkId, addresses }) => ({
      networkId,
      addresses: addresses.map((_, index) =>
        random.chance(0.1) ? `2001:DB8:0:0::${number.toString(16)}/64` : `${ipOf(100 + index, number)}/24`,
      ),
    })),
  };
}

function makePorts(random: Random, number: number): SwarmPort[] {
  return random.sample([80, 8080, 53], random.integer(0, 3)).map((inside) => ({
    name: random.pick(['', 'http', 'metrics']),
    type: inside === 53 ? 'udp' : 'tcp',
    inside,
    published: 20_000 + number * 10 + (inside % 10),
    mode: random.pick(['ingress', 'ingress', 'host'] as const),
  }));
}

import { draw, fiveLetters, lettersOf, pickBy, share, timeBy, uid } from './draw.ts';
import type { NodePlan, Owner, Workload } from './plan.ts';

/** The states that pods are drawn from. */
export type PodState =
  | 'running'
  | 'unready'
  | 'unscheduled'
  | 'creating'
  | 'succeeded'
  | 'failed'
  | 'unknown'
  | 'terminating';

/** What endpoints and slices need to know of a pod, and what its object is made from. */
export interface PodFacts {
  readonly name: string;
  readonly seed: number;
  readonly uid: string;
  readonly state: PodState;
  readonly nodeName: string | undefined;
  /** Undefined where it is on no node, or on one which is gone. */
  readonly node: NodePlan | undefined;
  /** The first is the one that counts. */
  readonly ips: readonly string[];
  readonly createdAt: string;
}

/** Slots for the names of a workload's pods: more than a workload has pods. */
const slots = 4096;
const slotWidth = Math.floor(fiveLetters / slots);

/** The ordinals of a workload's pods in the order of their names. */
export function ordinalsByName({ owner, replicas }: Workload): readonly number[] {
  const ordinals = Array.from({ length: replicas }, (_, ordinal) => ordinal);
  if (owner !== 'StatefulSet') return ordinals;
  return ordinals.sort((one, other) => (String(one) < String(other) ? -1 : 1));
}

/** The pod with that ordinal, from 0 on. */
export function podFacts(workload: Workload, ordinal: number, nodes: readonly NodePlan[]): PodFacts {
  const { owner, seed: workloadSeed, revision, turns, flavour } = workload;
  const turn = turns.get(ordinal);
  const replaced = turn?.replaced ?? 0;
  const seed = draw(draw(workloadSeed, ordinal), revision * 65_536 + replaced);
  const state = stateOf(workload, draw(seed, 1 + (turn?.redrawn ?? 0)));
  const node = nodeOf(owner, ordinal, seed, nodes);
  const gone = share(seed, 60) < workload.odd / 40 && owner !== 'Node';
  const scheduled = state !== 'unscheduled';
  const hasAddress = scheduled && state !== 'creating';
  return {
    name: `${podNameStart(workload)}${podNameEnd(workload, ordinal, seed, node)}`,
    seed,
    uid: uid(seed),
    state,
    nodeName: scheduled ? (gone ? 'node-that-is-gone' : node.name) : undefined,
    node: scheduled && !gone ? node : undefined,
    ips: !hasAddress ? [] : flavour.hostNetwork ? [node.address] : addresses(workload, ordinal, replaced),
    createdAt: timeBy(seed, 61),
  };
}

/** What the names of all pods of a workload begin with. */
export function podNameStart({ name, owner, seed, revision }: Workload): string {
  switch (owner) {
    case 'ReplicaSet':
    case 'Rollout':
      return `${name}-${templateHash(seed, revision)}-`;
    case 'CronJob':
      return `${name}-${29_000_000 + (seed % 900_000)}-`;
    case 'none':
      return name;
    default:
      return `${name}-`;
  }
}

/** The hash of a pod template, which changes with each roll-out. */
export function templateHash(seed: number, revision: number): string {
  return lettersOf(draw(seed, 1000 + revision), 6);
}

function podNameEnd({ owner }: Workload, ordinal: number, seed: number, node: NodePlan): string {
  switch (owner) {
    case 'StatefulSet':
      return String(ordinal);
    case 'Node':
      return node.name;
    case 'none':
      return '';
    default:
      // A range of its own for each ordinal, so that names are in the order of ordinals whatever chance does.
      return lettersOf(ordinal * slotWidth + (seed % slotWidth), 5);
  }
}

function nodeOf(owner: Owner, ordinal: number, seed: number, nodes: readonly NodePlan[]): NodePlan {
  if (owner !== 'Node' && owner !== 'DaemonSet') return pickBy(nodes, seed, 62);
  return nodes[ordinal % nodes.length] ?? pickBy(nodes, seed, 62);
}

const oddStates: readonly PodState[] = [
  'unready',
  'unready',
  'unscheduled',
  'creating',
  'succeeded',
  'failed',
  'unknown',
  'terminating',
];

function stateOf({ owner, odd }: Workload, seed: number): PodState {
  if (owner === 'Job' || owner === 'CronJob') {
    const chance = share(seed, 2);
    return chance < 0.7 ? 'succeeded' : chance < 0.8 ? 'failed' : 'running';
  }
  return share(seed, 3) < odd ? pickBy(oddStates, seed, 4) : 'running';
}

/** A pod that takes another's place gets an address from the other half of the network. */
function addresses({ family, firstPod }: Workload, ordinal: number, replaced: number): readonly string[] {
  const number = firstPod + ordinal + 1;
  const half = replaced % 2 === 0 ? 64 : 128;
  const ipv4 = `10.${half + ((number >> 16) & 63)}.${(number >> 8) & 255}.${number & 255}`;
  const ipv6 = `fd00:${half.toString(16)}:${((number >> 16) + 1).toString(16)}::${(number & 0xffff || 0x10000 >> 1).toString(16)}`;
  return { ipv4: [ipv4], ipv6: [ipv6], dual: [ipv4, ipv6], 'dual-ipv6-first': [ipv6, ipv4] }[family];
}

import { freeze, type Json, type JsonObject } from '../wire/json.ts';
import { draw, fiveLetters, hex, lettersOf, pickBy, share, timeBy, uid } from './draw.ts';
import { sortedMap } from './metadata.ts';
import type { NodePlan, Owner, Workload } from './plan.ts';

/** The object of a workload's pod, about as large as a real one. Pods of a workload share most of it. */
export function podObject(workload: Workload, ordinal: number, nodes: readonly NodePlan[]): JsonObject {
  const facts = podFacts(workload, ordinal, nodes);
  const { flavour } = workload;
  const { hostNetwork, initContainers, ephemeralContainers } = flavour;
  const terminating = facts.state === 'terminating';
  return {
    metadata: {
      name: facts.name,
      namespace: workload.namespace,
      uid: facts.uid,
      resourceVersion: String(workload.turns.get(ordinal)?.version ?? workload.version),
      creationTimestamp: facts.createdAt,
      deletionTimestamp: terminating ? '2026-11-21T08:00:00Z' : undefined,
      deletionGracePeriodSeconds: terminating ? 30 : undefined,
      labels: ownLabels(workload, ordinal, facts),
      annotations: workload.annotations,
      ownerReferences: ownerReferences(workload, facts),
      managedFields: workload.managedFields,
    },
    spec: {
      ...flavour.spec,
      initContainers: initContainers.length > 0 ? initContainers : undefined,
      containers: flavour.containers,
      ephemeralContainers: ephemeralContainers.length > 0 ? ephemeralContainers : undefined,
      restartPolicy: workload.owner === 'Job' || workload.owner === 'CronJob' ? 'Never' : 'Always',
      nodeName: facts.nodeName,
      hostNetwork: hostNetwork || undefined,
    },
    status: podStatus(workload, facts),
  };
}

const phases: Readonly<Record<PodState, string>> = {
  running: 'Running',
  unready: 'Running',
  terminating: 'Running',
  unscheduled: 'Pending',
  creating: 'Pending',
  succeeded: 'Succeeded',
  failed: 'Failed',
  unknown: 'Unknown',
};

function podStatus({ flavour }: Workload, facts: PodFacts): JsonObject {
  const { state, ips, node, createdAt } = facts;
  const phase = phases[state];
  if (state === 'unscheduled')
    return {
      phase,
      conditions: [{ ...condition('PodScheduled', false, createdAt), reason: 'Unschedulable' }],
      qosClass: 'Burstable',
    };
  const statuses = (containers: readonly JsonObject[], from: number, init: boolean) =>
    containers.length === 0
      ? undefined
      : containers.map((container, index) =>
          containerStatus(
            container,
            facts,
            `${flavour.identity}${from + index}`,
            init && !container.restartPolicy,
          ),
        );
  return {
    phase,
    conditions: conditionsOf(state, createdAt),
    reason: state === 'failed' ? 'Evicted' : undefined,
    hostIP: node?.address,
    hostIPs: node && [{ ip: node.address }],
    podIP: ips[0],
    podIPs: ips.length === 0 ? undefined : ips.map((ip) => ({ ip })),
    startTime: createdAt,
    initContainerStatuses: statuses(flavour.initContainers, 5, true),
    containerStatuses: statuses(flavour.containers, 0, false),
    ephemeralContainerStatuses: statuses(flavour.ephemeralContainers, 9, false),
    qosClass: 'Burstable',
  };
}

/** The condition `Ready` of an unknown pod is unknown too. A pod that was just bound does not have it yet. */
const conditionsOf = shared((state: PodState, since: string): readonly Json[] => {
  const ready = state === 'running' || state === 'terminating';
  const first = [condition('Initialized', true, since), condition('PodScheduled', true, since)];
  if (state === 'creating') return first;
  const readiness = condition('Ready', ready, since);
  return [
    ...first,
    state === 'unknown' ? { ...readiness, status: 'Unknown' } : readiness,
    condition('ContainersReady', ready, since),
  ];
});

function condition(type: string, holds: boolean, since: string): JsonObject {
  return { type, status: holds ? 'True' : 'False', lastProbeTime: null, lastTransitionTime: since };
}

function containerStatus(
  { name, image }: JsonObject,
  { state, seed, createdAt }: PodFacts,
  identity: string,
  finished: boolean,
): JsonObject {
  const creating = state === 'creating';
  const over = finished || state === 'succeeded' || state === 'failed';
  return {
    name,
    state: containerState(
      creating ? 'creating' : !over ? 'running' : finished ? 'succeeded' : state,
      createdAt,
    ),
    lastState: nothing,
    ready: state === 'running' || state === 'terminating' || (finished && !creating),
    restartCount: draw(seed, 7) % 4 === 0 && !creating ? draw(seed, 8) % 9 : 0,
    image,
    imageID: creating ? '' : imageIdentity,
    containerID: creating
      ? undefined
      : `containerd://${identity}${hex(seed, 9)}${hex(seed, 10)}${hex(seed, 11).slice(1)}`,
    started: !over && !creating,
  };
}

const nothing: JsonObject = Object.freeze({});
const imageIdentity = `registry.example.com/team/app@sha256:${'0123456789abcdef'.repeat(4)}`;

const containerState = shared((state: PodState, at: string): JsonObject => {
  if (state === 'creating') return { waiting: { reason: 'ContainerCreating' } };
  if (state !== 'succeeded' && state !== 'failed') return { running: { startedAt: at } };
  const exitCode = state === 'failed' ? 137 : 0;
  const reason = exitCode === 0 ? 'Completed' : 'Error';
  return { terminated: { exitCode, reason, startedAt: at, finishedAt: at } };
});

/** Remembers the result for each state and time. There are few of both, and a frozen object is encoded once. */
function shared<T extends Json>(
  make: (state: PodState, time: string) => T,
): (state: PodState, time: string) => T {
  const made = new Map<string, T>();
  return (state, time) => {
    const key = `${state}/${time}`;
    const known = made.get(key) ?? freeze(make(state, time));
    made.set(key, known);
    return known;
  };
}

/** Kind and API group of each owner. A cron job's pods belong to its jobs. */
const kinds = {
  ReplicaSet: ['apps/v1', 'ReplicaSet'],
  StatefulSet: ['apps/v1', 'StatefulSet'],
  DaemonSet: ['apps/v1', 'DaemonSet'],
  Job: ['batch/v1', 'Job'],
  CronJob: ['batch/v1', 'Job'],
  Node: ['v1', 'Node'],
  Rollout: ['argoproj.io/v1alpha1', 'Rollout'],
} as const;

/** The owners of a pod. Some pods first have a second owner, which is not a controller. */
function ownerReferences(workload: Workload, facts: PodFacts): readonly Json[] | undefined {
  const { owner, seed, odd } = workload;
  if (owner === 'none') return undefined;
  const [apiVersion, kind] = kinds[owner];
  const controller = {
    apiVersion,
    kind,
    name: owner === 'Node' ? (facts.node?.name ?? '') : ownerName(workload),
    uid: uid(seed),
    controller: true,
    blockOwnerDeletion: true,
  };
  if (share(seed, 20) >= odd / 3) return [controller];
  const helper = { apiVersion: 'v1', kind: 'ConfigMap', name: 'helper', uid: uid(seed + 1) };
  // The pod has an owner, but no controller, so Prometheus names none.
  return share(seed, 21) < 0.5 ? [helper, controller] : [{ ...helper, controller: false }];
}

/**
 * The object of this kind that controls a workload's pods, if there is one. Most such objects have a controller too.
 */
export function controllerObject(workload: Workload, kind: 'ReplicaSet' | 'Job'): JsonObject | undefined {
  const { owner, seed, odd, replicas, namespace, name, labels, annotations, version } = workload;
  const above = controllersAbove[owner];
  if (above === undefined || owner === 'none' || kinds[owner][1] !== kind) return undefined;
  const isOrphan = above.kind === undefined || share(seed, 22) < odd / 2;
  return {
    metadata: {
      name: ownerName(workload),
      namespace,
      uid: uid(seed),
      resourceVersion: String(version),
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: sortedMap(labels, controllerLabels(workload)),
      annotations,
      ownerReferences: isOrphan
        ? undefined
        : [{ apiVersion: above.apiVersion, kind: above.kind, name, uid: uid(seed + 2), controller: true }],
    },
    spec: kind === 'Job' ? { parallelism: 1, completions: replicas, backoffLimit: 6 } : { replicas },
    status: kind === 'Job' ? { succeeded: replicas } : { replicas, readyReplicas: replicas },
  };
}

/** The controllers of the controllers of pods. */
const controllersAbove: Partial<Record<Owner, Above>> = {
  ReplicaSet: { apiVersion: 'apps/v1', kind: 'Deployment' },
  CronJob: { apiVersion: 'batch/v1', kind: 'CronJob' },
  Job: { apiVersion: 'batch/v1', kind: undefined },
};

interface Above {
  readonly apiVersion: string;
  readonly kind: string | undefined;
}

/** The name of the controller of its pods. */
function ownerName(workload: Workload): string {
  const { name, owner } = workload;
  return owner === 'ReplicaSet' || owner === 'CronJob' ? podNameStart(workload).slice(0, -1) : name;
}

/** The labels of the workload, and those that its controller adds. */
function ownLabels(workload: Workload, ordinal: number, { name }: PodFacts): JsonObject {
  const { owner, labels } = workload;
  if (owner === 'none' || owner === 'Node') return labels;
  if (owner === 'StatefulSet')
    return sortedMap(labels, {
      'apps.kubernetes.io/pod-index': String(ordinal),
      'controller-revision-hash': `${workload.name}-${templateHash(workload.seed, workload.revision)}`,
      'statefulset.kubernetes.io/pod-name': name,
    });
  const known = templateLabels.get(workload) ?? sortedMap(labels, controllerLabels(workload));
  templateLabels.set(workload, known);
  return known;
}

/** Labels that all pods of a workload share. */
const templateLabels = new WeakMap<Workload, JsonObject>();

function controllerLabels(workload: Workload): JsonObject {
  const { owner, seed, revision } = workload;
  const hash = templateHash(seed, revision);
  switch (owner) {
    case 'ReplicaSet':
      return { 'pod-template-hash': hash };
    case 'Rollout':
      return { 'rollouts-pod-template-hash': hash };
    case 'DaemonSet':
      return { 'controller-revision-hash': hash, 'pod-template-generation': String(revision) };
    default:
      return {
        'batch.kubernetes.io/controller-uid': uid(seed),
        'batch.kubernetes.io/job-name': ownerName(workload),
        'job-name': ownerName(workload),
      };
  }
}

/** The states that pods are drawn from. */
type PodState =
  | 'running'
  | 'unready'
  | 'unscheduled'
  | 'creating'
  | 'succeeded'
  | 'failed'
  | 'unknown'
  | 'terminating';

/** What endpoints, slices and the object of a pod are made from. */
export interface PodFacts {
  readonly name: string;
  readonly seed: number;
  readonly uid: string;
  readonly state: PodState;
  readonly nodeName: string | undefined;
  /** Undefined if the pod is on no node, or on a node that is gone. */
  readonly node: NodePlan | undefined;
  /** The first is the pod's main address. */
  readonly ips: readonly string[];
  readonly createdAt: string;
}

/** The number of slots for the names of a workload's pods. A workload has fewer pods. */
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

/** The beginning of the names of all pods of a workload. */
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
function templateHash(seed: number, revision: number): string {
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
      // Each ordinal has a range of its own, so that names always sort as ordinals do.
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

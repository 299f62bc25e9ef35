import { freeze, type Json, type JsonObject } from '../wire/json.ts';
import { draw, hex } from './draw.ts';
import { ownerReferences, ownLabels } from './owners.ts';
import type { NodePlan, Workload } from './plan.ts';
import { type PodFacts, type PodState, podFacts } from './pod-facts.ts';

/** The object of a workload's pod, about as large as real ones are. Most of it is shared with its siblings. */
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

/** The condition `Ready` of an unknown pod is unknown too, and that of one just bound is not there yet. */
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

/** Keeps what it made for a state and a time: both are few, and what is frozen is encoded once. */
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

import type { Json, JsonObject } from '../wire/json.ts';
import { share, uid } from './draw.ts';
import { sortedMap } from './odd.ts';
import type { Owner, Workload } from './plan.ts';
import { type PodFacts, podNameStart, templateHash } from './pod-facts.ts';

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

/** Who a pod belongs to; some have a second owner, which is no controller, in front. */
export function ownerReferences(workload: Workload, facts: PodFacts): readonly Json[] | undefined {
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
  // Without any controller a pod has an owner, and yet none that Prometheus would name.
  return share(seed, 21) < 0.5 ? [helper, controller] : [{ ...helper, controller: false }];
}

/** The object that controls a workload's pods, where that is of this kind; most have a controller of their own. */
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

/** What controls the controllers of pods. */
const controllersAbove: Partial<Record<Owner, Above>> = {
  ReplicaSet: { apiVersion: 'apps/v1', kind: 'Deployment' },
  CronJob: { apiVersion: 'batch/v1', kind: 'CronJob' },
  Job: { apiVersion: 'batch/v1', kind: undefined },
};

interface Above {
  readonly apiVersion: string;
  readonly kind: string | undefined;
}

/** The name of what controls its pods. */
function ownerName(workload: Workload): string {
  const { name, owner } = workload;
  return owner === 'ReplicaSet' || owner === 'CronJob' ? podNameStart(workload).slice(0, -1) : name;
}

/** The workload's labels with those that its controller adds. */
export function ownLabels(workload: Workload, ordinal: number, { name }: PodFacts): JsonObject {
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

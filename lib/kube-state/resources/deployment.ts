import { condition } from '../../backends/kubernetes/kinds/messages.ts';
import {
  flag,
  integer,
  list,
  optionalInteger,
  pointer,
  struct,
  word,
} from '../../backends/kubernetes/wire/fields.ts';
import { intOrString } from '../../backends/kubernetes/wire/scalars.ts';
import type { KubeObject } from '../resource.ts';
import { resource } from '../resource.ts';
import type { SampleFamily } from '../text/family.ts';
import { addStatus, annotations, created, deletionTimestamp, labels, oneIf } from './common.ts';

/** Reasons of conditions that are shown; all others are `unknown`. */
const reasons: ReadonlySet<string> = new Set([
  'ReplicaSetUpdated',
  'ReplicaSetCreateError',
  'NewReplicaSetCreated',
  'FoundNewReplicaSet',
  'NewReplicaSetAvailable',
  'ProgressDeadlineExceeded',
  'DeploymentPaused',
  'DeploymentResumed',
  'MinimumReplicasAvailable',
  'MinimumReplicasUnavailable',
  '',
]);

/** Source: kube-state-metrics, docs/metrics/workload/deployment-metrics. */
export const deployment = resource({
  resource: 'deployments',
  apiVersion: 'apps/v1',
  listKind: 'DeploymentList',
  namespaced: true,
  identity: ['namespace', 'deployment'],
  fields: {
    spec: struct(2, {
      replicas: optionalInteger(1),
      strategy: struct(4, {
        rollingUpdate: pointer(2, { maxUnavailable: intOrString(1), maxSurge: intOrString(2) }),
      }),
      paused: flag(7),
    }),
    status: struct(3, {
      observedGeneration: integer(1),
      replicas: integer(2),
      updatedReplicas: integer(3),
      availableReplicas: integer(4),
      unavailableReplicas: integer(5),
      conditions: list(6, { ...condition, reason: word(4) }),
      readyReplicas: integer(7),
      terminatingReplicas: optionalInteger(9),
    }),
  },
  families: [
    ownerOfAnyKind('deployment', 'Deployment'),
    created('deployment', { stable: true }),
    {
      name: 'kube_deployment_status_replicas',
      help: 'The number of replicas per deployment.',
      stable: true,
      value: ({ status }) => status.replicas,
    },
    {
      name: 'kube_deployment_status_replicas_ready',
      help: 'The number of ready replicas per deployment.',
      stable: true,
      value: ({ status }) => status.readyReplicas,
    },
    {
      name: 'kube_deployment_status_replicas_available',
      help: 'The number of available replicas per deployment.',
      stable: true,
      value: ({ status }) => status.availableReplicas,
    },
    {
      name: 'kube_deployment_status_replicas_unavailable',
      help: 'The number of unavailable replicas per deployment.',
      stable: true,
      value: ({ status }) => status.unavailableReplicas,
    },
    {
      name: 'kube_deployment_status_replicas_updated',
      help: 'The number of updated replicas per deployment.',
      stable: true,
      value: ({ status }) => status.updatedReplicas,
    },
    {
      name: 'kube_deployment_status_terminating_replicas',
      help: 'The number of terminating replicas per deployment.',
      value: ({ status }) => status.terminatingReplicas,
    },
    {
      name: 'kube_deployment_status_observed_generation',
      help: 'The generation observed by the deployment controller.',
      stable: true,
      value: ({ status }) => status.observedGeneration,
    },
    {
      name: 'kube_deployment_status_condition',
      help: 'The current status conditions of a deployment.',
      stable: true,
      labels: ['reason', 'condition', 'status'],
      samples(object, add) {
        for (const { type, status, reason } of object.status.conditions) {
          const shown = reasons.has(reason) ? reason : 'unknown';
          addStatus(status, (value, label) => add(value, shown, type, label));
        }
      },
    },
    {
      name: 'kube_deployment_spec_replicas',
      help: 'Number of desired pods for a deployment.',
      stable: true,
      value: ({ spec }) => spec.replicas,
    },
    {
      name: 'kube_deployment_spec_paused',
      help: 'Whether the deployment is paused and will not be processed by the deployment controller.',
      stable: true,
      value: ({ spec }) => oneIf(spec.paused),
    },
    {
      name: 'kube_deployment_spec_strategy_rollingupdate_max_unavailable',
      help: 'Maximum number of unavailable replicas during a rolling update of a deployment.',
      stable: true,
      value: ({ spec: { replicas, strategy } }) =>
        scaledValue(strategy.rollingUpdate?.maxUnavailable, replicas, Math.floor),
    },
    {
      name: 'kube_deployment_spec_strategy_rollingupdate_max_surge',
      help: 'Maximum number of replicas that can be scheduled above the desired number of replicas during a rolling update of a deployment.',
      stable: true,
      value: ({ spec: { replicas, strategy } }) =>
        scaledValue(strategy.rollingUpdate?.maxSurge, replicas, Math.ceil),
    },
    {
      name: 'kube_deployment_metadata_generation',
      help: 'Sequence number representing a specific generation of the desired state.',
      stable: true,
      value: ({ generation }) => generation,
    },
    deletionTimestamp('deployment'),
    annotations('deployment'),
    labels('deployment', { stable: true }),
  ],
});

/** `kube_<name>_owner`, without saying which owner is the controller. */
function ownerOfAnyKind(name: string, kind: string): SampleFamily<KubeObject> {
  return {
    name: `kube_${name}_owner`,
    help: `Information about the ${kind}'s owner.`,
    labels: ['owner_kind', 'owner_name'],
    samples({ ownerReferences }, add) {
      if (ownerReferences.length === 0) add(1, '', '');
      for (const { kind, name } of ownerReferences) add(1, kind, name);
    },
  };
}

/**
 * A number, or a percentage of the replicas, rounded. Undefined if there is neither, or nothing to take it of.
 * Source: k8s.io/apimachinery, pkg/util/intstr.
 */
function scaledValue(
  value: number | string | undefined,
  replicas: number | undefined,
  round: (value: number) => number,
): number | undefined {
  if (value === undefined || replicas === undefined) return undefined;
  if (typeof value === 'number') return value;
  const percent = /^([+-]?\d{1,18})%$/.exec(value)?.[1];
  return percent === undefined ? undefined : round((Number(percent) * replicas) / 100);
}

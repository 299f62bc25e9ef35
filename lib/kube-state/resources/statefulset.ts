import {
  integer,
  optionalInteger,
  pointer,
  struct,
  text,
  word,
} from '../../backends/kubernetes/wire/fields.ts';
import { resource } from '../resource.ts';
import { annotations, created, deletionTimestamp, labels } from './common.ts';

/** Source: kube-state-metrics, docs/metrics/workload/statefulset-metrics. */
export const statefulSet = resource({
  resource: 'statefulsets',
  apiVersion: 'apps/v1',
  listKind: 'StatefulSetList',
  namespaced: true,
  identity: ['namespace', 'statefulset'],
  fields: {
    spec: struct(2, {
      replicas: optionalInteger(1),
      persistentVolumeClaimRetentionPolicy: pointer(10, { whenDeleted: word(1), whenScaled: word(2) }),
      ordinals: pointer(11, { start: integer(1) }),
    }),
    status: struct(3, {
      observedGeneration: integer(1),
      replicas: integer(2),
      readyReplicas: integer(3),
      currentReplicas: integer(4),
      updatedReplicas: integer(5),
      currentRevision: text(6),
      updateRevision: text(7),
      availableReplicas: integer(11),
    }),
  },
  families: [
    created('statefulset', { stable: true }),
    {
      name: 'kube_statefulset_status_replicas',
      help: 'The number of replicas per StatefulSet.',
      stable: true,
      value: ({ status }) => status.replicas,
    },
    {
      name: 'kube_statefulset_status_replicas_available',
      help: 'The number of available replicas per StatefulSet.',
      stable: true,
      value: ({ status }) => status.availableReplicas,
    },
    {
      name: 'kube_statefulset_status_replicas_current',
      help: 'The number of current replicas per StatefulSet.',
      stable: true,
      value: ({ status }) => status.currentReplicas,
    },
    {
      name: 'kube_statefulset_status_replicas_ready',
      help: 'The number of ready replicas per StatefulSet.',
      stable: true,
      value: ({ status }) => status.readyReplicas,
    },
    {
      name: 'kube_statefulset_status_replicas_updated',
      help: 'The number of updated replicas per StatefulSet.',
      stable: true,
      value: ({ status }) => status.updatedReplicas,
    },
    {
      name: 'kube_statefulset_status_observed_generation',
      help: 'The generation observed by the StatefulSet controller.',
      stable: true,
      value: ({ status }) => status.observedGeneration,
    },
    {
      name: 'kube_statefulset_replicas',
      help: 'Number of desired pods for a StatefulSet.',
      stable: true,
      value: ({ spec }) => spec.replicas,
    },
    {
      name: 'kube_statefulset_ordinals_start',
      help: 'Start ordinal of the StatefulSet.',
      stable: true,
      value: ({ spec }) => spec.ordinals?.start,
    },
    {
      name: 'kube_statefulset_metadata_generation',
      help: 'Sequence number representing a specific generation of the desired state for the StatefulSet.',
      stable: true,
      value: ({ generation }) => generation,
    },
    {
      name: 'kube_statefulset_persistentvolumeclaim_retention_policy',
      help: 'Count of retention policy for StatefulSet template PVCs',
      stable: true,
      labels: ['when_deleted', 'when_scaled'],
      samples({ spec }, add) {
        const { whenDeleted = '', whenScaled = '' } = spec.persistentVolumeClaimRetentionPolicy ?? {};
        if (whenDeleted !== '' || whenScaled !== '') add(1, whenDeleted, whenScaled);
      },
    },
    annotations('statefulset', { stable: true }),
    labels('statefulset', { stable: true }),
    {
      name: 'kube_statefulset_status_current_revision',
      help: 'Indicates the version of the StatefulSet used to generate Pods in the sequence [0,currentReplicas).',
      stable: true,
      labels: ['revision'],
      samples: ({ status }, add) => add(1, status.currentRevision),
    },
    {
      name: 'kube_statefulset_status_update_revision',
      help: 'Indicates the version of the StatefulSet used to generate Pods in the sequence [replicas-updatedReplicas,replicas)',
      stable: true,
      labels: ['revision'],
      samples: ({ status }, add) => add(1, status.updateRevision),
    },
    deletionTimestamp('statefulset', { stable: true }),
  ],
});

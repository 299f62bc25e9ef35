import { integer, optionalInteger, struct } from '../../backends/kubernetes/wire/fields.ts';
import { resource } from '../resource.ts';
import { annotations, created, labels, owner } from './common.ts';

/** Source: kube-state-metrics, docs/metrics/workload/replicaset-metrics. */
export const replicaSet = resource({
  resource: 'replicasets',
  apiVersion: 'apps/v1',
  listKind: 'ReplicaSetList',
  namespaced: true,
  identity: ['namespace', 'replicaset'],
  fields: {
    spec: struct(2, { replicas: optionalInteger(1) }),
    status: struct(3, {
      replicas: integer(1),
      fullyLabeledReplicas: integer(2),
      observedGeneration: integer(3),
      readyReplicas: integer(4),
      terminatingReplicas: optionalInteger(7),
    }),
  },
  families: [
    created('replicaset', { stable: true }),
    {
      name: 'kube_replicaset_status_replicas',
      help: 'The number of replicas per ReplicaSet.',
      stable: true,
      value: ({ status }) => status.replicas,
    },
    {
      name: 'kube_replicaset_status_fully_labeled_replicas',
      help: 'The number of fully labeled replicas per ReplicaSet.',
      stable: true,
      value: ({ status }) => status.fullyLabeledReplicas,
    },
    {
      name: 'kube_replicaset_status_ready_replicas',
      help: 'The number of ready replicas per ReplicaSet.',
      stable: true,
      value: ({ status }) => status.readyReplicas,
    },
    {
      name: 'kube_replicaset_status_terminating_replicas',
      help: 'The number of terminating replicas per ReplicaSet.',
      value: ({ status }) => status.terminatingReplicas,
    },
    {
      name: 'kube_replicaset_status_observed_generation',
      help: 'The generation observed by the ReplicaSet controller.',
      stable: true,
      value: ({ status }) => status.observedGeneration,
    },
    {
      name: 'kube_replicaset_spec_replicas',
      help: 'Number of desired pods for a ReplicaSet.',
      stable: true,
      value: ({ spec }) => spec.replicas,
    },
    {
      name: 'kube_replicaset_metadata_generation',
      help: 'Sequence number representing a specific generation of the desired state.',
      stable: true,
      value: ({ generation }) => generation,
    },
    owner('replicaset', 'ReplicaSet', { stable: true }),
    annotations('replicaset'),
    labels('replicaset', { stable: true }),
  ],
});

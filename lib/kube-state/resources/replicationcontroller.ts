import { integer, optionalInteger, struct } from '../../backends/kubernetes/wire/fields.ts';
import { resource } from '../resource.ts';
import { created, owner } from './common.ts';

/** Source: kube-state-metrics, docs/metrics/workload/replicationcontroller-metrics. */
export const replicationController = resource({
  resource: 'replicationcontrollers',
  apiVersion: 'v1',
  listKind: 'ReplicationControllerList',
  namespaced: true,
  identity: ['namespace', 'replicationcontroller'],
  fields: {
    spec: struct(2, { replicas: optionalInteger(1) }),
    status: struct(3, {
      replicas: integer(1),
      fullyLabeledReplicas: integer(2),
      observedGeneration: integer(3),
      readyReplicas: integer(4),
      availableReplicas: integer(5),
    }),
  },
  families: [
    created('replicationcontroller', { stable: true }),
    {
      name: 'kube_replicationcontroller_status_replicas',
      help: 'The number of replicas per ReplicationController.',
      stable: true,
      value: ({ status }) => status.replicas,
    },
    {
      name: 'kube_replicationcontroller_status_fully_labeled_replicas',
      help: 'The number of fully labeled replicas per ReplicationController.',
      stable: true,
      value: ({ status }) => status.fullyLabeledReplicas,
    },
    {
      name: 'kube_replicationcontroller_status_ready_replicas',
      help: 'The number of ready replicas per ReplicationController.',
      stable: true,
      value: ({ status }) => status.readyReplicas,
    },
    {
      name: 'kube_replicationcontroller_status_available_replicas',
      help: 'The number of available replicas per ReplicationController.',
      stable: true,
      value: ({ status }) => status.availableReplicas,
    },
    {
      name: 'kube_replicationcontroller_status_observed_generation',
      help: 'The generation observed by the ReplicationController controller.',
      stable: true,
      value: ({ status }) => status.observedGeneration,
    },
    {
      name: 'kube_replicationcontroller_spec_replicas',
      help: 'Number of desired pods for a ReplicationController.',
      stable: true,
      value: ({ spec }) => spec.replicas,
    },
    {
      name: 'kube_replicationcontroller_metadata_generation',
      help: 'Sequence number representing a specific generation of the desired state.',
      stable: true,
      value: ({ generation }) => generation,
    },
    owner('replicationcontroller', 'ReplicationController'),
  ],
});

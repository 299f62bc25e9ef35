import { integer, struct } from '../../backends/kubernetes/wire/fields.ts';
import { resource } from '../resource.ts';
import { annotations, created, deletionTimestamp, labels } from './common.ts';

/** Source: kube-state-metrics, docs/metrics/workload/daemonset-metrics. */
export const daemonSet = resource({
  resource: 'daemonsets',
  apiVersion: 'apps/v1',
  listKind: 'DaemonSetList',
  namespaced: true,
  identity: ['namespace', 'daemonset'],
  fields: {
    status: struct(3, {
      currentNumberScheduled: integer(1),
      numberMisscheduled: integer(2),
      desiredNumberScheduled: integer(3),
      numberReady: integer(4),
      observedGeneration: integer(5),
      updatedNumberScheduled: integer(6),
      numberAvailable: integer(7),
      numberUnavailable: integer(8),
    }),
  },
  families: [
    created('daemonset', { stable: true }),
    {
      name: 'kube_daemonset_status_current_number_scheduled',
      help: 'The number of nodes running at least one daemon pod and are supposed to.',
      stable: true,
      value: ({ status }) => status.currentNumberScheduled,
    },
    {
      name: 'kube_daemonset_status_desired_number_scheduled',
      help: 'The number of nodes that should be running the daemon pod.',
      stable: true,
      value: ({ status }) => status.desiredNumberScheduled,
    },
    {
      name: 'kube_daemonset_status_number_available',
      help: 'The number of nodes that should be running the daemon pod and have one or more of the daemon pod running and available',
      stable: true,
      value: ({ status }) => status.numberAvailable,
    },
    {
      name: 'kube_daemonset_status_number_misscheduled',
      help: 'The number of nodes running a daemon pod but are not supposed to.',
      stable: true,
      value: ({ status }) => status.numberMisscheduled,
    },
    {
      name: 'kube_daemonset_status_number_ready',
      help: 'The number of nodes that should be running the daemon pod and have one or more of the daemon pod running and ready.',
      stable: true,
      value: ({ status }) => status.numberReady,
    },
    {
      name: 'kube_daemonset_status_number_unavailable',
      help: 'The number of nodes that should be running the daemon pod and have none of the daemon pod running and available',
      stable: true,
      value: ({ status }) => status.numberUnavailable,
    },
    {
      name: 'kube_daemonset_status_observed_generation',
      help: 'The most recent generation observed by the daemon set controller.',
      stable: true,
      value: ({ status }) => status.observedGeneration,
    },
    {
      name: 'kube_daemonset_status_updated_number_scheduled',
      help: 'The total number of nodes that are running updated daemon pod',
      stable: true,
      value: ({ status }) => status.updatedNumberScheduled,
    },
    {
      name: 'kube_daemonset_metadata_generation',
      help: 'Sequence number representing a specific generation of the desired state.',
      stable: true,
      value: ({ generation }) => generation,
    },
    deletionTimestamp('daemonset'),
    annotations('daemonset'),
    labels('daemonset', { stable: true }),
  ],
});

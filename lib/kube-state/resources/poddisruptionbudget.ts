import { integer, struct } from '../../backends/kubernetes/wire/fields.ts';
import { resource } from '../resource.ts';
import { annotations, created, deletionTimestamp, labels } from './common.ts';

/** Source: kube-state-metrics, docs/metrics/policy/poddisruptionbudget-metrics. */
export const podDisruptionBudget = resource({
  resource: 'poddisruptionbudgets',
  apiVersion: 'policy/v1',
  listKind: 'PodDisruptionBudgetList',
  namespaced: true,
  identity: ['namespace', 'poddisruptionbudget'],
  fields: {
    status: struct(3, {
      observedGeneration: integer(1),
      disruptionsAllowed: integer(3),
      currentHealthy: integer(4),
      desiredHealthy: integer(5),
      expectedPods: integer(6),
    }),
  },
  families: [
    annotations('poddisruptionbudget'),
    labels('poddisruptionbudget'),
    created('poddisruptionbudget', { stable: true }),
    {
      name: 'kube_poddisruptionbudget_status_current_healthy',
      help: 'Current number of healthy pods',
      stable: true,
      value: ({ status }) => status.currentHealthy,
    },
    {
      name: 'kube_poddisruptionbudget_status_desired_healthy',
      help: 'Minimum desired number of healthy pods',
      stable: true,
      value: ({ status }) => status.desiredHealthy,
    },
    {
      name: 'kube_poddisruptionbudget_status_pod_disruptions_allowed',
      help: 'Number of pod disruptions that are currently allowed',
      stable: true,
      value: ({ status }) => status.disruptionsAllowed,
    },
    {
      name: 'kube_poddisruptionbudget_status_expected_pods',
      help: 'Total number of pods counted by this disruption budget',
      stable: true,
      value: ({ status }) => status.expectedPods,
    },
    {
      name: 'kube_poddisruptionbudget_status_observed_generation',
      help: 'Most recent generation observed when updating this PDB status',
      stable: true,
      value: ({ status }) => status.observedGeneration,
    },
    deletionTimestamp('poddisruptionbudget'),
  ],
});

import { integer, optionalInteger, struct } from '../../backends/kubernetes/wire/fields.ts';
import { type KubeObject, resource } from '../resource.ts';
import type { ValueFamily } from '../text/family.ts';
import { annotations, created, labels, owner } from './common.ts';

const replicaCounts = {
  replicas: integer(1),
  fullyLabeledReplicas: integer(2),
  observedGeneration: integer(3),
  readyReplicas: integer(4),
};

/** Source: kube-state-metrics, docs/metrics/workload/replicaset-metrics. */
export const replicaSet = resource({
  resource: 'replicasets',
  apiVersion: 'apps/v1',
  listKind: 'ReplicaSetList',
  namespaced: true,
  identity: ['namespace', 'replicaset'],
  fields: {
    spec: struct(2, { replicas: optionalInteger(1) }),
    status: struct(3, { ...replicaCounts, terminatingReplicas: optionalInteger(7) }),
  },
  families: [
    created('replicaset', { stable: true }),
    ...countFamilies('replicaset', 'ReplicaSet'),
    {
      name: 'kube_replicaset_status_terminating_replicas',
      help: 'The number of terminating replicas per ReplicaSet.',
      value: ({ status }) => status.terminatingReplicas,
    },
    ...controllerFamilies('replicaset', 'ReplicaSet'),
    owner('replicaset', 'ReplicaSet', { stable: true }),
    annotations('replicaset'),
    labels('replicaset', { stable: true }),
  ],
});

/** Source: kube-state-metrics, docs/metrics/workload/replicationcontroller-metrics. */
export const replicationController = resource({
  resource: 'replicationcontrollers',
  apiVersion: 'v1',
  listKind: 'ReplicationControllerList',
  namespaced: true,
  identity: ['namespace', 'replicationcontroller'],
  fields: {
    spec: struct(2, { replicas: optionalInteger(1) }),
    status: struct(3, { ...replicaCounts, availableReplicas: integer(5) }),
  },
  families: [
    created('replicationcontroller', { stable: true }),
    ...countFamilies('replicationcontroller', 'ReplicationController'),
    {
      name: 'kube_replicationcontroller_status_available_replicas',
      help: 'The number of available replicas per ReplicationController.',
      stable: true,
      value: ({ status }) => status.availableReplicas,
    },
    ...controllerFamilies('replicationcontroller', 'ReplicationController'),
    owner('replicationcontroller', 'ReplicationController'),
  ],
});

/** What both kinds have; a ReplicationController is an older ReplicaSet. */
interface Replicas extends KubeObject {
  readonly spec: { readonly replicas: number | undefined };
  readonly status: {
    readonly replicas: number;
    readonly fullyLabeledReplicas: number;
    readonly observedGeneration: number;
    readonly readyReplicas: number;
  };
}

function countFamilies(name: string, kind: string): readonly ValueFamily<Replicas>[] {
  return [
    {
      name: `kube_${name}_status_replicas`,
      help: `The number of replicas per ${kind}.`,
      stable: true,
      value: ({ status }) => status.replicas,
    },
    {
      name: `kube_${name}_status_fully_labeled_replicas`,
      help: `The number of fully labeled replicas per ${kind}.`,
      stable: true,
      value: ({ status }) => status.fullyLabeledReplicas,
    },
    {
      name: `kube_${name}_status_ready_replicas`,
      help: `The number of ready replicas per ${kind}.`,
      stable: true,
      value: ({ status }) => status.readyReplicas,
    },
  ];
}

function controllerFamilies(name: string, kind: string): readonly ValueFamily<Replicas>[] {
  return [
    {
      name: `kube_${name}_status_observed_generation`,
      help: `The generation observed by the ${kind} controller.`,
      stable: true,
      value: ({ status }) => status.observedGeneration,
    },
    {
      name: `kube_${name}_spec_replicas`,
      help: `Number of desired pods for a ${kind}.`,
      stable: true,
      value: ({ spec }) => spec.replicas,
    },
    {
      name: `kube_${name}_metadata_generation`,
      help: 'Sequence number representing a specific generation of the desired state.',
      stable: true,
      value: ({ generation }) => generation,
    },
  ];
}

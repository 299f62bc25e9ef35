import { zeroTime } from '../../backends/kubernetes/wire/scalars.ts';
import { addStates, addStatus } from './common.ts';
import type { Pod, PodFamily } from './pod-object.ts';

const phases = ['Pending', 'Succeeded', 'Failed', 'Unknown', 'Running'];
const qosClasses = ['BestEffort', 'Burstable', 'Guaranteed'];

const reasons = [
  'Evicted',
  'NodeAffinity',
  'NodeLost',
  'PreemptionByScheduler',
  'SchedulingGated',
  'Shutdown',
  'TerminationByKubelet',
  'UnexpectedAdmissionError',
];

const disruptionReasons = [
  'PreemptionByScheduler',
  'DeletionByTaintManager',
  'EvictionByEvictionAPI',
  'DeletionByPodGC',
  'TerminationByKubelet',
];

/** Families of how a pod is. */
export const podStatusFamilies: readonly PodFamily[] = [
  {
    name: 'kube_pod_start_time',
    help: 'Start time in unix timestamp for a pod.',
    stable: true,
    value: ({ status }) => status.startTime,
  },
  {
    name: 'kube_pod_status_phase',
    help: 'The pods current phase.',
    stable: true,
    labels: ['phase'],
    samples({ status: { phase } }, add) {
      if (phase !== '') addStates(phase, phases, add);
    },
  },
  {
    name: 'kube_pod_status_qos_class',
    help: 'The pods current qosClass.',
    labels: ['qos_class'],
    samples({ status: { qosClass } }, add) {
      if (qosClass !== '') addStates(qosClass, qosClasses, add);
    },
  },
  statusOf('kube_pod_status_ready', 'Describes whether the pod is ready to serve requests.', 'Ready'),
  {
    name: 'kube_pod_status_ready_time',
    help: 'Readiness achieved time in unix timestamp for a pod.',
    ...since('Ready', 'True'),
  },
  {
    name: 'kube_pod_status_initialized_time',
    help: 'Initialized time in unix timestamp for a pod.',
    ...since('Initialized', 'True'),
  },
  {
    name: 'kube_pod_status_container_ready_time',
    help: 'Readiness achieved time in unix timestamp for a pod containers.',
    ...since('ContainersReady', 'True'),
  },
  {
    name: 'kube_pod_status_reason',
    help: 'The pod status reasons',
    labels: ['reason'],
    samples({ status }, add) {
      const seen = new Set([status.reason]);
      for (const { reason } of status.conditions) seen.add(reason);
      for (const { state } of status.containerStatuses) seen.add(state.terminated?.reason ?? '');
      for (const reason of reasons) if (seen.has(reason)) add(1, reason);
      if (status.reason !== '' && !reasons.includes(status.reason)) add(1, 'Other');
    },
  },
  {
    name: 'kube_pod_status_disruption_reason',
    help: 'The pod disruption condition reason',
    labels: ['reason'],
    samples({ status }, add) {
      for (const { type, reason } of status.conditions) {
        if (type === 'DisruptionTarget') add(1, disruptionReasons.includes(reason) ? reason : 'Other');
      }
    },
  },
  statusOf(
    'kube_pod_status_scheduled',
    'Describes the status of the scheduling process for the pod.',
    'PodScheduled',
  ),
  {
    name: 'kube_pod_status_scheduled_time',
    help: 'Unix timestamp when pod moved into scheduled status',
    stable: true,
    ...since('PodScheduled', 'True'),
  },
  {
    name: 'kube_pod_status_unschedulable',
    help: 'Describes the unschedulable status for the pod.',
    stable: true,
    labels: [],
    samples({ status: { conditions } }, add) {
      for (const { type, status } of conditions) if (type === 'PodScheduled' && status === 'False') add(1);
    },
  },
  {
    name: 'kube_pod_status_unscheduled_time',
    help: 'Unix timestamp when pod moved into unscheduled status',
    ...since('PodScheduled', 'False'),
  },
];

/** What a condition's status is. */
function statusOf(name: string, help: string, condition: string): PodFamily {
  return {
    name,
    help,
    stable: true,
    labels: ['condition'],
    samples({ status: { conditions } }, add) {
      for (const { type, status } of conditions) if (type === condition) addStatus(status, add);
    },
  };
}

/** Since when a condition has a status. */
function since(condition: string, wanted: 'True' | 'False') {
  return {
    labels: [],
    samples({ status: { conditions } }: Pod, add: (value: number) => void) {
      for (const { type, status, lastTransitionTime } of conditions) {
        if (type === condition && status === wanted) add(lastTransitionTime ?? zeroTime);
      }
    },
  };
}

import { describe, expect, test } from '@jest/globals';
import { pod } from '../../../lib/kube-state/resources/pod.ts';
import { linesOf } from './harness.ts';

const own = 'namespace="shop",pod="web-1",uid="u-1"';
const metadata = { name: 'web-1', namespace: 'shop', uid: 'u-1' };

describe('the phase', () => {
  test.each([
    ['Pending', [1, 0, 0, 0, 0]],
    ['Succeeded', [0, 1, 0, 0, 0]],
    ['Failed', [0, 0, 1, 0, 0]],
    ['Unknown', [0, 0, 0, 1, 0]],
    ['Running', [0, 0, 0, 0, 1]],
    ['Dreaming', [0, 0, 0, 0, 0]],
  ])('%s', async (phase, [pending, succeeded, failed, unknown, running]) => {
    const object = { metadata, status: { phase } };
    expect(await linesOf(pod, object, { families: ['kube_pod_status_phase'] })).toEqual([
      `kube_pod_status_phase{${own},phase="Pending"} ${pending}`,
      `kube_pod_status_phase{${own},phase="Succeeded"} ${succeeded}`,
      `kube_pod_status_phase{${own},phase="Failed"} ${failed}`,
      `kube_pod_status_phase{${own},phase="Unknown"} ${unknown}`,
      `kube_pod_status_phase{${own},phase="Running"} ${running}`,
    ]);
  });
});

describe('the class of service', () => {
  test.each([
    ['BestEffort', [1, 0, 0]],
    ['Burstable', [0, 1, 0]],
    ['Guaranteed', [0, 0, 1]],
    ['Premium', [0, 0, 0]],
  ])('%s', async (qosClass, [best, burst, guaranteed]) => {
    const object = { metadata, status: { qosClass } };
    expect(await linesOf(pod, object, { families: ['kube_pod_status_qos_class'] })).toEqual([
      `kube_pod_status_qos_class{${own},qos_class="BestEffort"} ${best}`,
      `kube_pod_status_qos_class{${own},qos_class="Burstable"} ${burst}`,
      `kube_pod_status_qos_class{${own},qos_class="Guaranteed"} ${guaranteed}`,
    ]);
  });
});

describe('a condition', () => {
  const families = [
    'kube_pod_status_ready',
    'kube_pod_status_ready_time',
    'kube_pod_status_initialized_time',
    'kube_pod_status_container_ready_time',
    'kube_pod_status_scheduled',
    'kube_pod_status_scheduled_time',
    'kube_pod_status_unschedulable',
    'kube_pod_status_unscheduled_time',
  ];
  const lastTransitionTime = '2026-01-31T12:00:00Z';
  const at = '1.7698608e+09';
  const three = (family: string, [yes, no, unknown]: readonly number[]) => [
    `${family}{${own},condition="true"} ${yes}`,
    `${family}{${own},condition="false"} ${no}`,
    `${family}{${own},condition="unknown"} ${unknown}`,
  ];
  const ready = (values: readonly number[]) => three('kube_pod_status_ready', values);
  const scheduled = (values: readonly number[]) => three('kube_pod_status_scheduled', values);

  test.each([
    ['Ready', 'True', [...ready([1, 0, 0]), `kube_pod_status_ready_time{${own}} ${at}`]],
    ['Ready', 'False', ready([0, 1, 0])],
    ['Ready', 'Unknown', ready([0, 0, 1])],
    ['Ready', '', ready([0, 0, 0])],
    ['Initialized', 'True', [`kube_pod_status_initialized_time{${own}} ${at}`]],
    ['Initialized', 'False', []],
    ['ContainersReady', 'True', [`kube_pod_status_container_ready_time{${own}} ${at}`]],
    ['ContainersReady', 'Unknown', []],
    ['PodScheduled', 'True', [...scheduled([1, 0, 0]), `kube_pod_status_scheduled_time{${own}} ${at}`]],
    [
      'PodScheduled',
      'False',
      [
        ...scheduled([0, 1, 0]),
        `kube_pod_status_unschedulable{${own}} 1`,
        `kube_pod_status_unscheduled_time{${own}} ${at}`,
      ],
    ],
    ['PodScheduled', 'Unknown', scheduled([0, 0, 1])],
    ['example.com/gate', 'True', []],
  ])('%s is %p', async (type, status, expected) => {
    const object = { metadata, status: { conditions: [{ type, status, lastTransitionTime }] } };
    expect(await linesOf(pod, object, { families })).toEqual(expected);
  });

  test('that came about at no time has the first second of the year 1', async () => {
    const conditions = [
      { type: 'Ready', status: 'True' },
      { type: 'PodScheduled', status: 'False', lastTransitionTime: null },
    ];
    const times = ['kube_pod_status_ready_time', 'kube_pod_status_unscheduled_time'];
    expect(await linesOf(pod, { metadata, status: { conditions } }, { families: times })).toEqual([
      `kube_pod_status_ready_time{${own}} -6.21355968e+10`,
      `kube_pod_status_unscheduled_time{${own}} -6.21355968e+10`,
    ]);
  });
});

describe('reasons', () => {
  const family = 'kube_pod_status_reason';
  const shown = (...reasons: readonly string[]) =>
    reasons.map((reason) => `kube_pod_status_reason{${own},reason="${reason}"} 1`);
  const terminated = (reason: string) => ({ state: { terminated: { reason } } });

  test.each([
    ['Evicted'],
    ['NodeAffinity'],
    ['NodeLost'],
    ['PreemptionByScheduler'],
    ['SchedulingGated'],
    ['Shutdown'],
    ['TerminationByKubelet'],
    ['UnexpectedAdmissionError'],
  ])('%s is shown wherever it stands', async (reason) => {
    const places = [
      { reason },
      { conditions: [{ type: 'Ready', status: 'False', reason }] },
      { containerStatuses: [terminated('Error'), terminated(reason)] },
    ];
    const found = places.map((status) => linesOf(pod, { metadata, status }, { families: [family] }));
    expect(await Promise.all(found)).toEqual([shown(reason), shown(reason), shown(reason)]);
  });

  test.each([
    ['none', {}, []],
    ['one of the pod that is not listed', { reason: 'OutOfcpu' }, shown('Other')],
    ['one of a condition that is not listed', { conditions: [{ type: 'Ready', reason: 'OutOfcpu' }] }, []],
    ['one of a container that is not listed', { containerStatuses: [terminated('OOMKilled')] }, []],
    [
      'that of an init container',
      {
        initContainerStatuses: [terminated('Evicted')],
        ephemeralContainerStatuses: [terminated('Shutdown')],
      },
      [],
    ],
    [
      'that of a container which waits',
      { containerStatuses: [{ state: { waiting: { reason: 'Evicted' } } }] },
      [],
    ],
    [
      'that of an earlier run',
      { containerStatuses: [{ lastState: { terminated: { reason: 'Evicted' } } }] },
      [],
    ],
    [
      'several, and the same twice',
      {
        reason: 'Mystery',
        conditions: [
          { type: 'Ready', reason: 'Shutdown' },
          { type: 'Initialized', reason: 'Evicted' },
        ],
        containerStatuses: [terminated('Evicted')],
      },
      shown('Evicted', 'Shutdown', 'Other'),
    ],
  ])('%s', async (_what, status, expected) => {
    expect(await linesOf(pod, { metadata, status }, { families: [family] })).toEqual(expected);
  });
});

describe('a disruption', () => {
  const family = 'kube_pod_status_disruption_reason';

  test.each([
    ['PreemptionByScheduler', 'PreemptionByScheduler'],
    ['DeletionByTaintManager', 'DeletionByTaintManager'],
    ['EvictionByEvictionAPI', 'EvictionByEvictionAPI'],
    ['DeletionByPodGC', 'DeletionByPodGC'],
    ['TerminationByKubelet', 'TerminationByKubelet'],
    ['Whim', 'Other'],
    ['', 'Other'],
  ])('for the reason %p is shown as %p, whether it still holds or not', async (reason, shown) => {
    const conditions = [
      { type: 'DisruptionTarget', status: 'False', reason },
      { type: 'Ready', status: 'True', reason: 'DeletionByPodGC' },
    ];
    expect(await linesOf(pod, { metadata, status: { conditions } }, { families: [family] })).toEqual([
      `kube_pod_status_disruption_reason{${own},reason="${shown}"} 1`,
    ]);
  });
});

import { describe, expect, test } from '@jest/globals';
import { horizontalPodAutoscaler } from '../../../lib/kube-state/resources/horizontalpodautoscaler.ts';
import { linesOf } from './harness.ts';

const own = 'namespace="shop",horizontalpodautoscaler="web"';
const metadata = { name: 'web', namespace: 'shop' };

test('an autoscaler that is being deleted has a sample in every family', async () => {
  const object = {
    metadata: {
      ...metadata,
      generation: 2,
      creationTimestamp: '2026-01-31T12:00:00Z',
      deletionTimestamp: '2026-02-01T00:00:00Z',
      labels: { app: 'web' },
      annotations: { note: '1' },
    },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      minReplicas: 2,
      maxReplicas: 8,
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
        },
      ],
      behavior: { scaleDown: { tolerance: '50m' }, scaleUp: { tolerance: '0' } },
    },
    status: {
      observedGeneration: 1,
      lastScaleTime: '2026-01-31T12:00:00Z',
      currentReplicas: 3,
      desiredReplicas: 4,
      currentMetrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', current: { averageUtilization: 60, averageValue: '300m' } },
        },
      ],
      conditions: [{ type: 'AbleToScale', status: 'True', reason: 'ReadyForNewScale' }],
    },
  };
  expect(await linesOf(horizontalPodAutoscaler, object, { labels: ['*'], annotations: ['*'] })).toEqual([
    `kube_horizontalpodautoscaler_info{${own},scaletargetref_api_version="apps/v1",scaletargetref_kind="Deployment",scaletargetref_name="web"} 1`,
    `kube_horizontalpodautoscaler_metadata_generation{${own}} 2`,
    `kube_horizontalpodautoscaler_spec_max_replicas{${own}} 8`,
    `kube_horizontalpodautoscaler_spec_min_replicas{${own}} 2`,
    `kube_horizontalpodautoscaler_spec_target_metric{${own},metric_name="cpu",metric_target_type="utilization",container=""} 80`,
    `kube_horizontalpodautoscaler_spec_behavior_scale_down_tolerance{${own}} 0.05`,
    `kube_horizontalpodautoscaler_spec_behavior_scale_up_tolerance{${own}} 0`,
    `kube_horizontalpodautoscaler_status_target_metric{${own},metric_name="cpu",metric_target_type="average",container=""} 0.3`,
    `kube_horizontalpodautoscaler_status_target_metric{${own},metric_name="cpu",metric_target_type="utilization",container=""} 60`,
    `kube_horizontalpodautoscaler_status_current_replicas{${own}} 3`,
    `kube_horizontalpodautoscaler_status_desired_replicas{${own}} 4`,
    `kube_horizontalpodautoscaler_annotations{${own},annotation_note="1"} 1`,
    `kube_horizontalpodautoscaler_labels{${own},label_app="web"} 1`,
    `kube_horizontalpodautoscaler_status_condition{${own},condition="AbleToScale",status="true"} 1`,
    `kube_horizontalpodautoscaler_status_condition{${own},condition="AbleToScale",status="false"} 0`,
    `kube_horizontalpodautoscaler_status_condition{${own},condition="AbleToScale",status="unknown"} 0`,
    `kube_horizontalpodautoscaler_created{${own}} 1.7698608e+09`,
    `kube_horizontalpodautoscaler_deletion_timestamp{${own}} 1.769904e+09`,
  ]);
});

test('an autoscaler of which nothing is known has one pod at least, and no version of its target', async () => {
  expect(await linesOf(horizontalPodAutoscaler, { metadata })).toEqual([
    `kube_horizontalpodautoscaler_info{${own},scaletargetref_kind="",scaletargetref_name=""} 1`,
    `kube_horizontalpodautoscaler_metadata_generation{${own}} 0`,
    `kube_horizontalpodautoscaler_spec_max_replicas{${own}} 0`,
    `kube_horizontalpodautoscaler_spec_min_replicas{${own}} 1`,
    `kube_horizontalpodautoscaler_status_current_replicas{${own}} 0`,
    `kube_horizontalpodautoscaler_status_desired_replicas{${own}} 0`,
  ]);
});

test('an autoscaler may go down to none', async () => {
  const families = ['kube_horizontalpodautoscaler_spec_min_replicas'];
  expect(
    await linesOf(horizontalPodAutoscaler, { metadata, spec: { minReplicas: 0 } }, { families }),
  ).toEqual([`kube_horizontalpodautoscaler_spec_min_replicas{${own}} 0`]);
});

/** A metric of each type, with what the type calls its source, and what is in it beside the value. */
const sources = [
  [
    'Object',
    'object',
    { metric: { name: 'hits' }, describedObject: { kind: 'Ingress', name: 'web' } },
    'hits',
    '',
  ],
  ['Pods', 'pods', { metric: { name: 'queue', selector: { matchLabels: { a: 'b' } } } }, 'queue', ''],
  ['Resource', 'resource', { name: 'memory' }, 'memory', ''],
  ['ContainerResource', 'containerResource', { name: 'cpu', container: 'app' }, 'cpu', 'app'],
  ['External', 'external', { metric: { name: 'sqs_messages' } }, 'sqs_messages', ''],
] as const;

describe.each(sources)('a metric of the type %s', (type, key, source, name, container) => {
  const goal = 'kube_horizontalpodautoscaler_spec_target_metric';
  const seen = 'kube_horizontalpodautoscaler_status_target_metric';
  const labels = (kind: string) =>
    `${own},metric_name="${name}",metric_target_type="${kind}",container="${container}"`;
  const all = { value: '10500m', averageValue: '1Gi', averageUtilization: 70 };

  test('shows each way in which its goal is given', async () => {
    const spec = { metrics: [{ type, [key]: { ...source, target: { type: 'Value', ...all } } }] };
    expect(await linesOf(horizontalPodAutoscaler, { metadata, spec }, { families: [goal] })).toEqual([
      `${goal}{${labels('value')}} 10.5`,
      `${goal}{${labels('average')}} 1.073741824e+09`,
      `${goal}{${labels('utilization')}} 70`,
    ]);
  });

  test('shows each way in which it was measured', async () => {
    const status = { currentMetrics: [{ type, [key]: { ...source, current: all } }] };
    expect(await linesOf(horizontalPodAutoscaler, { metadata, status }, { families: [seen] })).toEqual([
      `${seen}{${labels('value')}} 10.5`,
      `${seen}{${labels('average')}} 1.073741824e+09`,
      `${seen}{${labels('utilization')}} 70`,
    ]);
  });

  test('of which nothing was measured has no sample, and a zero has one', async () => {
    const currentMetrics = [
      { type, [key]: { ...source, current: {} } },
      { type, [key]: { ...source, current: { value: '0', averageUtilization: 0 } } },
    ];
    const status = { currentMetrics };
    expect(await linesOf(horizontalPodAutoscaler, { metadata, status }, { families: [seen] })).toEqual([
      `${seen}{${labels('value')}} 0`,
      `${seen}{${labels('utilization')}} 0`,
    ]);
  });

  test('without the source that its type names has no sample', async () => {
    const other = key === 'pods' ? 'external' : 'pods';
    const metrics = [{ type, [other]: { metric: { name: 'odd' }, target: { value: '1' } } }];
    const currentMetrics = [
      { type, [other]: { metric: { name: 'odd' }, current: { value: '1' } } },
      { type },
    ];
    const object = { metadata, spec: { metrics }, status: { currentMetrics } };
    expect(await linesOf(horizontalPodAutoscaler, object, { families: [goal, seen] })).toEqual([]);
  });
});

test('a metric of a type that nobody knows has no sample', async () => {
  const pods = { metric: { name: 'queue' } };
  const object = {
    metadata,
    spec: { metrics: [{ type: 'Weather', pods: { ...pods, target: { value: '1' } } }] },
    status: { currentMetrics: [{ pods: { ...pods, current: { value: '1' } } }] },
  };
  const families = [
    'kube_horizontalpodautoscaler_spec_target_metric',
    'kube_horizontalpodautoscaler_status_target_metric',
  ];
  expect(await linesOf(horizontalPodAutoscaler, object, { families })).toEqual([]);
});

describe('a tolerance', () => {
  const down = 'kube_horizontalpodautoscaler_spec_behavior_scale_down_tolerance';
  const up = 'kube_horizontalpodautoscaler_spec_behavior_scale_up_tolerance';

  test.each([
    ['of no behaviour', {}, []],
    ['of an empty one', { behavior: {} }, []],
    ['of rules without one', { behavior: { scaleUp: {}, scaleDown: { stabilizationWindowSeconds: 5 } } }, []],
    ['on the way up', { behavior: { scaleUp: { tolerance: '570m' } } }, [`${up}{${own}} 0.5700000000000001`]],
    ['on the way down', { behavior: { scaleDown: { tolerance: '1' } } }, [`${down}{${own}} 1`]],
    ['that is tiny', { behavior: { scaleDown: { tolerance: '1n' } } }, [`${down}{${own}} 1e-09`]],
  ])('%s', async (_what, spec, lines) => {
    expect(await linesOf(horizontalPodAutoscaler, { metadata, spec }, { families: [down, up] })).toEqual(
      lines,
    );
  });
});

test.each([
  ['True', [1, 0, 0]],
  ['False', [0, 1, 0]],
  ['Unknown', [0, 0, 1]],
  ['', [0, 0, 0]],
])('a condition that is %p', async (status, [yes, no, unknown]) => {
  const family = 'kube_horizontalpodautoscaler_status_condition';
  const object = { metadata, status: { conditions: [{ type: 'ScalingLimited', status }] } };
  expect(await linesOf(horizontalPodAutoscaler, object, { families: [family] })).toEqual([
    `${family}{${own},condition="ScalingLimited",status="true"} ${yes}`,
    `${family}{${own},condition="ScalingLimited",status="false"} ${no}`,
    `${family}{${own},condition="ScalingLimited",status="unknown"} ${unknown}`,
  ]);
});

import { integer, optionalInteger, word } from '../object/fields.ts';
import { list, pointer, struct } from '../object/messages.ts';
import { approximateQuantity } from '../object/quantity.ts';
import { resource } from '../resource.ts';
import { addStatus, annotations, created, deletionTimestamp, labels } from './common.ts';
import {
  addTarget,
  metricOf,
  scalingRules,
  sourceMetric,
  statusMetric,
} from './horizontalpodautoscaler-metrics.ts';

const targetLabels = ['metric_name', 'metric_target_type', 'container'];

/** Source: kube-state-metrics, docs/metrics/workload/horizontalpodautoscaler-metrics. */
export const horizontalPodAutoscaler = resource({
  resource: 'horizontalpodautoscalers',
  apiVersion: 'autoscaling/v2',
  listKind: 'HorizontalPodAutoscalerList',
  namespaced: true,
  identity: ['namespace', 'horizontalpodautoscaler'],
  fields: {
    spec: struct(2, {
      scaleTargetRef: struct(1, { kind: word(1), name: word(2), apiVersion: word(3) }),
      minReplicas: optionalInteger(2),
      maxReplicas: integer(3),
      metrics: list(4, sourceMetric),
      behavior: pointer(5, { scaleUp: pointer(1, scalingRules), scaleDown: pointer(2, scalingRules) }),
    }),
    status: struct(3, {
      currentReplicas: integer(3),
      desiredReplicas: integer(4),
      currentMetrics: list(5, statusMetric),
      conditions: list(6, { type: word(1), status: word(2) }),
    }),
  },
  families: [
    {
      name: 'kube_horizontalpodautoscaler_info',
      help: 'Information about this autoscaler.',
      labelled({ spec: { scaleTargetRef: target } }) {
        const labels = [
          ['scaletargetref_kind', target.kind],
          ['scaletargetref_name', target.name],
        ] as const;
        if (target.apiVersion === '') return [{ labels, value: 1 }];
        return [{ labels: [['scaletargetref_api_version', target.apiVersion], ...labels], value: 1 }];
      },
    },
    {
      name: 'kube_horizontalpodautoscaler_metadata_generation',
      help: 'The generation observed by the HorizontalPodAutoscaler controller.',
      stable: true,
      value: ({ generation }) => generation,
    },
    {
      name: 'kube_horizontalpodautoscaler_spec_max_replicas',
      help: 'Upper limit for the number of pods that can be set by the autoscaler; cannot be smaller than MinReplicas.',
      stable: true,
      value: ({ spec }) => spec.maxReplicas,
    },
    {
      name: 'kube_horizontalpodautoscaler_spec_min_replicas',
      help: 'Lower limit for the number of pods that can be set by the autoscaler, default 1.',
      stable: true,
      value: ({ spec }) => spec.minReplicas ?? 1,
    },
    {
      name: 'kube_horizontalpodautoscaler_spec_target_metric',
      help: 'The metric specifications used by this autoscaler when calculating the desired replica count.',
      labels: targetLabels,
      samples({ spec }, add) {
        for (const metric of spec.metrics) {
          const found = metricOf(metric);
          if (found !== undefined) addTarget(found.name, found.container, found.source.target, add);
        }
      },
    },
    {
      name: 'kube_horizontalpodautoscaler_spec_behavior_scale_down_tolerance',
      help: 'The tolerance on the ratio between the current and desired metric value below which no scale down occurs.',
      value: ({ spec }) => tolerance(spec.behavior?.scaleDown?.tolerance),
    },
    {
      name: 'kube_horizontalpodautoscaler_spec_behavior_scale_up_tolerance',
      help: 'The tolerance on the ratio between the current and desired metric value below which no scale up occurs.',
      value: ({ spec }) => tolerance(spec.behavior?.scaleUp?.tolerance),
    },
    {
      name: 'kube_horizontalpodautoscaler_status_target_metric',
      help: 'The current metric status used by this autoscaler when calculating the desired replica count.',
      stable: true,
      labels: targetLabels,
      samples({ status }, add) {
        for (const metric of status.currentMetrics) {
          const found = metricOf(metric);
          if (found !== undefined) addTarget(found.name, found.container, found.source.current, add);
        }
      },
    },
    {
      name: 'kube_horizontalpodautoscaler_status_current_replicas',
      help: 'Current number of replicas of pods managed by this autoscaler.',
      stable: true,
      value: ({ status }) => status.currentReplicas,
    },
    {
      name: 'kube_horizontalpodautoscaler_status_desired_replicas',
      help: 'Desired number of replicas of pods managed by this autoscaler.',
      stable: true,
      value: ({ status }) => status.desiredReplicas,
    },
    annotations('horizontalpodautoscaler'),
    labels('horizontalpodautoscaler', { stable: true }),
    {
      name: 'kube_horizontalpodautoscaler_status_condition',
      help: 'The condition of this autoscaler.',
      stable: true,
      labels: ['condition', 'status'],
      samples(object, add) {
        for (const { type, status } of object.status.conditions)
          addStatus(status, (value, label) => add(value, type, label));
      },
    },
    created('horizontalpodautoscaler'),
    deletionTimestamp('horizontalpodautoscaler'),
  ],
});

function tolerance(quantity: string | undefined): number | undefined {
  return quantity === undefined ? undefined : approximateQuantity(quantity);
}

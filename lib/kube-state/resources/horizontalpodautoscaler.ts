import { condition } from '../../backends/kubernetes/kinds/messages.ts';
import {
  integer,
  list,
  type MessageSpec,
  optionalInteger,
  pointer,
  struct,
  type Values,
  word,
} from '../../backends/kubernetes/wire/fields.ts';
import { quantity } from '../../backends/kubernetes/wire/scalars.ts';
import { approximateQuantity, quantityValue } from '../quantity.ts';
import { resource } from '../resource.ts';
import type { Add } from '../text/family.ts';
import { annotations, conditions, created, deletionTimestamp, labels } from './common.ts';

const identifier = { name: word(1) };
const target = { value: quantity(2), averageValue: quantity(3), averageUtilization: optionalInteger(4) };
const current = { value: quantity(1), averageValue: quantity(2), averageUtilization: optionalInteger(3) };

/** `HPAScalingRules` */
const scalingRules = { tolerance: quantity(4) };

/** `MetricSpec`: what an autoscaler aims at. */
const sourceMetric = {
  type: word(1),
  object: pointer(2, { target: struct(2, target), metric: struct(3, identifier) }),
  pods: pointer(3, { metric: struct(1, identifier), target: struct(2, target) }),
  resource: pointer(4, { name: word(1), target: struct(2, target) }),
  external: pointer(5, { metric: struct(1, identifier), target: struct(2, target) }),
  containerResource: pointer(7, { name: word(1), target: struct(2, target), container: word(3) }),
} satisfies MessageSpec;

/** `MetricStatus`: what it last saw. */
const statusMetric = {
  type: word(1),
  object: pointer(2, { metric: struct(1, identifier), current: struct(2, current) }),
  pods: pointer(3, { metric: struct(1, identifier), current: struct(2, current) }),
  resource: pointer(4, { name: word(1), current: struct(2, current) }),
  external: pointer(5, { metric: struct(1, identifier), current: struct(2, current) }),
  containerResource: pointer(7, { name: word(1), current: struct(2, current), container: word(3) }),
} satisfies MessageSpec;

interface AnyMetric<Named, Resource, InContainer> {
  readonly type: string;
  readonly object: Named | undefined;
  readonly pods: Named | undefined;
  readonly external: Named | undefined;
  readonly resource: Resource | undefined;
  readonly containerResource: InContainer | undefined;
}

/** The source that the metric's type names, and what the metric is called; undefined for a type that is not known. */
function metricOf<
  Named extends { readonly metric: { readonly name: string } },
  Resource extends { readonly name: string },
  InContainer extends { readonly name: string; readonly container: string },
>(metric: AnyMetric<Named, Resource, InContainer>) {
  const { object, pods, external, resource, containerResource } = metric;
  switch (metric.type) {
    case 'Object':
      return object && { name: object.metric.name, container: '', source: object };
    case 'Pods':
      return pods && { name: pods.metric.name, container: '', source: pods };
    case 'External':
      return external && { name: external.metric.name, container: '', source: external };
    case 'Resource':
      return resource && { name: resource.name, container: '', source: resource };
    case 'ContainerResource':
      return (
        containerResource && {
          name: containerResource.name,
          container: containerResource.container,
          source: containerResource,
        }
      );
    default:
      return undefined;
  }
}

/** One sample for each way in which the value is given. */
function addTarget(name: string, container: string, value: Values<typeof target>, add: Add): void {
  if (value.value !== undefined) add(quantityValue(value.value), name, 'value', container);
  if (value.averageValue !== undefined) add(quantityValue(value.averageValue), name, 'average', container);
  if (value.averageUtilization !== undefined) add(value.averageUtilization, name, 'utilization', container);
}

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
      conditions: list(6, condition),
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
    conditions('horizontalpodautoscaler', 'The condition of this autoscaler.', { stable: true }),
    created('horizontalpodautoscaler'),
    deletionTimestamp('horizontalpodautoscaler'),
  ],
});

function tolerance(quantity: string | undefined): number | undefined {
  return quantity === undefined ? undefined : approximateQuantity(quantity);
}

import type { Add } from '../family.ts';
import { optionalInteger, quantity, type Slots, type Values, word } from '../object/fields.ts';
import { pointer, struct } from '../object/messages.ts';
import { quantityValue } from '../object/quantity.ts';

const identifier = { name: word(1) };
const target = { value: quantity(2), averageValue: quantity(3), averageUtilization: optionalInteger(4) };
const current = { value: quantity(1), averageValue: quantity(2), averageUtilization: optionalInteger(3) };

/** `HPAScalingRules` */
export const scalingRules = { tolerance: quantity(4) };

/** `MetricSpec`: what an autoscaler aims at. */
export const sourceMetric = {
  type: word(1),
  object: pointer(2, { target: struct(2, target), metric: struct(3, identifier) }),
  pods: pointer(3, { metric: struct(1, identifier), target: struct(2, target) }),
  resource: pointer(4, { name: word(1), target: struct(2, target) }),
  external: pointer(5, { metric: struct(1, identifier), target: struct(2, target) }),
  containerResource: pointer(7, { name: word(1), target: struct(2, target), container: word(3) }),
} satisfies Slots;

/** `MetricStatus`: what it last saw. */
export const statusMetric = {
  type: word(1),
  object: pointer(2, { metric: struct(1, identifier), current: struct(2, current) }),
  pods: pointer(3, { metric: struct(1, identifier), current: struct(2, current) }),
  resource: pointer(4, { name: word(1), current: struct(2, current) }),
  external: pointer(5, { metric: struct(1, identifier), current: struct(2, current) }),
  containerResource: pointer(7, { name: word(1), current: struct(2, current), container: word(3) }),
} satisfies Slots;

interface AnyMetric<Named, Resource, InContainer> {
  readonly type: string;
  readonly object: Named | undefined;
  readonly pods: Named | undefined;
  readonly external: Named | undefined;
  readonly resource: Resource | undefined;
  readonly containerResource: InContainer | undefined;
}

/** The source that the metric's type names, and what the metric is called; undefined for a type that is not known. */
export function metricOf<
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
export function addTarget(name: string, container: string, value: Values<typeof target>, add: Add): void {
  if (value.value !== undefined) add(quantityValue(value.value), name, 'value', container);
  if (value.averageValue !== undefined) add(quantityValue(value.averageValue), name, 'average', container);
  if (value.averageUtilization !== undefined) add(value.averageUtilization, name, 'utilization', container);
}

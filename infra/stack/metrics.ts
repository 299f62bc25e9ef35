import { metricDimensions, metricNamespace } from '../../lib/base/metrics.ts';
import type { Backend, Settings } from './settings.ts';

/** A metric of CloudWatch, as an alarm names it. */
export type Metric = {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: readonly { readonly Name: string; readonly Value: string }[];
};

/** Seconds of a period in which there is at least one tick; five minutes where the schedule allows that. */
export function periodOf({ schedule }: Settings): number {
  return Math.max(300, Math.ceil(schedule.gap / 60) * 60);
}

/** One that the functions count. */
export function ownMetric(name: string, backend: Backend, { stack }: Settings): Metric {
  return {
    Namespace: metricNamespace,
    MetricName: name,
    Dimensions: [
      { Name: metricDimensions.stack, Value: stack },
      { Name: metricDimensions.mechanism, Value: backend.name },
    ],
  };
}

/** One that Lambda counts of a function. */
export function lambdaMetric(name: string, functionName: string): Metric {
  return {
    Namespace: 'AWS/Lambda',
    MetricName: name,
    Dimensions: [{ Name: 'FunctionName', Value: functionName }],
  };
}

/** The metric as a line of a dashboard's graph. */
export function graphed({ Namespace, MetricName, Dimensions }: Metric, stat: string, label: string) {
  return [Namespace, MetricName, ...Dimensions.flatMap(({ Name, Value }) => [Name, Value]), { stat, label }];
}

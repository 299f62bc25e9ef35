import { functionMetrics } from '../../lib/base/metrics.ts';
import { graphed, lambdaMetric, type Metric, ownMetric, periodOf } from './metrics.ts';
import { functionName } from './role.ts';
import type { Backend, Settings } from './settings.ts';
import { type Resources, sub } from './template.ts';

/** A graph: title, statistic, and which metric of each backend it shows. */
interface Graph {
  readonly title: string;
  readonly stat: string;
  readonly metric: (backend: Backend) => Metric;
  /** Where it is not there for all. */
  readonly of?: 'targets' | 'kube state';
}

function graphs(settings: Settings): readonly Graph[] {
  const own =
    ({ name }: { readonly name: string }) =>
    (backend: Backend) =>
      ownMetric(name, backend, settings);
  const lambda = (name: string) => (backend: Backend) => lambdaMetric(name, functionName(settings, backend));
  const { overdue, failures, held, pinned, rejected, targets, samples, duration, requests, configErrors } =
    functionMetrics;
  return [
    { title: 'Seconds overdue', stat: 'Maximum', metric: own(overdue) },
    { title: 'Failed cycles', stat: 'Sum', metric: own(failures) },
    { title: 'Cycles', stat: 'SampleCount', metric: own(failures) },
    { title: 'Held changes', stat: 'Sum', metric: own(held), of: 'targets' },
    { title: 'Pinned lists', stat: 'Sum', metric: own(pinned), of: 'targets' },
    { title: 'Rejected removals, in targets', stat: 'Maximum', metric: own(rejected), of: 'targets' },
    { title: 'Targets of the largest provider', stat: 'Maximum', metric: own(targets), of: 'targets' },
    {
      ...{ title: 'Samples of the largest kube-state output', stat: 'Maximum' },
      ...{ metric: own(samples), of: 'kube state' as const },
    },
    { title: 'Duration of a cycle, p95', stat: 'p95', metric: own(duration) },
    { title: 'Requests to the backends', stat: 'Sum', metric: own(requests), of: 'targets' },
    { title: 'Configuration not in force', stat: 'Sum', metric: own(configErrors) },
    { title: 'Failed invocations', stat: 'Sum', metric: lambda('Errors') },
    { title: 'Throttled invocations', stat: 'Sum', metric: lambda('Throttles') },
  ];
}

/** Three graphs a row; a line for each backend. */
export function dashboardResources(backends: readonly Backend[], settings: Settings): Resources {
  if (!settings.dashboard) return {};
  const shown = graphs(settings)
    .map((graph) => ({ ...graph, lines: backends.filter((backend) => isIn(graph, backend)) }))
    .filter(({ lines }) => lines.length > 0);
  const widgets = shown.map(({ title, stat, metric, lines }, index) => ({
    ...{ type: 'metric', x: (index % 3) * 8, y: Math.floor(index / 3) * 6, width: 8, height: 6 },
    properties: {
      ...{ title, region: '${AWS::Region}', period: periodOf(settings), view: 'timeSeries' },
      metrics: lines.map((backend) => graphed(metric(backend), stat, backend.name)),
    },
  }));
  return {
    Dashboard: {
      Type: 'AWS::CloudWatch::Dashboard',
      Properties: {
        // A name is the account's, not the region's.
        DashboardName: sub(`${settings.stack}-\${AWS::Region}`),
        DashboardBody: sub(JSON.stringify({ widgets })),
      },
    },
  };
}

function isIn({ of }: Graph, { isKubeState }: Backend): boolean {
  return of === undefined || (of === 'kube state') === isKubeState;
}

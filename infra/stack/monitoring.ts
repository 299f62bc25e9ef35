import { functionMetrics, metricDimensions, metricNamespace } from '../../lib/base/metrics.ts';
import { functionName } from './role.ts';
import type { Backend, Settings } from './settings.ts';
import { type Resources, ref, sub } from './template.ts';

/** What an alarm watches, in CloudWatch's words. */
interface Watch {
  readonly says: string;
  readonly metric: Metric;
  readonly statistic: 'Sum' | 'Maximum';
  readonly threshold: number;
  /** Periods in a row that must be over the threshold; see `periodOf`. */
  readonly periods: number;
  /** Seconds of a period where it is another one. */
  readonly period?: number;
  /** Whether silence is trouble too. */
  readonly breaching?: true;
}

/** The alarms of a backend's function by what they are for. */
function watches(backend: Backend, settings: Settings): Readonly<Record<string, Watch>> {
  const own = ({ name }: { readonly name: string }) => ownMetric(name, backend, settings);
  const lambda = (name: string) => lambdaMetric(name, functionName(settings, backend));
  const { overdue, failures, held, pinned, rejected, configErrors } = functionMetrics;
  const period = periodOf(settings);
  // A quarter of an hour, and at least two ticks: one that fails may be a hiccup.
  const again = Math.max(2, Math.ceil(900 / period));
  const Held: Watch = {
    says: 'the guard holds a drop of the target count: look at muster status, then fix the backend or muster accept',
    ...{ metric: own(held), statistic: 'Sum', threshold: 1, periods: 1 },
  };
  const Pinned: Watch = {
    says: 'an operator has pinned a list, which does not follow its backend: muster status says who, why and until when; muster unpin ends it',
    ...{ metric: own(pinned), statistic: 'Sum', threshold: 1, periods: 1 },
  };
  const Rejected: Watch = {
    says: 'targets stay although the backend lacks them, since an operator rejected their removal: mend the backend, or muster accept',
    ...{ metric: own(rejected), statistic: 'Sum', threshold: 1, periods: 1 },
  };
  return {
    Stale: {
      says: `a ${backend.isKubeState ? 'cluster' : 'provider'} has had no whole listing for ${settings.staleSeconds} seconds more than its refresh_interval or the schedule allows, or the function does not run`,
      ...{ metric: own(overdue), statistic: 'Maximum', threshold: settings.staleSeconds, periods: 1 },
      // Two ticks, so that silence is silence and not a tick that came a little late.
      ...{ period: Math.max(period, Math.ceil(settings.schedule.gap / 60) * 120), breaching: true },
    },
    Failing: {
      says: `cycles fail again and again; the last good ${backend.isKubeState ? 'text stays, and is refused once it is old' : 'lists stay'}`,
      ...{ metric: own(failures), statistic: 'Sum', threshold: 1, periods: again },
    },
    // Kube state is published as it is found: there is no guard.
    ...(!backend.isKubeState && { Held, Pinned, Rejected }),
    Config: {
      says: 'the configuration is wrong, empty or not to be read; the last good one stays in force',
      ...{ metric: own(configErrors), statistic: 'Sum', threshold: 1, periods: 2 },
    },
    Errors: {
      says: 'invocations fail again and again: see the log of the function',
      ...{ metric: lambda('Errors'), statistic: 'Sum', threshold: 1, periods: again },
    },
    Throttled: {
      says: 'invocations are throttled: raise the reserved concurrency, or the account quota',
      ...{ metric: lambda('Throttles'), statistic: 'Sum', threshold: 1, periods: 2 },
    },
    Slow: {
      says: `an invocation took over 80 % of its ${backend.timeout} seconds: raise timeout or memory, or split the provider`,
      ...{ metric: lambda('Duration'), statistic: 'Maximum', threshold: backend.timeout * 800, periods: 2 },
    },
  };
}

/** A topic, and the alarms that tell it. */
export function alarmResources(backends: readonly Backend[], settings: Settings): Resources {
  const alarms = backends.flatMap((backend) =>
    Object.entries(watches(backend, settings)).map(([what, watch]) => [
      `${backend.id}${what}Alarm`,
      {
        Type: 'AWS::CloudWatch::Alarm',
        Properties: {
          AlarmName: `${functionName(settings, backend)}-${what.toLowerCase()}`,
          AlarmDescription: `Muster, ${backend.name}: ${watch.says}`,
          ...watch.metric,
          Statistic: watch.statistic,
          Period: watch.period ?? periodOf(settings),
          EvaluationPeriods: watch.periods,
          Threshold: watch.threshold,
          ComparisonOperator: 'GreaterThanOrEqualToThreshold',
          TreatMissingData: watch.breaching ? 'breaching' : 'notBreaching',
          AlarmActions: [ref('AlarmTopic')],
          OKActions: [ref('AlarmTopic')],
        },
      },
    ]),
  );
  return {
    AlarmTopic: {
      Type: 'AWS::SNS::Topic',
      Properties: {
        TopicName: `${settings.stack}-alarms`,
        ...(settings.alarmEmail !== '' && {
          Subscription: [{ Protocol: 'email', Endpoint: settings.alarmEmail }],
        }),
      },
    },
    ...Object.fromEntries(alarms),
  };
}

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

/** A metric of CloudWatch, as an alarm names it. */
type Metric = {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: readonly { readonly Name: string; readonly Value: string }[];
};

/** Seconds of a period in which there is at least one tick; five minutes where the schedule allows that. */
function periodOf({ schedule }: Settings): number {
  return Math.max(300, Math.ceil(schedule.gap / 60) * 60);
}

/** One that the functions count. */
function ownMetric(name: string, backend: Backend, { stack }: Settings): Metric {
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
function lambdaMetric(name: string, functionName: string): Metric {
  return {
    Namespace: 'AWS/Lambda',
    MetricName: name,
    Dimensions: [{ Name: 'FunctionName', Value: functionName }],
  };
}

/** The metric as a line of a dashboard's graph. */
function graphed({ Namespace, MetricName, Dimensions }: Metric, stat: string, label: string) {
  return [Namespace, MetricName, ...Dimensions.flatMap(({ Name, Value }) => [Name, Value]), { stat, label }];
}

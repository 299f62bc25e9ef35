import { functionMetrics } from '../../lib/base/metrics.ts';
import { lambdaMetric, type Metric, ownMetric, periodOf } from './metrics.ts';
import { functionName } from './role.ts';
import type { Backend, Settings } from './settings.ts';
import { type Resources, ref } from './template.ts';

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

/** A topic, and the alarms that notify it. */
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

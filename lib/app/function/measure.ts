import type { Metrics } from '@aws-lambda-powertools/metrics';
import type { CycleResult } from '../../discovery/provider.ts';
import { functionMetrics } from '../../telemetry/metrics.ts';
import type { OutputResult } from '../kube-state/cycle.ts';

/** Takes what an invocation counts. */
export interface Measure {
  readonly cycle: (result: CycleResult, refreshInterval: number) => void;
  /** The cycle of a kube-state output, and when the cluster was listed of which there is text, ISO 8601. */
  readonly output: (result: OutputResult, listed: string | undefined, refreshInterval: number) => void;
  /** A provider or output whose turn it is not, and when its list was last whole, ISO 8601. */
  readonly waiting: (lastSuccess: string | undefined, refreshInterval: number) => void;
  /** A tick that has nothing to run: then nothing is overdue, which is to be told from silence. */
  readonly idle: () => void;
  /** Whether the configuration as it is now is in force. */
  readonly config: (inForce: boolean) => void;
}

/** Counts into Powertools, which writes one line for CloudWatch at the end of the invocation. */
export function measureWith(metrics: Metrics): Measure {
  const add = ({ name, unit }: (typeof functionMetrics)[keyof typeof functionMetrics], value: number) =>
    metrics.addMetric(name, unit, value);
  const waiting: Measure['waiting'] = (lastSuccess, refreshInterval) => {
    if (lastSuccess === undefined) return;
    const late = Date.now() - Date.parse(lastSuccess) - refreshInterval;
    add(functionMetrics.overdue, Math.max(0, late / 1000));
  };
  return {
    cycle({ outcome, targets, durationMs, lastSuccess }, refreshInterval) {
      add(functionMetrics.failures, outcome === 'failed' ? 1 : 0);
      add(functionMetrics.held, outcome === 'held' ? 1 : 0);
      add(functionMetrics.duration, durationMs);
      // What a cycle that failed early or was superseded knows of the list may be nothing.
      if (outcome !== 'failed' && outcome !== 'superseded') add(functionMetrics.targets, targets);
      waiting(lastSuccess, refreshInterval);
    },
    output({ outcome, durationMs, published }, listed, refreshInterval) {
      add(functionMetrics.failures, outcome === 'failed' ? 1 : 0);
      add(functionMetrics.duration, durationMs);
      if (published !== undefined) add(functionMetrics.samples, published.samples);
      waiting(listed, refreshInterval);
    },
    waiting,
    idle: () => add(functionMetrics.overdue, 0),
    config: (inForce) => add(functionMetrics.configErrors, inForce ? 0 : 1),
  };
}

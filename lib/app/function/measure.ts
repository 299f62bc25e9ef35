import type { Metrics } from '@aws-lambda-powertools/metrics';
import type { CycleResult } from '../../discovery/provider.ts';
import { functionMetrics } from '../../telemetry/metrics.ts';

/** Takes what an invocation counts. */
export interface Measure {
  readonly cycle: (result: CycleResult) => void;
  /** Whether the configuration as it is now is in force. */
  readonly config: (inForce: boolean) => void;
}

/** Counts into Powertools, which writes one line for CloudWatch at the end of the invocation. */
export function measureWith(metrics: Metrics): Measure {
  const add = ({ name, unit }: (typeof functionMetrics)[keyof typeof functionMetrics], value: number) =>
    metrics.addMetric(name, unit, value);
  return {
    cycle({ outcome, targets, durationMs, lastSuccess }) {
      add(functionMetrics.cycles, 1);
      add(functionMetrics.failures, outcome === 'failed' ? 1 : 0);
      add(functionMetrics.held, outcome === 'held' ? 1 : 0);
      add(functionMetrics.duration, durationMs);
      // What a cycle that failed early or was superseded knows of the list may be nothing.
      if (outcome !== 'failed' && outcome !== 'superseded') add(functionMetrics.targets, targets);
      if (lastSuccess !== undefined)
        add(functionMetrics.sinceSuccess, Math.max(0, (Date.now() - Date.parse(lastSuccess)) / 1000));
    },
    config: (inForce) => add(functionMetrics.configErrors, inForce ? 0 : 1),
  };
}

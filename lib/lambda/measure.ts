import { functionMetrics } from '../base/metrics.ts';
import type { CycleResult } from '../cycle/provider.ts';
import type { OutputResult } from '../run/kube-state-cycle.ts';

/** Counts what an invocation does. */
export interface Measure {
  /** The cycle of a provider, and since when it has waited for a whole listing; see `waitsSince`. */
  readonly cycle: (result: CycleResult, since: string | undefined, refreshInterval: number) => void;
  /** The cycle of a kube-state output, and since when it has waited for a whole listing. */
  readonly output: (result: OutputResult, since: string | undefined, refreshInterval: number) => void;
  /** A provider or output that is not due. */
  readonly waiting: (since: string | undefined, refreshInterval: number) => void;
  /** A tick that has nothing to run. It counts that nothing is overdue, which differs from no data. */
  readonly idle: () => void;
  /** Whether the newest configuration is in force. */
  readonly config: (inForce: boolean) => void;
}

type Counted = (typeof functionMetrics)[keyof typeof functionMetrics];

/** The metrics of Powertools. */
interface Counter {
  addMetric(name: string, unit: Counted['unit'], value: number): unknown;
}

/**
 * Counts into Powertools, which writes one line for CloudWatch at the end of the invocation. Nothing is overdue before
 * its next tick, which can be `gap` milliseconds after the last one.
 */
export function measureWith(metrics: Counter, gap: number): Measure {
  const add = ({ name, unit }: Counted, value: number) => metrics.addMetric(name, unit, value);
  const waiting: Measure['waiting'] = (since, refreshInterval) => {
    const age = since === undefined ? undefined : ageOf(since);
    if (age === undefined) return;
    const late = age - Math.max(refreshInterval, gap);
    add(functionMetrics.overdue, Math.max(0, late / 1000));
  };
  return {
    cycle({ outcome, targets, durationMs, held, requests, loaded }, since, refreshInterval) {
      add(functionMetrics.failures, outcome === 'failed' ? 1 : 0);
      add(functionMetrics.held, held === undefined ? 0 : 1);
      const { pin, rejected } = loaded?.control ?? {};
      add(functionMetrics.pinned, pin === undefined ? 0 : 1);
      add(functionMetrics.rejected, rejected?.ids.length ?? 0);
      add(functionMetrics.duration, durationMs);
      if (requests !== undefined) add(functionMetrics.requests, requests);
      // A cycle that failed early or was superseded may know nothing about the list.
      if (outcome !== 'failed' && outcome !== 'superseded') add(functionMetrics.targets, targets);
      waiting(since, refreshInterval);
    },
    output({ outcome, durationMs, published }, since, refreshInterval) {
      add(functionMetrics.failures, outcome === 'failed' ? 1 : 0);
      add(functionMetrics.duration, durationMs);
      if (published !== undefined) add(functionMetrics.samples, published.samples);
      waiting(since, refreshInterval);
    },
    waiting,
    idle: () => add(functionMetrics.overdue, 0),
    config: (inForce) => add(functionMetrics.configErrors, inForce ? 0 : 1),
  };
}

/**
 * Milliseconds since a time (ISO 8601). Undefined for a time in the future, which a wrong clock wrote or this one has.
 */
export function ageOf(time: string, now = Date.now()): number | undefined {
  const age = now - Date.parse(time);
  return age >= 0 ? age : undefined;
}

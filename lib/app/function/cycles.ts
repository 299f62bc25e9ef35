import { setTimeout as sleep } from 'node:timers/promises';
import type { Loaded } from '../../discovery/load.ts';
import type { CycleResult } from '../../discovery/provider.ts';
import type { ObjectStore } from '../../store/store.ts';
import { statusKey } from '../../target/names.ts';
import type { Logger } from '../../telemetry/log.ts';
import { cycleOnce } from '../cycles.ts';
import type { AppProvider } from '../providers.ts';
import type { Measure } from './measure.ts';
import type { InvocationTime } from './time.ts';

export interface RunInput {
  readonly store: ObjectStore;
  readonly log: Logger;
  readonly time: InvocationTime;
  /** Milliseconds between two ticks. */
  readonly period: number;
  readonly configError?: string;
  readonly measure: Pick<Measure, 'cycle'>;
}

/** Runs a provider's cycles; see `createCycles`. */
export type RunCycles = (provider: AppProvider, input: RunInput) => Promise<readonly CycleResult[]>;

/**
 * Runs providers one at a time: a cycle, and where the provider's interval is shorter than the schedule's period
 * further ones until the next tick, as far as time allows. The list of the last provider is kept for the next
 * invocation, so that memory holds one.
 */
export function createCycles(): RunCycles {
  let kept: { readonly key: string; readonly loaded: Loaded } | undefined;

  const run = async (provider: AppProvider, input: RunInput): Promise<CycleResult> => {
    const { store, log, time, configError, measure } = input;
    const key = statusKey(provider);
    const warm = kept?.key === key ? kept.loaded : undefined;
    kept = undefined;
    const result = await cycleOnce(
      provider,
      { store, log, signal: time.signal },
      { listUntil: time.listUntil, ...(warm && { warm }), ...(configError !== undefined && { configError }) },
    );
    // After a cycle that did not end well the store is read anew.
    if (result.loaded !== undefined && result.outcome !== 'failed' && result.outcome !== 'superseded')
      kept = { key, loaded: result.loaded };
    measure.cycle(result, provider.refreshInterval);
    return result;
  };

  return async (provider, input) => {
    const results: CycleResult[] = [];
    for (let startAt = Date.now(); ; ) {
      await sleep(Math.max(0, startAt - Date.now()), undefined, { signal: input.time.signal });
      const result = await run(provider, input);
      results.push(result);
      const next = Math.max(startAt + provider.refreshInterval, Date.now());
      if (!fits(next, result.durationMs, provider.refreshInterval, input)) return results;
      startAt = next;
    }
  };
}

/** Whether a further cycle ends in time, and not so late that the next tick's cycle follows on its heels. */
function fits(
  startAt: number,
  lastTook: number,
  interval: number,
  { time, period }: Pick<RunInput, 'time' | 'period'>,
): boolean {
  const isBeforeTick = startAt + interval / 2 <= time.startedAt + period;
  return isBeforeTick && startAt + Math.max(1000, 1.5 * lastTook) <= time.listUntil.getTime();
}

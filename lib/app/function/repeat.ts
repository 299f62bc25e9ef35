import { setTimeout as sleep } from 'node:timers/promises';
import type { Ran, RunInput, Task } from './task.ts';

/**
 * Runs a task: a cycle, and where its interval is shorter than the schedule's period (milliseconds) further ones until
 * the next tick, as far as time allows.
 */
export async function runUntilTick(
  { refreshInterval, run }: Pick<Task<unknown>, 'refreshInterval' | 'run'>,
  period: number,
  input: RunInput,
): Promise<readonly Ran[]> {
  const { time } = input;
  const results: Ran[] = [];
  for (let startAt = Date.now(); ; ) {
    await sleep(Math.max(0, startAt - Date.now()), undefined, { signal: time.signal });
    const result = await run(input);
    results.push(result);
    const next = Math.max(startAt + refreshInterval, Date.now());
    // In time, and not so late that the next tick's cycle follows on its heels.
    const isBeforeTick = next + refreshInterval / 2 <= time.startedAt + period;
    const fits = next + Math.max(1000, 1.5 * result.durationMs) <= time.listUntil.getTime();
    if (!isBeforeTick || !fits) return results;
    startAt = next;
  }
}

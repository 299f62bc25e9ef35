import { mapConcurrent } from '../../http/concurrency.ts';
import type { Measure } from './measure.ts';
import { type Task, waitsSince } from './task.ts';
import { ageOf } from './time.ts';

export interface DueInput {
  /** Milliseconds between two ticks. */
  readonly period: number;
  readonly measure: Pick<Measure, 'waiting'>;
  readonly signal: AbortSignal;
}

/**
 * The tasks whose turn it is. One whose interval is longer than the schedule's period sits out the ticks between: the
 * store says when it was tried last. Half a period is conceded, since ticks and cycles are not on time to the second.
 * What is held comes round sooner. A time in the future is that of a wrong clock, here or there: it keeps nobody waiting.
 */
export async function selectDue<T extends Task<unknown>>(
  tasks: readonly T[],
  { period, measure, signal }: DueInput,
): Promise<readonly T[]> {
  const due = await mapConcurrent(tasks, 16, signal, async ({ refreshInterval, heldInterval, lastRun }) => {
    if (refreshInterval <= period) return true;
    const last = await lastRun(signal);
    if (last === undefined) return true;
    const interval = last.held ? Math.min(refreshInterval, heldInterval ?? refreshInterval) : refreshInterval;
    const age = ageOf(last.attempt);
    if (age === undefined || age >= interval - period / 2) return true;
    measure.waiting(waitsSince(last), refreshInterval);
    return false;
  });
  return tasks.filter((_, index) => due[index]);
}

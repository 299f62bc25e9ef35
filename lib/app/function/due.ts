import { readStatus } from '../../discovery/status.ts';
import { mapConcurrent } from '../../http/concurrency.ts';
import type { ObjectStore } from '../../store/store.ts';
import type { AppProvider } from '../providers.ts';
import type { Measure } from './measure.ts';

export interface DueInput {
  readonly store: ObjectStore;
  /** Milliseconds between two ticks. */
  readonly period: number;
  readonly measure: Pick<Measure, 'waiting'>;
  readonly signal: AbortSignal;
}

/**
 * The providers whose turn it is. One whose interval is longer than the schedule's period sits out the ticks between:
 * its status says when it was tried last. Half a period is conceded, since ticks and cycles are not on time to the second.
 */
export async function selectDue(
  providers: readonly AppProvider[],
  { store, period, measure, signal }: DueInput,
): Promise<readonly AppProvider[]> {
  const due = await mapConcurrent(providers, 16, signal, async (provider) => {
    if (provider.refreshInterval <= period) return true;
    const { status } = await readStatus(store, provider, signal);
    if (status === undefined) return true;
    const age = Date.now() - Date.parse(status.last_attempt);
    if (age >= provider.refreshInterval - period / 2) return true;
    measure.waiting(status.last_success, provider.refreshInterval);
    return false;
  });
  return providers.filter((_, index) => due[index]);
}

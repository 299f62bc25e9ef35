import { readStatus } from '../../discovery/status.ts';
import { mapConcurrent } from '../../http/concurrency.ts';
import type { ObjectStore } from '../../store/store.ts';
import type { AppProvider } from '../providers.ts';

/**
 * The providers whose turn it is. One whose interval is longer than the schedule's period sits out the ticks between:
 * its status says when it was tried last. Half a period is conceded, since ticks and cycles are not on time to the second.
 */
export async function selectDue(
  providers: readonly AppProvider[],
  {
    store,
    period,
    signal,
  }: { readonly store: ObjectStore; readonly period: number; readonly signal: AbortSignal },
): Promise<readonly AppProvider[]> {
  const due = await mapConcurrent(providers, 16, signal, async (provider) => {
    if (provider.refreshInterval <= period) return true;
    const { status } = await readStatus(store, provider, signal);
    if (status === undefined) return true;
    return Date.now() - Date.parse(status.last_attempt) >= provider.refreshInterval - period / 2;
  });
  return providers.filter((_, index) => due[index]);
}

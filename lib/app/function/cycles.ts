import type { Loaded } from '../../discovery/load.ts';
import type { CycleResult } from '../../discovery/provider.ts';
import type { ObjectStore } from '../../store/store.ts';
import { statusKey } from '../../target/names.ts';
import type { Logger } from '../../telemetry/log.ts';
import { cycleOnce } from '../cycles.ts';
import type { AppProvider } from '../providers.ts';
import type { RunInput } from './task.ts';

/** Runs a cycle of a provider; see `createCycles`. */
export type RunCycle = (provider: AppProvider, input: RunInput, hasOthers: boolean) => Promise<CycleResult>;

/**
 * Runs cycles, one at a time. The list of the last provider is kept for the next cycle, also that of another
 * invocation, so that memory holds one.
 */
export function createCycles({
  store,
  log,
}: {
  readonly store: ObjectStore;
  readonly log: Logger;
}): RunCycle {
  let kept: { readonly key: string; readonly loaded: Loaded } | undefined;

  return async (provider, { time, configError }, hasOthers) => {
    const key = statusKey(provider);
    const warm = kept?.key === key ? kept.loaded : undefined;
    kept = undefined;
    const result = await cycleOnce(
      provider,
      { store, log, signal: time.signal },
      {
        listUntil: time.listUntil,
        hasOthers,
        ...(warm && { warm }),
        ...(configError !== undefined && { configError }),
      },
    );
    // After a cycle that did not end well the store is read anew.
    if (result.loaded !== undefined && result.outcome !== 'failed' && result.outcome !== 'superseded')
      kept = { key, loaded: result.loaded };
    return result;
  };
}

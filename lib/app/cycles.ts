import { runCycle } from '../discovery/cycle.ts';
import type { CycleInput, CycleResult } from '../discovery/provider.ts';
import { findRetired, retireProvider } from '../discovery/retire.ts';
import { detailOf, toMusterError } from '../errors.ts';
import type { ObjectStore } from '../store/store.ts';
import type { ProviderId } from '../target/names.ts';
import type { LogFields, Logger } from '../telemetry/log.ts';
import type { AppProvider } from './providers.ts';
import { newRunId } from './run-id.ts';

export interface CyclesInput {
  readonly store: ObjectStore;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** One cycle of one provider, with a run of its own, told to the log. */
export async function cycleOnce(
  provider: AppProvider,
  { store, log, signal }: CyclesInput,
  options: Pick<CycleInput, 'warm' | 'dryRun' | 'onProgress' | 'listUntil' | 'configError'> = {},
): Promise<CycleResult> {
  const now = () => new Date();
  const result = await runCycle(provider, { store, signal, now, run: newRunId(now()), ...options });
  // That a cycle was cut short by our own end is no news.
  if (result.outcome !== 'failed' || !signal.aborted) logCycle(log, result);
  return result;
}

/** Which providers have a status in the store but are none of the configured ones. */
export async function findLeft(
  configured: readonly ProviderId[],
  { store, signal }: CyclesInput,
  mechanism?: string,
): Promise<readonly ProviderId[]> {
  const now = () => new Date();
  return findRetired({ store, signal, now, run: newRunId(now()) }, configured, mechanism);
}

/** Retires each of them; `missed` are those of which another run was first, to be tried again. */
export async function retireOthers(
  configured: readonly ProviderId[],
  { store, log, signal }: CyclesInput,
  mechanism?: string,
): Promise<{ readonly retired: readonly ProviderId[]; readonly missed: readonly ProviderId[] }> {
  const now = () => new Date();
  const input = { store, signal, now, run: newRunId(now()) };
  const retired: ProviderId[] = [];
  const missed: ProviderId[] = [];
  for (const id of await findRetired(input, configured, mechanism)) {
    if (await retireProvider(id, input)) {
      retired.push(id);
      log.info('retired: no longer in the configuration', { job: id.job, provider: id.provider });
    } else missed.push(id);
  }
  return { retired, missed };
}

/** Tells at debug what an error holds beside its message. */
export function logDetail(log: Logger, error: unknown, fields: LogFields): void {
  const detail = detailOf(error);
  if (detail !== undefined) log.debug('detail of the error', { ...fields, detail });
}

function logCycle(
  log: Logger,
  { job, provider, outcome, version, targets, durationMs, error, held }: CycleResult,
): void {
  const fields = { job, provider, outcome, version, targets, seconds: durationMs / 1000 };
  if (error !== undefined) {
    log.error(toMusterError(error).message, { ...fields, kind: error.kind });
    logDetail(log, error, { job, provider });
  } else if (held !== undefined) log.warn(held, fields);
  else if (outcome === 'unchanged' || outcome === 'dry-run') log.debug('cycle', fields);
  else log.info('cycle', fields);
}

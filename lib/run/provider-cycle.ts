import { detailOf, toMusterError } from '../base/errors.ts';
import type { LogFields, Logger } from '../base/logger.ts';
import { newRunId } from '../base/version.ts';
import { runCycle } from '../cycle/cycle.ts';
import type { CycleInput, CycleResult } from '../cycle/provider.ts';
import type { ObjectStore } from '../store/store.ts';
import { countChange } from '../targets/diff.ts';
import type { AppProvider } from './providers.ts';

/** What every cycle of a process is given. */
export interface CyclesInput {
  readonly store: ObjectStore;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Runs one cycle of one provider, with an id of its own, and logs the result. */
export async function cycleOnce(
  provider: AppProvider,
  { store, log, signal }: CyclesInput,
  options: Partial<CycleInput> = {},
): Promise<CycleResult> {
  const now = () => new Date();
  const result = await runCycle(provider, { store, signal, now, run: newRunId(now()), ...options });
  // A cycle that our own end cut short is not worth a line.
  if (result.outcome !== 'failed' || !signal.aborted) logCycle(log, result);
  return result;
}

/** Logs at debug what an error holds beside its message. */
export function logDetail(log: Logger, error: unknown, fields: LogFields): void {
  const detail = detailOf(error);
  if (detail !== undefined) log.debug('detail of the error', { ...fields, detail });
}

function logCycle(log: Logger, result: CycleResult): void {
  const { job, provider, outcome, version, targets, durationMs, error, held, confirmed, damaged } = result;
  const counts = result.change === undefined ? {} : countChange(result.change);
  const fields = { job, provider, outcome, version, targets, ...counts, seconds: durationMs / 1000 };
  for (const { message, isNew } of result.warnings ?? []) if (isNew) log.warn(message, { job, provider });
  if (damaged !== undefined) log.warn(`the store is damaged, the list is rebuilt: ${damaged}`, fields);
  if (confirmed !== undefined)
    log.warn(`${confirmed} targets left after they were held, without an operator`, fields);
  if (error !== undefined) {
    log.error(toMusterError(error).message, { ...fields, kind: error.kind, code: error.code });
    logDetail(log, error, { job, provider });
  } else if (held !== undefined) log.warn(`held: ${held.message}`, fields);
  else if (result.recovered === true) log.info('the cycle is good again', fields);
  else if (outcome === 'unchanged' || outcome === 'dry-run') log.debug('cycle', fields);
  else log.info('cycle', fields);
}

import * as z from 'zod';
import type { Mechanism, SdConfig } from '../backends/mechanism.ts';
import { mapConcurrent } from '../base/concurrency.ts';
import { errorData, isMusterError, type MusterError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { newRunId } from '../base/version.ts';
import type { Loaded } from '../cycle/load.ts';
import { resolveNames } from '../cycle/naming.ts';
import { checkOwnership } from '../cycle/ownership.ts';
import type { CycleResult } from '../cycle/provider.ts';
import { listProviders, readStatus, type StoredStatus, writeStatus } from '../cycle/status.ts';
import { cycleOnce } from '../run/provider-cycle.ts';
import type { AppProvider } from '../run/providers.ts';
import { retireLeft } from '../run/retirement.ts';
import { heldInterval } from '../run/slots.ts';
import type { ObjectStore } from '../store/store.ts';
import { isProviderName, type ProviderId, statusKey } from '../targets/keys.ts';
import { defineHandler } from './handler.ts';
import { type BackendConfig, readFunctionConfig } from './read-config.ts';
import type { LastRun, RunInput, Task, Work, WorkInput } from './task.ts';

/** The handler of a mechanism's function. */
export function defineFunction<Config extends SdConfig>(mechanism: Mechanism<Config>) {
  const { name } = mechanism;
  return defineHandler({
    name,
    read: (text, input) => readFunctionConfig(text, mechanism, input),
    work: (input) => providerWork(name, input),
  });
}

/** The function of a mechanism: the cycles of its providers. */
export function providerWork(
  mechanism: string,
  { store, log, measure }: WorkInput,
): Work<BackendConfig, ProviderId> {
  const runCycle = createCycles({ store, log });
  let named: { readonly etag: string; readonly providers: readonly AppProvider[] } | undefined;
  const providerId = z.strictObject({
    job: z.string().min(1),
    provider: z.string().refine((name) => isProviderName(name, mechanism)),
  });
  return {
    what: `provider of ${mechanism}`,
    event: { schema: providerId, example: '{"job": "…", "provider": "consul-0"}' },
    async prepare(config, signal) {
      // A name stays, so that the store is asked once for each configuration.
      if (named?.etag !== config.etag) {
        // What other mechanisms' providers list is unknown here; a function without providers goes by their job names.
        const own = config.providers.length > 0;
        const known = own ? config.providers : config.configured;
        await checkOwnership(known, { store, signal, owner: config.owner, ...(own && { mechanism }) });
        const resolved = await resolveNames(config.providers, { store, signal });
        named = { etag: config.etag, providers: resolved.map(({ stored: _, ...provider }) => provider) };
      }
      const others = config.configured.filter(({ provider }) => !isProviderName(provider, mechanism));
      return { ...config, providers: named.providers, configured: [...named.providers, ...others] };
    },
    tasksOf: ({ providers, configured }) =>
      providers.map((one) => taskOf(one, runCycle, { store, measure, hasOthers: configured.length > 1 })),
    async retire({ configured, retireRules }, input) {
      const { retired, waiting, missed } = await retireLeft(configured, retireRules, input, mechanism);
      // What is held may go as soon as its successor has published, or an operator has accepted.
      const held = waiting.filter(({ state }) => state === 'held');
      return {
        retired: retired.map(({ job, provider }) => ({ job, provider })),
        missed: [...missed, ...held],
      };
    },
    reportNoConfig: (error, signal) => markStatuses(store, mechanism, error, signal),
  };
}

function taskOf(
  one: AppProvider,
  runCycle: RunCycle,
  { store, measure, hasOthers }: Pick<WorkInput, 'store' | 'measure'> & { readonly hasOthers: boolean },
): Task<ProviderId> {
  const { job, provider, refreshInterval } = one;
  return {
    id: { job, provider },
    refreshInterval,
    heldInterval: heldInterval(one.guard.confirm_after),
    async lastRun(signal): Promise<LastRun | undefined> {
      const { status } = await readStatus(store, one, signal);
      if (status === undefined) return undefined;
      const { first_attempt: firstAttempt, last_attempt: attempt, last_success: success } = status;
      return { firstAttempt, attempt, success, held: status.held !== undefined };
    },
    async run(input) {
      const result = await runCycle(one, input, hasOthers);
      const { outcome, version, durationMs, error } = result;
      measure.cycle(result, result.lastSuccess ?? result.firstAttempt, refreshInterval);
      return { answer: { job, provider, outcome, version }, durationMs, error };
    },
  };
}

/** Runs a cycle of a provider; see `createCycles`. */
type RunCycle = (provider: AppProvider, input: RunInput, hasOthers: boolean) => Promise<CycleResult>;

/**
 * Runs cycles, one at a time. The list of the last provider is kept for the next cycle, also that of another
 * invocation, so that memory holds one.
 */
function createCycles({ store, log }: { readonly store: ObjectStore; readonly log: Logger }): RunCycle {
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
        warm,
        configError,
      },
    );
    // After a cycle that did not end well the store is read again.
    if (result.loaded !== undefined && result.outcome !== 'failed' && result.outcome !== 'superseded')
      kept = { key, loaded: result.loaded };
    return result;
  };
}

/**
 * Writes into the status of each of a mechanism's providers that there is no configuration to run them by. Without a
 * configuration only the store knows which providers there are.
 */
async function markStatuses(
  store: ObjectStore,
  mechanism: string,
  error: MusterError,
  signal: AbortSignal,
): Promise<void> {
  const run = newRunId(new Date());
  const all = await listProviders({ store, signal });
  const ids = all.filter(({ provider }) => provider.startsWith(`${mechanism}-`));
  await mapConcurrent(ids, 8, signal, async (id) => {
    const { status, etag } = await readStatus(store, id, signal).catch(unlessNewer);
    if (status === undefined) return;
    const failure = {
      run,
      last_attempt: new Date().toISOString(),
      duration_seconds: 0,
      error: errorData(error),
      config_error: error.message,
      failures: status.failures + 1,
    };
    await writeStatus(id, { ...status, ...failure }, etag, { store, signal });
  });
}

/** What a later Muster wrote is not touched. */
function unlessNewer(error: unknown): StoredStatus {
  if (isMusterError(error, 'newer')) return { status: undefined, etag: undefined };
  throw error;
}

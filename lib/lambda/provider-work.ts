import * as z from 'zod';
import type { Mechanism, SdConfig } from '../backends/mechanism.ts';
import { mapConcurrent } from '../base/concurrency.ts';
import { errorData, isMusterError, type MusterError } from '../base/errors.ts';
import { newRunId } from '../base/version.ts';
import type { Loaded } from '../cycle/load.ts';
import { resolveNames } from '../cycle/naming.ts';
import { checkOwnership } from '../cycle/ownership.ts';
import { listProviders, readStatus, type StoredStatus, writeStatus } from '../cycle/status.ts';
import { cycleOnce } from '../run/provider-cycle.ts';
import type { AppProvider } from '../run/providers.ts';
import { retireLeft } from '../run/retirement.ts';
import { heldInterval } from '../run/slots.ts';
import { functionLimits, type GroupLimits, groupsOf, runTogether } from '../run/together.ts';
import type { ObjectStore } from '../store/store.ts';
import { isProviderName, type ProviderId, statusKey } from '../targets/keys.ts';
import { defineHandler } from './handler.ts';
import { type BackendConfig, readFunctionConfig } from './read-config.ts';
import type { LastRun, RunInput, Task, TaskResult, Work, WorkInput } from './task.ts';

/** The handler of a mechanism's function. */
export function defineFunction<Config extends SdConfig>(mechanism: Mechanism<Config>) {
  const { name } = mechanism;
  return defineHandler({
    name,
    read: (text, input) => readFunctionConfig(text, mechanism, input),
    work: (input) =>
      providerWork(name, input, functionLimits(Number(process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE))),
  });
}

/** Milliseconds until unknown sizes are read again. */
const lookAgainAfter = 5 * 60_000;

/** The providers under their names in the store, and the number of targets of each. */
interface NamedProviders {
  readonly etag: string;
  readonly at: number;
  readonly providers: readonly AppProvider[];
  readonly sizes: ReadonlyMap<string, number>;
}

/** The function of a mechanism: the cycles of its providers. */
export function providerWork(
  mechanism: string,
  { store, log, measure }: WorkInput,
  limits: GroupLimits = functionLimits(Number.NaN),
): Work<BackendConfig, ProviderId> {
  const runCycles = createCycles({ store, log, measure });
  let named: NamedProviders | undefined;
  const isKnown = (known: NamedProviders, etag: string) =>
    known.etag === etag &&
    (known.sizes.size === known.providers.length || Date.now() - known.at < lookAgainAfter);
  const providerId = z.strictObject({
    job: z.string().min(1),
    provider: z.string().refine((name) => isProviderName(name, mechanism)),
  });
  return {
    what: `provider of ${mechanism}`,
    event: { schema: providerId, example: '{"job": "…", "provider": "consul-0"}' },
    async prepare(config, signal) {
      // A name stays, so that the store is asked once for each configuration, except for sizes that it did not know.
      if (named === undefined || !isKnown(named, config.etag)) {
        // This function does not know what the providers of other mechanisms list. Without its own providers it uses
        // job names.
        const own = config.providers.length > 0;
        const known = own ? config.providers : config.configured;
        await checkOwnership(known, { store, signal, owner: config.owner, ...(own && { mechanism }) });
        const resolved = await resolveNames(config.providers, { store, signal });
        const sizes = resolved.flatMap((one): [string, number][] => {
          const status = one.stored?.status;
          return status?.last_success === undefined ? [] : [[statusKey(one), status.targets]];
        });
        named = {
          ...{ etag: config.etag, at: Date.now(), sizes: new Map(sizes) },
          providers: resolved.map(({ stored: _, ...provider }) => provider),
        };
      }
      const others = config.configured.filter(({ provider }) => !isProviderName(provider, mechanism));
      return { ...config, providers: named.providers, configured: [...named.providers, ...others] };
    },
    tasksOf({ providers, configured }) {
      const hasOthers = configured.length > 1;
      // A provider that was never listed may be large: it runs alone.
      const targetsOf = (one: AppProvider) => named?.sizes.get(statusKey(one)) ?? Number.POSITIVE_INFINITY;
      return groupsOf(providers, targetsOf, limits).flatMap((group, number) =>
        group.map((one) => ({
          ...taskOf(one, runCycles, { store, hasOthers }),
          group: group.length > 1 ? String(number) : undefined,
        })),
      );
    },
    async runTogether(ids, { providers, configured }, input) {
      const keys = new Set(ids.map(statusKey));
      const wanted = providers.filter((one) => keys.has(statusKey(one)));
      return runCycles(wanted, input, configured.length > 1);
    },
    async retire({ configured, retireRules }, input) {
      const { retired, waiting, missed } = await retireLeft(configured, retireRules, input, mechanism);
      // A held retirement may go as soon as its successor has published, or an operator has accepted.
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
  runCycles: RunCycles,
  { store, hasOthers }: Pick<WorkInput, 'store'> & { readonly hasOthers: boolean },
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
    run: (input) => runCycles([one], input, hasOthers),
  };
}

/** Runs a cycle of each provider, side by side; see `createCycles`. */
type RunCycles = (
  providers: readonly AppProvider[],
  input: RunInput,
  hasOthers: boolean,
) => Promise<readonly TaskResult[]>;

/**
 * Runs cycles, one group at a time. The lists of the last group are kept for the next cycles, also those of another
 * invocation, so that memory holds those of one.
 */
function createCycles({ store, log, measure }: WorkInput): RunCycles {
  let kept: ReadonlyMap<string, Loaded> = new Map();

  return async (providers, { time, configError }, hasOthers) => {
    const keys = new Set(providers.map(statusKey));
    const warm = new Map([...kept].filter(([key]) => keys.has(key)));
    kept = new Map();
    const next = new Map<string, Loaded>();
    const cycles = runTogether(providers, async ({ provider: one, beforeListing }) => {
      const key = statusKey(one);
      const last = warm.get(key);
      warm.delete(key);
      const result = await cycleOnce(
        one,
        { store, log, signal: time.signal },
        { listUntil: time.listUntil, hasOthers, warm: last, configError, beforeListing },
      );
      const { job, provider, outcome, version, loaded, durationMs, error } = result;
      // After a failed cycle the store is read again.
      if (loaded !== undefined && outcome !== 'failed' && outcome !== 'superseded') next.set(key, loaded);
      measure.cycle(result, result.lastSuccess ?? result.firstAttempt, one.refreshInterval);
      return { answer: { job, provider, outcome, version }, durationMs, error };
    });
    const results = await Promise.all(cycles);
    kept = next;
    return results;
  };
}

/** Writes into the status of each provider of a mechanism that there is no configuration for it. Without a
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

/** A status that a later Muster wrote stays as it is. */
function unlessNewer(error: unknown): StoredStatus {
  if (isMusterError(error, 'newer')) return { status: undefined, etag: undefined };
  throw error;
}

import * as z from 'zod';
import { resolveNames } from '../../discovery/naming.ts';
import { checkOwnership } from '../../discovery/ownership.ts';
import { readStatus } from '../../discovery/status.ts';
import { isProviderName, type ProviderId } from '../../target/names.ts';
import type { AppProvider } from '../providers.ts';
import { retireLeft } from '../retirement.ts';
import { heldInterval } from '../slots.ts';
import { createCycles, type RunCycle } from './cycles.ts';
import { markStatuses } from './mark-statuses.ts';
import type { BackendConfig } from './read-config.ts';
import type { LastRun, Task, Work, WorkInput } from './task.ts';

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
        // What the providers of other mechanisms list is not known here; where it has none of its own, their jobs tell.
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
    tellNoConfig: (error, signal) => markStatuses(store, mechanism, error, signal),
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
      return { answer: { job, provider, outcome, version }, durationMs, ...(error && { error }) };
    },
  };
}

import * as z from 'zod';
import { resolveNames } from '../../discovery/naming.ts';
import { checkOwnership } from '../../discovery/ownership.ts';
import { readStatus } from '../../discovery/status.ts';
import { isProviderName, type ProviderId } from '../../target/names.ts';
import type { AppProvider } from '../providers.ts';
import { retireLeft } from '../retirement.ts';
import { createCycles } from './cycles.ts';
import { markStatuses } from './mark-statuses.ts';
import type { BackendConfig } from './read-config.ts';
import type { Work, WorkInput } from './task.ts';

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
        await checkOwnership(config.configured, { store, signal, owner: config.owner });
        const resolved = await resolveNames(config.providers, { store, signal });
        named = { etag: config.etag, providers: resolved.map(({ stored: _, ...provider }) => provider) };
      }
      const others = config.configured.filter(({ provider }) => !isProviderName(provider, mechanism));
      return { ...config, providers: named.providers, configured: [...named.providers, ...others] };
    },
    tasksOf: ({ providers, configured }) =>
      providers.map((one) => ({
        id: { job: one.job, provider: one.provider },
        refreshInterval: one.refreshInterval,
        async lastRun(signal) {
          const { status } = await readStatus(store, one, signal);
          return status && { attempt: status.last_attempt, success: status.last_success };
        },
        async run(input) {
          const result = await runCycle(one, input, configured.length > 1);
          measure.cycle(result, one.refreshInterval);
          const { job, provider, outcome, version, durationMs, error } = result;
          return { answer: { job, provider, outcome, version }, durationMs, ...(error && { error }) };
        },
      })),
    async retire({ configured, retireRules }, input) {
      const { retired, missed } = await retireLeft(configured, retireRules, input, mechanism);
      return { retired: retired.map(({ job, provider }) => ({ job, provider })), missed };
    },
    tellNoConfig: (error, signal) => markStatuses(store, mechanism, error, signal),
  };
}

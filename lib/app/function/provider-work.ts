import * as z from 'zod';
import { readStatus } from '../../discovery/status.ts';
import type { ProviderId } from '../../target/names.ts';
import { retireOthers } from '../cycles.ts';
import { createCycles } from './cycles.ts';
import { markStatuses } from './mark-statuses.ts';
import type { BackendConfig } from './read-config.ts';
import type { Work, WorkInput } from './task.ts';

const providerId = z.strictObject({
  job: z.string().min(1),
  provider: z.string().regex(/^[a-z][a-z0-9]*-(?:0|[1-9]\d{0,5})$/),
});

/** The function of a mechanism: the cycles of its providers. */
export function providerWork(
  mechanism: string,
  { store, log, measure }: WorkInput,
): Work<BackendConfig, ProviderId> {
  const runCycle = createCycles({ store, log });
  return {
    what: `provider of ${mechanism}`,
    event: { schema: providerId, example: '{"job": "…", "provider": "consul-0"}' },
    tasksOf: ({ providers }) =>
      providers.map((one) => ({
        id: { job: one.job, provider: one.provider },
        refreshInterval: one.refreshInterval,
        async lastRun(signal) {
          const { status } = await readStatus(store, one, signal);
          return status && { attempt: status.last_attempt, success: status.last_success };
        },
        async run(input) {
          const result = await runCycle(one, input);
          measure.cycle(result, one.refreshInterval);
          const { job, provider, outcome, version, durationMs, error } = result;
          return { answer: { job, provider, outcome, version }, durationMs, ...(error && { error }) };
        },
      })),
    async retire({ configured }, input) {
      const { retired, missed } = await retireOthers(configured, input, mechanism);
      return { retired: retired.map(({ job, provider }) => ({ job, provider })), missed };
    },
    tellNoConfig: (error, signal) => markStatuses(store, mechanism, error, signal),
  };
}

import * as z from 'zod';
import { readStatus } from '../../discovery/status.ts';
import type { ProviderId } from '../../target/names.ts';
import { retireOthers } from '../cycles.ts';
import type { AppProvider } from '../providers.ts';
import { createCycles, type RunCycle } from './cycles.ts';
import { markStatuses } from './mark-statuses.ts';
import type { BackendConfig } from './read-config.ts';
import { type LastRun, type RunInput, type Task, type Work, type WorkInput, waitsSince } from './task.ts';

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
    tasksOf: ({ providers }) => providers.map((one) => taskOf(one, runCycle, { store, measure })),
    async retire({ configured }, input) {
      const { retired, missed } = await retireOthers(configured, input, mechanism);
      return { retired: retired.map(({ job, provider }) => ({ job, provider })), missed };
    },
    tellNoConfig: (error, signal) => markStatuses(store, mechanism, error, signal),
  };
}

function taskOf(
  one: AppProvider,
  runCycle: RunCycle,
  { store, measure }: Pick<WorkInput, 'store' | 'measure'>,
): Task<ProviderId> {
  const { job, provider, refreshInterval } = one;
  const lastRun = async (signal: AbortSignal): Promise<LastRun | undefined> => {
    const { status } = await readStatus(store, one, signal);
    if (status === undefined) return undefined;
    const { first_attempt: firstAttempt, last_attempt: attempt, last_success: success } = status;
    return { firstAttempt, attempt, success };
  };
  return {
    id: { job, provider },
    refreshInterval,
    lastRun,
    async run(input) {
      const result = await runCycle(one, input);
      const { outcome, version, durationMs, error } = result;
      measure.cycle(result, result.lastSuccess ?? (await waits(input)), refreshInterval);
      return { answer: { job, provider, outcome, version }, durationMs, ...(error && { error }) };
    },
  };

  /** Of a cycle that knows of no success. That the status is not to be had either is no news. */
  async function waits({ time }: RunInput): Promise<string | undefined> {
    const last = await lastRun(time.signal).catch(() => undefined);
    return last && waitsSince(last);
  }
}

import * as z from 'zod';
import { kubeStateConfig } from '../kube-state/options.ts';
import type { KubeStateOutput } from '../kube-state/publish.ts';
import { readOutputStatus } from '../kube-state/status.ts';
import { readListed, retireOutputs } from '../kube-state/stored.ts';
import { type OutputResult, outputOnce } from '../run/kube-state-cycle.ts';
import { bindOutputs } from '../run/kube-state-outputs.ts';
import { isMetricsName } from '../targets/keys.ts';
import { defineHandler } from './handler.ts';
import { type FunctionConfig, parseOwn, type ReadConfigInput } from './read-config.ts';
import type { Task, Work, WorkInput } from './task.ts';

/** The handler of the function of kube state. */
export function defineKubeState() {
  return defineHandler({ name: 'kube-state', read: readKubeStateConfig, work: kubeStateWork });
}

/** An output by the name of its object, as in `prod` or, of a shard, `prod.1`. */
const outputId = z.strictObject({ output: z.string().refine(isMetricsName) });
type OutputId = z.output<typeof outputId>;

/** The function of kube state: the cycles of its outputs, each shard by itself. */
export function kubeStateWork(given: WorkInput): Work<KubeStateFunctionConfig, OutputId> {
  const firstAttempts = new Map<string, string>();
  return {
    what: 'kube-state output',
    event: { schema: outputId, example: '{"output": "prod"}' },
    tasksOf: ({ outputs }) => outputs.map((output) => taskOf(output, firstAttempts, given)),
    async retire(config, input) {
      const { retired, leaving } = await retireOutputs(config, input);
      const idOf = (output: string): OutputId => ({ output });
      return { retired: retired.map(idOf), missed: leaving.map(({ output }) => idOf(output)) };
    },
    // The published text has its own age.
    reportNoConfig: async () => undefined,
  };
}

/** An output has no status: of one that was never published this process alone knows when it was tried first. */
function taskOf(
  output: KubeStateOutput,
  firstAttempts: Map<string, string>,
  { store, log, measure }: WorkInput,
): Task<OutputId> {
  const { object, refreshInterval } = output;
  const listedAt = async (signal: AbortSignal) =>
    (await readListed(object, { store, signal }))?.toISOString();
  return {
    id: { output: object },
    refreshInterval,
    async lastRun(signal) {
      const listed = await listedAt(signal);
      const { status } = await readOutputStatus(store, object, signal);
      // A held text was listed too.
      const attempt = status?.held === undefined ? listed : status.last_attempt;
      return attempt === undefined ? undefined : { attempt, success: listed };
    },
    async run({ time }) {
      const { signal, listUntil } = time;
      const firstAttempt = firstAttempts.get(object) ?? new Date(time.startedAt).toISOString();
      firstAttempts.set(object, firstAttempt);
      const result = await outputOnce(output, { store, log, signal }, listUntil);
      // A failed cycle does not know how old the remaining text is. Where that cannot be read either, the cycle's error
      // says enough.
      const listed = async () => (await listedAt(signal)) ?? firstAttempt;
      const isPublished = result.published !== undefined && result.outcome !== 'held';
      const since = isPublished ? new Date().toISOString() : await listed().catch(() => undefined);
      measure.output(result, since, refreshInterval);
      const { durationMs, error } = result;
      return [{ answer: answerOf(result), durationMs, error }];
    },
  };
}

function answerOf({ output, outcome, published }: OutputResult): object {
  if (published === undefined) return { output, outcome };
  const { objects, samples, bytes } = published;
  return { output, outcome, objects, samples, bytes };
}

/** The part of a configuration that concerns the function of kube state. */
export interface KubeStateFunctionConfig extends FunctionConfig {
  readonly outputs: readonly KubeStateOutput[];
}

/**
 * Reads a configuration for the function of kube state. The stanzas of all mechanisms are counted but not parsed.
 * Throws a ConfigError, also if the file names another store.
 */
export function readKubeStateConfig(text: string, input: ReadConfigInput): KubeStateFunctionConfig {
  const { config, isEmpty } = parseOwn(text, { mechanisms: [], kubeState: kubeStateConfig }, input);
  return { outputs: bindOutputs(config.kube_state_metrics, input), isEmpty };
}

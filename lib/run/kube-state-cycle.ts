import { type MusterError, toMusterError } from '../base/errors.ts';
import { type KubeStateOutput, type Published, publishOutput } from '../kube-state/publish.ts';
import { type CyclesInput, logDetail } from './provider-cycle.ts';

/** How the cycle of an output ended. */
export interface OutputResult {
  /** Name of the object, as in `prod` or, of a shard, `prod.1`. */
  readonly output: string;
  /** As of publishing; `failed`: see the error; what was published before stays. */
  readonly outcome: Published['outcome'] | 'failed';
  readonly durationMs: number;
  /** What publishing came to, where it did not fail. */
  readonly published?: Published;
  readonly error?: MusterError | undefined;
}

/** Lists and publishes one output, and logs the result. Never throws. */
export async function outputOnce(
  output: KubeStateOutput,
  { store, log, signal }: CyclesInput,
  listUntil?: Date,
): Promise<OutputResult> {
  const started = Date.now();
  const end = (rest: Pick<OutputResult, 'outcome' | 'published' | 'error'>): OutputResult => ({
    output: output.object,
    durationMs: Date.now() - started,
    ...rest,
  });
  try {
    const bounded = { ...output, render: (until: AbortSignal) => output.render(until, listUntil) };
    const published = await publishOutput(bounded, { store, signal });
    const { outcome, objects, samples, bytes, held, confirmed, recovered } = published;
    const result = end({ outcome, published });
    const seconds = result.durationMs / 1000;
    const fields = { output: output.object, outcome, objects, samples, bytes, seconds };
    if (held !== undefined) log.warn(held, fields);
    else if (confirmed !== undefined) log.warn(`published without anybody's word: ${confirmed}`, fields);
    else log.info(recovered === true ? 'the kube-state cycle is good again' : 'kube-state cycle', fields);
    return result;
  } catch (cause) {
    const error = toMusterError(cause);
    // A cycle that our own end cut short is not worth a line.
    if (!signal.aborted) {
      const { kind, code, message } = error;
      log.error(message, { output: output.object, outcome: 'failed', kind, code });
      logDetail(log, error, { output: output.object });
    }
    return end({ outcome: 'failed', error });
  }
}

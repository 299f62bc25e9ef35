import type { CycleResult, Outcome } from '../../discovery/provider.ts';
import { MusterError, toMusterError } from '../../errors.ts';
import type { ObjectStore } from '../../store/store.ts';
import type { ProviderId } from '../../target/names.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { ConfigInForce } from './config-source.ts';
import { createCycles } from './cycles.ts';
import { selectDue } from './due.ts';
import { readEvent } from './event.ts';
import { fanOut, type InvokeSelf } from './fan-out.ts';
import { markStatuses } from './mark-statuses.ts';
import type { Measure } from './measure.ts';
import { createRetirement } from './retirement.ts';
import type { InvocationTime } from './time.ts';

/** What the invocations of one process share. */
export interface InvocationsInput {
  readonly mechanism: string;
  readonly store: ObjectStore;
  /** Milliseconds between two ticks. */
  readonly period: number;
  readonly currentConfig: (signal: AbortSignal) => Promise<ConfigInForce>;
  readonly log: Logger;
  readonly measure: Measure;
}

/** What an invocation did, for whoever reads its answer. */
export interface InvocationResult {
  readonly cycles: readonly (ProviderId & { readonly outcome: Outcome; readonly version: number })[];
  readonly started: readonly ProviderId[];
  readonly retired: readonly ProviderId[];
  readonly config_error?: string;
}

/** One invocation; see `createInvocations`. */
export type Invoke = (
  event: unknown,
  invocation: { readonly time: InvocationTime; readonly invokeSelf: InvokeSelf },
) => Promise<InvocationResult>;

/**
 * Runs the function of one mechanism, invocation by invocation. A tick runs a single provider in place and starts an
 * invocation for each of several; it retires those that left. Throws at the end what failed, so that the invocation
 * counts as failed.
 */
export function createInvocations(input: InvocationsInput): Invoke {
  const { mechanism, store, period, log, measure } = input;
  const runCycles = createCycles();
  const retire = createRetirement(mechanism);
  const verify = once(() => store.verify());

  return async (event, { time, invokeSelf }) => {
    const asked = readEvent(event);
    const { signal } = time;
    const config = await loadConfig(input, signal);
    await verify();

    const due = asked === undefined ? await dueOf(config, input, signal) : select(config, asked, log);
    const inPlace = asked !== undefined || due.length === 1;
    const cycleInput = {
      ...{ store, log, time, period, measure },
      ...(config.error && { configError: config.error.message }),
    };
    const [results, failedStarts, retirement] = await Promise.all([
      inPlace ? inOrder(due, (provider) => runCycles(provider, cycleInput)) : [],
      inPlace ? [] : fanOut(due, invokeSelf, signal),
      attempt(asked === undefined ? retire(config, { store, log, signal }) : []),
    ]);
    const errors = [...results.map(({ error }) => error), ...failedStarts, retirement.error];
    throwFailed(errors.filter((error) => error !== undefined));
    return {
      cycles: results.map(({ job, provider, outcome, version }) => ({ job, provider, outcome, version })),
      started: inPlace ? [] : due.map(({ job, provider }) => ({ job, provider })),
      retired: retirement.value ?? [],
      ...(config.error && { config_error: config.error.message }),
    };
  };
}

/** The configuration in force; what is wrong with the newest one is told to log and metrics, and to the statuses. */
async function loadConfig(
  { mechanism, store, currentConfig, log, measure }: InvocationsInput,
  signal: AbortSignal,
): Promise<ConfigInForce> {
  try {
    const config = await currentConfig(signal);
    measure.config(config.error === undefined && config.configured.length > 0);
    if (config.error !== undefined)
      log.error(`the last good configuration stays in force: ${config.error.message}`, {
        kind: config.error.kind,
      });
    else if (config.configured.length === 0)
      log.error('the configuration has no provider: nothing is listed, and nothing is retired');
    return config;
  } catch (cause) {
    measure.config(false);
    const error = toMusterError(cause);
    await markStatuses(store, mechanism, error, signal).catch((again: unknown) =>
      log.error(`no status could be written: ${toMusterError(again).message}`),
    );
    throw error;
  }
}

async function dueOf(
  { providers }: ConfigInForce,
  { store, period, mechanism, log, measure }: InvocationsInput,
  signal: AbortSignal,
) {
  if (providers.length === 0) {
    log.info(`no provider of ${mechanism} is configured`);
    measure.idle();
  }
  return selectDue(providers, { store, period, measure, signal });
}

/** A provider that left the configuration since it was asked for is none of this invocation's business. */
function select({ providers }: ConfigInForce, asked: ProviderId, log: Logger) {
  const found = providers.filter(({ job, provider }) => job === asked.job && provider === asked.provider);
  if (found.length === 0) log.info('not in the configuration any more', { ...asked });
  return found;
}

async function inOrder<P>(
  providers: readonly P[],
  run: (provider: P) => Promise<readonly CycleResult[]>,
): Promise<readonly CycleResult[]> {
  const results: CycleResult[] = [];
  for (const provider of providers) results.push(...(await run(provider)));
  return results;
}

async function attempt<T>(
  work: Promise<T> | T,
): Promise<{ readonly value?: T; readonly error?: MusterError }> {
  try {
    return { value: await work };
  } catch (error) {
    return { error: toMusterError(error) };
  }
}

function throwFailed(errors: readonly MusterError[]): void {
  const [first] = errors;
  if (first === undefined) return;
  const others = errors.length === 1 ? '' : ` (and ${errors.length - 1} more errors in this invocation)`;
  throw new MusterError(first.kind, `${first.message}${others}`, { cause: first });
}

/** Does the work until it has succeeded once. */
function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return async () => {
    done ??= work().catch((error: unknown) => {
      done = undefined;
      throw error;
    });
    await done;
  };
}

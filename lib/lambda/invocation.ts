import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { mapConcurrent, once } from '../base/concurrency.ts';
import { MusterError, toMusterError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { CyclesInput } from '../run/provider-cycle.ts';
import type { ObjectStore } from '../store/store.ts';
import type { InForce } from './config-source.ts';
import { ageOf, type Measure } from './measure.ts';
import type { FunctionConfig } from './read-config.ts';
import {
  fanOut,
  type InvocationTime,
  type InvokeSelf,
  type RunInput,
  readEvent,
  type Task,
  type TaskResult,
  type Work,
  waitsSince,
} from './task.ts';

/** The state that the invocations of a process share. */
export interface InvocationsInput<Config extends FunctionConfig, Id extends object> {
  readonly work: Work<Config, Id>;
  readonly store: ObjectStore;
  /** Milliseconds between two ticks. */
  readonly period: number;
  readonly currentConfig: (signal: AbortSignal) => Promise<InForce<Config>>;
  readonly log: Logger;
  readonly measure: Measure;
  /** The clock for extra cycles. Default: the machine's. */
  readonly clock?: Clock | undefined;
}

/** The time between the cycles of one invocation. */
export interface Clock {
  /** Milliseconds of Unix time. */
  readonly now: () => number;
  /** Waits for a number of milliseconds. Throws when the signal fires. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

const machineClock: Clock = {
  now: Date.now,
  sleep: (ms, signal) => sleep(ms, undefined, { signal }),
};

/** What an invocation did: its answer. */
interface InvocationResult<Id> {
  /** The ID and outcome of each task that ran in this invocation. */
  readonly cycles: readonly object[];
  readonly started: readonly Id[];
  readonly retired: readonly Id[];
  readonly config_error?: string | undefined;
}

/** One invocation; see `createInvocations`. */
export type Invoke<Id> = (
  event: unknown,
  invocation: { readonly time: InvocationTime; readonly invokeSelf: InvokeSelf },
) => Promise<InvocationResult<Id>>;

/**
 * Runs a function, invocation by invocation. A tick runs a single group of tasks in place and starts an invocation for
 * each of several; it retires providers that left. Throws the failures at the end, so that the invocation counts as
 * failed.
 */
export function createInvocations<Config extends FunctionConfig, Id extends object>(
  input: InvocationsInput<Config, Id>,
): Invoke<Id> {
  const { work, store, period, log, clock = machineClock } = input;
  const retire = createRetirement(work);
  const verify = once(() => store.verify());

  return async (event, { time, invokeSelf }) => {
    const wanted = readEvent(event, work.event);
    const { signal } = time;
    const loaded = await loadConfig(input, signal);
    await verify();
    const config = (await work.prepare?.(loaded, signal)) ?? loaded;

    const tasks = work.tasksOf(config);
    const due = wanted === undefined ? await dueOf(tasks, input, signal) : select(tasks, wanted, log);
    // Providers that one event names run together, even if this process would split them by size.
    const groups =
      wanted === undefined ? [...Map.groupBy(due, (task) => task.group ?? task).values()] : [due];
    const inPlace = wanted !== undefined || groups.length === 1;
    const runInput = { time, configError: config.error?.message };
    const runs = (tasks: readonly Task<Id>[]) =>
      runUntilTick(runsOf(tasks, work, config), { period, clock }, runInput);
    const [results, failedStarts, retirement] = await Promise.all([
      inPlace ? inOrder(groups, runs) : [],
      inPlace ? [] : fanOut(groups.map(idsOf), invokeSelf, signal),
      attempt(wanted === undefined ? retire(config, { store, log, signal }) : []),
    ]);
    const errors = [...results.map(({ error }) => error), ...failedStarts, retirement.error];
    throwFailed(errors.filter((error) => error !== undefined));
    return {
      cycles: results.map(({ answer }) => answer),
      started: inPlace ? [] : idsOf(due),
      retired: retirement.value ?? [],
      config_error: config.error?.message,
    };
  };
}

/** The configuration in force. Log, metrics and store say what is wrong with a newer one. */
async function loadConfig<Config extends FunctionConfig, Id extends object>(
  { work, currentConfig, log, measure }: InvocationsInput<Config, Id>,
  signal: AbortSignal,
): Promise<InForce<Config>> {
  try {
    const config = await currentConfig(signal);
    measure.config(config.error === undefined && !config.isEmpty);
    if (config.error !== undefined)
      log.error(`the last good configuration stays in force: ${config.error.message}`, {
        kind: config.error.kind,
        code: config.error.code,
      });
    else if (config.isEmpty)
      log.error(
        'the configuration has no provider and no kube-state output: nothing is listed, and nothing is retired',
      );
    return config;
  } catch (cause) {
    measure.config(false);
    const error = toMusterError(cause);
    await work
      .reportNoConfig(error, signal)
      .catch((again: unknown) => log.error(`no status could be written: ${toMusterError(again).message}`));
    throw error;
  }
}

async function dueOf<Config extends FunctionConfig, Id extends object>(
  tasks: readonly Task<Id>[],
  { work, period, log, measure }: InvocationsInput<Config, Id>,
  signal: AbortSignal,
): Promise<readonly Task<Id>[]> {
  if (tasks.length === 0) {
    log.info(`no ${work.what} is configured`);
    measure.idle();
  }
  return selectDue(tasks, { period, measure, signal });
}

/** Ignores tasks that left the configuration after the event was sent. */
function select<Id extends object>(
  tasks: readonly Task<Id>[],
  wanted: readonly Id[],
  log: Logger,
): readonly Task<Id>[] {
  return wanted.flatMap((one) => {
    const found = tasks.filter(({ id }) => isDeepStrictEqual(id, one));
    if (found.length === 0) log.info('not in the configuration any more', { wanted: one });
    return found;
  });
}

/** A run of some tasks, side by side, and its interval. */
interface Runs {
  readonly refreshInterval: number;
  readonly run: (input: RunInput) => Promise<readonly TaskResult[]>;
}

/** The runs of a group; without a task it has no interval. */
function runsOf<Config extends FunctionConfig, Id extends object>(
  tasks: readonly Task<Id>[],
  { runTogether }: Work<Config, Id>,
  config: Config,
): Runs {
  const refreshInterval = Math.max(0, ...tasks.map((task) => task.refreshInterval));
  if (tasks.length > 1 && runTogether !== undefined)
    return { refreshInterval, run: (input) => runTogether(idsOf(tasks), config, input) };
  return { refreshInterval, run: (input) => inOrder(tasks, (task) => task.run(input)) };
}

function idsOf<Id>(tasks: readonly Task<Id>[]): readonly Id[] {
  return tasks.map(({ id }) => id);
}

async function inOrder<Item>(
  items: readonly Item[],
  run: (item: Item) => Promise<readonly TaskResult[]>,
): Promise<readonly TaskResult[]> {
  const results: TaskResult[] = [];
  for (const item of items) results.push(...(await run(item)));
  return results;
}

async function attempt<T>(
  work: Promise<T> | T,
): Promise<{ readonly value?: T; readonly error?: MusterError | undefined }> {
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

/** The inputs of the decision which tasks are due. */
export interface DueInput {
  /** Milliseconds between two ticks. */
  readonly period: number;
  readonly measure: Pick<Measure, 'waiting'>;
  readonly signal: AbortSignal;
}

/**
 * The tasks that are due. A task whose interval is longer than the schedule's period skips the ticks between: the store
 * says when it was tried last. Half a period is tolerated, since ticks and cycles are not exact to the second. A held
 * task is due sooner. A time in the future comes from a wrong clock, here or there, and is ignored.
 */
export async function selectDue<T extends Task<unknown>>(
  tasks: readonly T[],
  { period, measure, signal }: DueInput,
): Promise<readonly T[]> {
  const due = await mapConcurrent(tasks, 16, signal, async ({ refreshInterval, heldInterval, lastRun }) => {
    if (refreshInterval <= period) return true;
    const last = await lastRun(signal);
    if (last === undefined) return true;
    const interval = last.held ? Math.min(refreshInterval, heldInterval ?? refreshInterval) : refreshInterval;
    const age = ageOf(last.attempt);
    if (age === undefined || age >= interval - period / 2) return true;
    measure.waiting(waitsSince(last), refreshInterval);
    return false;
  });
  return tasks.filter((_, index) => due[index]);
}

/**
 * Runs a group: a cycle of each task, and if its interval is shorter than the schedule's period (milliseconds), more
 * cycles until the next tick, as far as time allows.
 */
async function runUntilTick(
  { refreshInterval, run }: Runs,
  { period, clock }: { readonly period: number; readonly clock: Clock },
  input: RunInput,
): Promise<readonly TaskResult[]> {
  const { time } = input;
  const results: TaskResult[] = [];
  if (refreshInterval === 0) return results;
  for (let startAt = clock.now(); ; ) {
    await clock.sleep(Math.max(0, startAt - clock.now()), time.signal);
    const ended = await run(input);
    results.push(...ended);
    const durationMs = Math.max(...ended.map((result) => result.durationMs));
    const next = Math.max(startAt + refreshInterval, clock.now());
    // In time, and not so late that the next tick's cycle follows on its heels.
    const isBeforeTick = next + refreshInterval / 2 <= time.startedAt + period;
    const fits = next + Math.max(1000, 1.5 * durationMs) <= time.listUntil.getTime();
    if (!isBeforeTick || !fits) return results;
    startAt = next;
  }
}

/** Milliseconds between two looks if nothing changed, because a slow run may have continued. */
const lookAgainAfter = 5 * 60_000;

/** Retires what left the configuration; see `createRetirement`. */
type Retire<Config, Id> = (config: InForce<Config>, input: CyclesInput) => Promise<readonly Id[]>;

/**
 * Looks for what left when the configuration changed, and every few minutes, so that a quiet tick needs no listing. A
 * configuration that is not the newest, one that only one look has found, and an empty one, retire nothing.
 */
function createRetirement<Config extends FunctionConfig, Id extends object>({
  retire,
}: Pick<Work<Config, Id>, 'retire'>): Retire<Config, Id> {
  let done: { readonly etag: string; readonly at: number } | undefined;
  return async (config, input) => {
    if (config.error !== undefined || config.isEmpty || !config.isSettled) return [];
    const now = performance.now();
    if (done?.etag === config.etag && now - done.at < lookAgainAfter) return [];
    const { retired, missed } = await retire(config, input);
    if (missed.length === 0) done = { etag: config.etag, at: now };
    return retired;
  };
}

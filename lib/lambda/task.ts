import * as z from 'zod';
import { readAwsError } from '../base/aws.ts';
import { mapConcurrent, once } from '../base/concurrency.ts';
import { MusterError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { CyclesInput } from '../run/provider-cycle.ts';
import type { ObjectStore } from '../store/store.ts';
import type { InForce } from './config-source.ts';
import { ageOf, type Measure } from './measure.ts';
import type { FunctionConfig } from './read-config.ts';

/** Work that a function does at its interval: the cycle of a provider or of a kube-state output. */
export interface Task<Id> {
  /** Its name in an event. */
  readonly id: Id;
  /** Tasks of a group run side by side in one invocation, with `runTogether`. Absent: the task runs alone. */
  readonly group?: string | undefined;
  /** Milliseconds between two cycles. */
  readonly refreshInterval: number;
  /** Milliseconds between two cycles while something of it is held. Absent: the same interval. */
  readonly heldInterval?: number;
  /** Its last cycle according to the store; undefined if there was none. */
  readonly lastRun: (signal: AbortSignal) => Promise<LastRun | undefined>;
  readonly run: (input: RunInput) => Promise<readonly TaskResult[]>;
}

/** Times are ISO 8601. */
export interface LastRun {
  /** The very first cycle, if known. */
  readonly firstAttempt?: string | undefined;
  readonly attempt: string;
  readonly success: string | undefined;
  /** Whether something of it is held. */
  readonly held?: boolean | undefined;
}

/**
 * Since when a task has waited for a whole listing (ISO 8601): the last success, or before it the first attempt. Times
 * in the future are ignored; undefined if there is no other.
 */
export function waitsSince({ success, firstAttempt, attempt }: LastRun): string | undefined {
  return [success, firstAttempt, attempt].find((time) => time !== undefined && ageOf(time) !== undefined);
}

/** The input of one cycle of a task. */
export interface RunInput {
  readonly time: InvocationTime;
  /** Why the newest configuration is not in force. */
  readonly configError?: string | undefined;
}

/** A cycle that has ended. */
export interface TaskResult {
  /** Its part of the invocation's answer. */
  readonly answer: object;
  readonly durationMs: number;
  readonly error?: MusterError | undefined;
}

/** The work of a function: that of a backend, or that of kube state. */
export interface Work<Config extends FunctionConfig, Id extends object> {
  /** For messages, as in `provider of consul`. */
  readonly what: string;
  readonly event: EventForm<Id>;
  /** Reads from the store what it needs to know for a configuration. Called before each use of the configuration. */
  readonly prepare?: (config: InForce<Config>, signal: AbortSignal) => Promise<InForce<Config>>;
  readonly tasksOf: (config: Config) => readonly Task<Id>[];
  /** Runs the tasks of a group, by their ids. */
  readonly runTogether?: (
    ids: readonly Id[],
    config: Config,
    input: RunInput,
  ) => Promise<readonly TaskResult[]>;
  /**
   * Removes what left the configuration. `missed` counts what is held or belongs to another run: the next tick tries
   * again.
   */
  readonly retire: (config: InForce<Config>, input: CyclesInput) => Promise<Retired<Id>>;
  /** Writes into the store that there is no configuration at all. */
  readonly reportNoConfig: (error: MusterError, signal: AbortSignal) => Promise<void>;
}

interface Retired<Id> {
  readonly retired: readonly Id[];
  readonly missed: readonly Id[];
}

/** The input of a function's work. */
export interface WorkInput {
  readonly store: ObjectStore;
  readonly log: Logger;
  readonly measure: Measure;
}

/** The time that an invocation has. Times are Unix milliseconds. */
export interface InvocationTime {
  readonly startedAt: number;
  /** When a listing must be whole. The rest of the time is for publishing and for the status. */
  readonly listUntil: Date;
  /** Fires just before the platform ends the invocation, so that this is logged. */
  readonly signal: AbortSignal;
}

/** Milliseconds that are left to log and to flush metrics. */
const lastWords = 200;

/**
 * Divides the remaining milliseconds of the invocation. The margin is a third of a short time, ten seconds of a long
 * one.
 */
export function shareTime(remaining: number, now = Date.now()): InvocationTime {
  const margin = Math.min(Math.max(500, remaining / 3), 10_000);
  return {
    startedAt: now,
    listUntil: new Date(now + Math.max(0, remaining - margin)),
    signal: AbortSignal.timeout(Math.max(0, Math.floor(remaining - lastWords))),
  };
}

/** The form of an event for a single task, and an example. */
export interface EventForm<Id> {
  readonly schema: z.ZodType<Id>;
  readonly example: string;
}

/** The event for these tasks. Several run side by side. */
function eventOf<Id extends object>(ids: readonly Id[]): object {
  const [first] = ids;
  return ids.length === 1 && first !== undefined ? first : { together: ids };
}

/**
 * The tasks that an event names: one, or several that run together. Undefined for `{}`, which the schedule sends for
 * all tasks of the function. Throws kind `config` for any other event.
 */
export function readEvent<Id>(event: unknown, { schema, example }: EventForm<Id>): readonly Id[] | undefined {
  const one = schema.safeParse(event);
  if (one.success) return [one.data];
  const several = z.strictObject({ together: z.array(schema).min(1) }).safeParse(event);
  if (several.success) return several.data.together;
  if (event === null || event === undefined || tick.safeParse(event).success) return undefined;
  throw new MusterError('config', `the event is neither {} nor ${example}; nothing was done`, {
    code: 'bad-event',
  });
}

/** An event without content, or the envelope that a schedule without an input sends. */
const tick = z.union([
  z.strictObject({}),
  z.looseObject({ source: z.enum(['aws.scheduler', 'aws.events']) }),
]);

/** Starts another invocation of the same function with this event, and does not wait for it. */
export type InvokeSelf = (event: object, signal: AbortSignal) => Promise<void>;

/** The most invocations that are started at once. */
const concurrency = 16;

/**
 * Starts an invocation for each group of IDs. Returns the errors (`denied`, `throttled`, `unreachable`) of those that
 * did not start.
 */
export async function fanOut(
  groups: readonly (readonly object[])[],
  invokeSelf: InvokeSelf,
  signal: AbortSignal,
): Promise<readonly MusterError[]> {
  const errors = await mapConcurrent(groups, concurrency, signal, async (ids) => {
    try {
      await invokeSelf(eventOf(ids), signal);
      return undefined;
    } catch (cause) {
      return startFailure(ids.map((id) => Object.values(id).join('/')).join(', '), cause);
    }
  });
  return errors.filter((error) => error !== undefined);
}

function startFailure(name: string, cause: unknown): MusterError {
  const { code = 'no answer' } = readAwsError(cause);
  const what = `${name}: no invocation could be started (${code})`;
  if (code === 'AccessDeniedException')
    return new MusterError('denied', `${what}: the role needs lambda:InvokeFunction on its own function`);
  if (code === 'TooManyRequestsException')
    return new MusterError('throttled', `${what}: Lambda takes no more now; the next tick tries again`);
  return new MusterError('unreachable', `${what}: in a VPC, Lambda must be reachable by NAT or an endpoint`);
}

type InvokeFunction = (functionArn: string, payload: string, signal: AbortSignal) => Promise<void>;

/** Invokes the function of the given ARN; the SDK is loaded with the first call. */
export function lambdaInvoker(
  open: () => Promise<InvokeFunction> = async () => (await import('./sdk.ts')).openLambda(),
): (functionArn: string) => InvokeSelf {
  const opened = once(open);
  return (functionArn) => async (event, signal) => {
    const invoke = await opened();
    await invoke(functionArn, JSON.stringify(event), signal);
  };
}

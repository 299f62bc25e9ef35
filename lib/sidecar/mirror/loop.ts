import { setTimeout as sleepFor } from 'node:timers/promises';
import { startDeadline } from '../../base/deadlines.ts';
import { codeOf, isMusterError, type MusterError } from '../../base/errors.ts';
import type { Round } from './round.ts';

/** The rounds of a loop. */
export interface LoopOptions {
  /** Does one round. Reports failures in its result and does not throw; see `mirrorOnce`. */
  readonly round: (signal: AbortSignal) => Promise<Round>;
  /** Milliseconds between the end of a round and the start of the next. */
  readonly interval: number;
  /** Files of the mirror, which stretch a short interval; see `intervalFor`. */
  readonly files?: (() => number) | undefined;
  /** Random share of a wait that is added or subtracted, so that replicas do not ask in step. Default 0.1. */
  readonly jitter?: number | undefined;
  /** Milliseconds after which a round is ended. */
  readonly roundTimeout: number;
  /** Ends the loop. */
  readonly signal: AbortSignal;
  /** Called with each round as it ends. */
  readonly onRound: (round: Round, seconds: number) => void;
  /** Requests for an early round. While rounds fail, requests wait as the loop does. */
  readonly requests?: RoundRequests | undefined;
  /** A number from 0 to below 1. */
  readonly random?: (() => number) | undefined;
  /** Waits; ends early without error when the signal fires. */
  readonly sleep?: ((milliseconds: number, signal: AbortSignal) => Promise<void>) | undefined;
}

/** Does round after round until the signal fires. The wait grows while rounds fail. */
export async function runMirror(options: LoopOptions): Promise<void> {
  const { signal, requests, sleep = sleepUntil, random = Math.random } = options;
  const { jitter = defaultJitter, files = () => 0 } = options;
  let failures = 0;
  while (!signal.aborted) {
    const served = requests?.begin();
    const round = await timedRound(options);
    served?.(round);
    failures = round.errors.length === 0 ? 0 : failures + 1;
    const end = requests === undefined || failures > 0 ? [signal] : [signal, requests.pending()];
    const interval = intervalFor(options.interval, files());
    if (!signal.aborted) await sleep(nextWait(failures, { interval, jitter, random }), AbortSignal.any(end));
  }
}

/**
 * Milliseconds between two rounds over so many files: at least one for each, up to ten seconds. A round looks at all of
 * them, for some 40 microseconds of CPU each.
 */
export function intervalFor(interval: number, files: number): number {
  return Math.max(interval, Math.min(files, 10_000));
}

/**
 * Milliseconds to wait after this many failed rounds in a row: the interval, doubled for each failure, up to five
 * minutes or ten intervals, whichever is less, but never less than the interval.
 */
export function nextWait(
  failures: number,
  { interval, jitter, random }: { interval: number; jitter: number; random: () => number },
): number {
  const longest = Math.max(interval, Math.min(longestWait, 10 * interval));
  const wait = Math.min(longest, interval * 2 ** Math.min(failures, 30));
  return wait * (1 + jitter * (2 * random() - 1));
}

/**
 * Does rounds until one succeeds, for at most `deadline` milliseconds, and returns it. Throws the first error of the
 * last round, and throws at once when a retry cannot help.
 */
export async function mirrorWithin(options: Omit<LoopOptions, 'interval'>, deadline: number): Promise<Round> {
  const { signal, sleep = sleepUntil, random = Math.random, jitter = defaultJitter } = options;
  const over = AbortSignal.any([signal, AbortSignal.timeout(deadline)]);
  for (let failures = 1; ; failures += 1) {
    const round = await timedRound({ ...options, signal: over });
    const [error] = round.errors;
    if (error === undefined) return round;
    if (!round.errors.every(passes) || over.aborted) throw error;
    await sleep(nextWait(failures, { interval: firstRetry, jitter, random }), over);
    if (over.aborted) throw error;
  }
}

const defaultJitter = 0.1;
const longestWait = 5 * 60_000;
const firstRetry = 250;

async function timedRound({
  round,
  roundTimeout,
  signal,
  onRound,
}: Omit<LoopOptions, 'interval'>): Promise<Round> {
  const started = performance.now();
  using limit = startDeadline(roundTimeout);
  const done = await round(AbortSignal.any([signal, limit.signal]));
  onRound(done, (performance.now() - started) / 1000);
  return done;
}

/** Errors of the disk, or of a store in a folder, that only a person can fix. */
const lasting: ReadonlySet<string> = new Set([
  ...['EACCES', 'EPERM', 'EROFS', 'EXDEV', 'ENOTDIR', 'EISDIR', 'ELOOP', 'ENAMETOOLONG'],
]);

function passes(error: MusterError): boolean {
  if (lasting.has(codeOf(error.cause) ?? '')) return false;
  return (['unreachable', 'throttled', 'timeout', 'status', 'storage'] as const).some((kind) =>
    isMusterError(error, kind),
  );
}

async function sleepUntil(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await sleepFor(milliseconds, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Requests to a loop for an early round. */
export interface RoundRequests {
  /** Asks for a round, and returns the next one that begins; `undefined` when the signal fires before its end. */
  ask(signal: AbortSignal): Promise<Round | undefined>;
  /** For the loop: a signal that fires as soon as a request is open. */
  pending(): AbortSignal;
  /** For the loop: marks the beginning of a round. The returned function answers the requests that it serves. */
  begin(): (round: Round) => void;
}

/** The requests to one loop. */
export function createRoundRequests(): RoundRequests {
  let waiting: ((round: Round) => void)[] = [];
  let requested = new AbortController();
  return {
    ask(signal) {
      if (signal.aborted) return Promise.resolve(undefined);
      return new Promise((resolve) => {
        const end = () => resolve(undefined);
        signal.addEventListener('abort', end, { once: true });
        waiting.push((round) => {
          signal.removeEventListener('abort', end);
          resolve(round);
        });
        requested.abort();
      });
    },
    pending: () => requested.signal,
    begin() {
      const served = waiting;
      waiting = [];
      requested = new AbortController();
      return (round) => {
        for (const serve of served) serve(round);
      };
    },
  };
}

import { MusterError } from './errors.ts';

/**
 * Calls back once when one of the signals fires, at once if one has fired already. Returns a function that removes the
 * listeners.
 */
export function onAbort(
  signals: readonly AbortSignal[],
  callback: (signal: AbortSignal) => void,
): () => void {
  const listeners = signals.map((signal) => ({ signal, listener: () => fire(signal) }));
  const stop = () => {
    for (const { signal, listener } of listeners) signal.removeEventListener('abort', listener);
  };
  const fire = (signal: AbortSignal) => {
    stop();
    callback(signal);
  };
  const fired = signals.find((signal) => signal.aborted);
  if (fired !== undefined) callback(fired);
  else for (const { signal, listener } of listeners) signal.addEventListener('abort', listener);
  return stop;
}

/** The error for a signal that fired: its reason if that is a MusterError, else one of kind `timeout`. */
export function abortError(signal: AbortSignal, howFar: string): MusterError {
  if (signal.reason instanceof MusterError) return signal.reason;
  return new MusterError('timeout', `the deadline passed ${howFar}`);
}

/** The error of a call that the caller's signal ended (kind `timeout`). `url` names the store, `what` the call. */
export function cutOff(url: string, what: string, signal: AbortSignal): MusterError {
  return new MusterError('timeout', `${url}: ${what} was cut off by the deadline`, { cause: signal.reason });
}

/** A signal that fires when time is up, and is given back when what it limits has ended. */
export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * Starts a deadline of `ms` milliseconds. Like `AbortSignal.timeout`, whose timer runs to its end: until then it keeps
 * what the work held in memory. For what a long process does again and again.
 */
export function startDeadline(ms: number): Deadline {
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(new DOMException('the deadline is over', 'TimeoutError')), ms);
  timer.unref();
  return { signal: over.signal, [Symbol.dispose]: () => clearTimeout(timer) };
}

/**
 * Waits for `ms` milliseconds. Throws like `abortError` as soon as a signal fires. `howFar` ends the sentence "the
 * deadline passed …".
 */
export function pause(ms: number, signals: readonly AbortSignal[], howFar: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      stop();
      resolve();
    }, ms);
    const stop = onAbort(signals, (signal) => {
      clearTimeout(timer);
      reject(abortError(signal, howFar));
    });
  });
}

/** The outcome of the promise. Throws like `abortError` if a signal fires before; the work of the promise continues. */
export function heedSignals<T>(
  promise: Promise<T>,
  signals: readonly AbortSignal[],
  howFar: string,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = onAbort(signals, (signal) => reject(abortError(signal, howFar)));
    promise.then(resolve, reject).finally(stop);
  });
}

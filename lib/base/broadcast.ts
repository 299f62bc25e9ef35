import { heedSignals } from './deadlines.ts';
import { MusterError } from './errors.ts';

/**
 * A generator with several readers. Each gets every value, and the end or the error. Values come one at a time, when
 * all readers have asked, so that none is kept. Nobody waits for a reader that has left, and the last one to leave ends
 * the generator. Readers are known by number, from 0.
 */
export interface Broadcast<T, R> {
  /** Whether the reader takes part: false if it came too late, or has left. */
  readonly has: (reader: number) => boolean;
  /** The values for one reader; throws as soon as the signal fires. */
  readonly read: (reader: number, signal: AbortSignal) => AsyncGenerator<T, R>;
  readonly leave: (reader: number) => void;
}

interface BroadcastOptions<T, R> {
  /** The number of readers. */
  readonly readers: number;
  /** Makes the generator, when all readers have come; the signal fires when all have left. */
  readonly start: (signal: AbortSignal) => AsyncGenerator<T, R>;
  /** Milliseconds that the first reader waits for the others. After that, missing readers are left out. */
  readonly patience?: number;
  /** Called when all have left, even if nothing was read. */
  readonly onEnd?: () => void;
}

/** Makes a broadcast, which has not started yet. A reader that comes too late gets an error of kind `internal`. */
export function openBroadcast<T, R>({
  readers,
  start,
  patience,
  onEnd,
}: BroadcastOptions<T, R>): Broadcast<T, R> {
  const present = new Set(Array.from({ length: readers }, (_, reader) => reader));
  let waiting = new Map<number, PromiseWithResolvers<IteratorResult<T, R>>>();
  const stop = new AbortController();
  let source: AsyncGenerator<T, R> | undefined;
  let timer: NodeJS.Timeout | undefined;

  const pull = () => {
    if (waiting.size === 0 || waiting.size < present.size) return;
    clearTimeout(timer);
    source ??= start(stop.signal);
    const turn = [...waiting.values()];
    // Another map: a cleared one keeps what it held reachable for V8, and all values would stay to the next full collection.
    waiting = new Map();
    source.next().then(
      (result) => {
        for (const { resolve } of turn) resolve(result);
      },
      (error: unknown) => {
        for (const { reject } of turn) reject(error);
      },
    );
  };
  const goOnWithoutLate = () => {
    for (const reader of present) if (!waiting.has(reader)) present.delete(reader);
    pull();
  };
  const next = (reader: number) => {
    const request = Promise.withResolvers<IteratorResult<T, R>>();
    waiting.set(reader, request);
    if (source === undefined && patience !== undefined) timer ??= setTimeout(goOnWithoutLate, patience);
    pull();
    return request.promise;
  };
  const leave = (reader: number) => {
    if (!present.delete(reader)) return;
    waiting.delete(reader);
    if (present.size > 0) return pull();
    clearTimeout(timer);
    stop.abort(new MusterError('internal', 'nobody reads the listing any more'));
    // The generator may hang, so nothing waits for it.
    source?.throw(stop.signal.reason).catch(() => undefined);
    onEnd?.();
  };
  async function* values(reader: number, signal: AbortSignal): AsyncGenerator<T, R> {
    try {
      for (;;) {
        const result = await heedSignals(next(reader), [signal], 'while targets were listed');
        if (result.done === true) return result.value;
        yield result.value;
      }
    } finally {
      leave(reader);
    }
  }
  return { has: (reader) => present.has(reader), read: values, leave };
}

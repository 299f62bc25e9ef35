import { abortError } from './deadlines.ts';

/**
 * Calls `fn` for each item, with at most `limit` calls at a time, and returns the results in the order of the items. At
 * the first failure, or when the signal fires, no further call starts, and the signal of the running calls fires. When
 * all have ended, throws the first failure: no promise is left behind. A signal that fires between two calls throws its
 * reason if that is a MusterError, else one of kind `timeout`.
 */
export async function mapConcurrent<Item, Result>(
  items: readonly Item[],
  limit: number,
  signal: AbortSignal,
  fn: (item: Item, signal: AbortSignal) => Promise<Result>,
): Promise<Result[]> {
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  const results: Result[] = [];
  const failures: unknown[] = [];
  const queue = items.entries();

  const work = async () => {
    for (let next = queue.next(); !next.done; next = queue.next()) {
      if (both.aborted) throw abortError(both, 'before all calls were made');
      const [index, item] = next.value;
      results[index] = await fn(item, both);
    }
  };
  const fail = (failure: unknown) => {
    failures.push(failure);
    stop.abort(failure);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, () => work().catch(fail)));
  if (failures.length > 0) throw failures[0];
  return results;
}

/** Runs an operation once fewer than the limit's number of others are running. */
export type Limit = <T>(operation: () => Promise<T>) => Promise<T>;

/** Runs at most `most` operations at a time, in the order in which they come. */
export function createLimit(most: number): Limit {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (operation) => {
    if (running < most) running += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await operation();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}

/** The results of all operations. When all have ended, throws the first error. */
export async function allSettledOrThrow<T>(operations: readonly Promise<T>[]): Promise<readonly T[]> {
  const results = await Promise.allSettled(operations);
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

/** A value that is made when it is first used, and then kept. */
export interface Once<T> {
  /**
   * The value. Calls that come while it is made wait for the same one. A failure is thrown and forgotten: the next call
   * tries again.
   */
  (): Promise<T>;
  /** Forgets the value and returns it, so that it can be closed; `undefined` if there is none. */
  take(): Promise<T> | undefined;
}

/** Makes a value once. Only success is kept: if an SDK could not be loaded, the next call tries again. */
export function once<T>(make: () => Promise<T>): Once<T> {
  let kept: Promise<T> | undefined;
  const ask = () => {
    if (kept !== undefined) return kept;
    const making = make();
    kept = making;
    making.catch(() => {
      if (kept === making) kept = undefined;
    });
    return making;
  };
  return Object.assign(ask, {
    take() {
      const taken = kept;
      kept = undefined;
      return taken;
    },
  });
}

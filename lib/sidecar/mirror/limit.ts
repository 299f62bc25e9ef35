/** Runs an operation once fewer than the limit's number of others are running. */
export type Limit = <T>(operation: () => Promise<T>) => Promise<T>;

/** At most `most` operations at a time, first come first served. */
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

/** Results of all operations; throws the first error, but only when none of them runs any more. */
export async function allSettledOrThrow<T>(operations: readonly Promise<T>[]): Promise<readonly T[]> {
  const results = await Promise.allSettled(operations);
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

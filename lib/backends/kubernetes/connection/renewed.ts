/**
 * The same value again and again until it is due, then a new one. Askers at the same time share one request; one that
 * fails is not kept.
 *
 * @param dueAt when a value must no longer be used, in milliseconds since 1970
 */
export function renewed<T>(
  make: (signal: AbortSignal) => Promise<T>,
  dueAt: (value: T) => number,
  now: () => number = Date.now,
): (signal: AbortSignal) => Promise<T> {
  let current: { readonly value: Promise<T>; due: number } | undefined;
  return async (signal) => {
    if (current !== undefined && now() < current.due) return await current.value;
    // Until it is there it is due never, so that whoever comes meanwhile waits for it too.
    const next = { value: make(signal), due: Number.POSITIVE_INFINITY };
    current = next;
    try {
      const value = await next.value;
      next.due = dueAt(value);
      return value;
    } catch (error) {
      if (current === next) current = undefined;
      throw error;
    }
  };
}

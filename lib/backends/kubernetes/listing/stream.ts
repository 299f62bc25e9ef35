import { mapConcurrent } from '../../../base/concurrency.ts';
import { abortError, onAbort } from '../../../base/deadlines.ts';
import { MusterError } from '../../../base/errors.ts';

/** Hands a batch on; resolves once the reader has taken it and asks for more, throws when it never will. */
export type Push<Batch> = (batch: Batch) => Promise<void>;

/**
 * What is pushed for the items, as it comes, with at most `limit` of them under way. Each holds one batch at a time, so
 * that memory is bounded by the limit. Ends when all of them have; at the first failure it throws that, and the signal
 * handed to the others fires, as it does when the reader stops.
 */
export async function* streamConcurrent<Item, Batch>(
  items: readonly Item[],
  limit: number,
  signal: AbortSignal,
  produce: (item: Item, push: Push<Batch>, signal: AbortSignal) => Promise<void>,
): AsyncGenerator<Batch> {
  const waiting: { readonly batch: Batch; readonly taken: () => void }[] = [];
  const stop = new AbortController();
  let change = Promise.withResolvers<void>();
  let over = false;

  const work = mapConcurrent(items, limit, AbortSignal.any([signal, stop.signal]), (item, itemSignal) =>
    produce(
      item,
      (batch) => {
        const { promise, resolve, reject } = Promise.withResolvers<void>();
        const unlisten = onAbort([itemSignal], (fired) =>
          reject(abortError(fired, 'while a batch waited to be read')),
        );
        waiting.push({ batch, taken: resolve });
        change.resolve();
        return promise.finally(unlisten);
      },
      itemSignal,
    ),
  ).finally(() => {
    over = true;
    change.resolve();
  });
  work.catch(() => undefined);

  try {
    while (!over || waiting.length > 0) {
      const next = waiting.shift();
      if (next === undefined) {
        await change.promise;
        change = Promise.withResolvers();
        continue;
      }
      yield next.batch;
      next.taken();
    }
    await work;
  } finally {
    stop.abort(new MusterError('internal', 'nobody reads the stream any more'));
    await work.catch(() => undefined);
  }
}

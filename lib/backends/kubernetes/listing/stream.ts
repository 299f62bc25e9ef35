import { mapConcurrent } from '../../../base/concurrency.ts';
import { abortError, onAbort } from '../../../base/deadlines.ts';
import { MusterError } from '../../../base/errors.ts';

/** Passes a batch to the reader. Resolves when the reader wants the next one; throws when the stream has ended. */
export type Push<Batch> = (batch: Batch) => Promise<void>;

/**
 * Yields the batches that `produce` pushes for the items, with at most `limit` items at the same time. Each item holds one
 * batch, so the limit bounds the memory. Throws the first failure. The signals of the other items fire then, and when the
 * reader stops.
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
    stop.abort(new MusterError('internal', 'the stream is no longer read'));
    await work.catch(() => undefined);
  }
}

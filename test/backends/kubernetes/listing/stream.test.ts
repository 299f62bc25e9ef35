import { describe, expect, test } from '@jest/globals';
import { type Push, streamConcurrent } from '../../../../lib/backends/kubernetes/listing/stream.ts';
import { MusterError } from '../../../../lib/base/errors.ts';
import { failure } from '../../../support/http-client.ts';

const { signal } = new AbortController();

/** Pushes `<item>1` to `<item>3`. */
async function three(item: string, push: Push<string>): Promise<void> {
  for (let number = 1; number <= 3; number++) await push(`${item}${number}`);
}

async function collect<T>(stream: AsyncGenerator<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const batch of stream) all.push(batch);
  return all;
}

describe('a stream of several producers', () => {
  test('has all that they push, each in its order', async () => {
    const batches = await collect(streamConcurrent(['a', 'b', 'c'], 2, signal, three));
    expect([...batches].sort()).toEqual(['a1', 'a2', 'a3', 'b1', 'b2', 'b3', 'c1', 'c2', 'c3']);
    expect(batches.filter((batch) => batch.startsWith('c'))).toEqual(['c1', 'c2', 'c3']);
  });

  test('is empty without producers', async () => {
    expect(await collect(streamConcurrent([], 2, signal, three))).toEqual([]);
  });

  test('lets each of them be one batch ahead, and no more', async () => {
    const pushed: string[] = [];
    const stream = streamConcurrent(['a', 'b'], 2, signal, (item, push: Push<string>) =>
      three(item, (batch) => {
        pushed.push(batch);
        return push(batch);
      }),
    );
    await stream.next();
    expect(pushed).toEqual(['a1', 'b1']);
    await stream.return(undefined);
    expect(pushed.includes('a3') || pushed.includes('b3')).toBe(false);
  });

  test('fails with the first of them, and ends the others', async () => {
    const ended: string[] = [];
    const stream = streamConcurrent(['bad', 'slow'], 2, signal, async (item, push: Push<string>, own) => {
      if (item === 'bad') throw new MusterError('denied', 'no');
      await new Promise<void>((resolve) => own.addEventListener('abort', () => resolve()));
      ended.push(item);
      await push('too late');
    });
    expect(await failure(collect(stream))).toEqual({ kind: 'denied', message: 'no' });
    expect(ended).toEqual(['slow']);
  });

  test('ends them all when its reader stops', async () => {
    let running = 0;
    const stream = streamConcurrent(['a', 'b', 'c'], 3, signal, async (_item, push: Push<number>, own) => {
      running++;
      own.addEventListener('abort', () => running--);
      for (;;) await push(running);
    });
    await stream.next();
    await stream.return(undefined);
    expect(running).toBe(0);
  });
});

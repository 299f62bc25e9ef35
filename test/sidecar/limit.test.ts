import { expect, test } from '@jest/globals';
import { allSettledOrThrow, createLimit } from '../../lib/base/concurrency.ts';

test('never runs more than the limit at once, in order, and frees the place of one that failed', async () => {
  const limit = createLimit(2);
  const order: string[] = [];
  let running = 0;
  let most = 0;
  const work = (name: string) =>
    limit(async () => {
      order.push(name);
      running += 1;
      most = Math.max(most, running);
      await new Promise(setImmediate);
      running -= 1;
      if (name === 'b') throw new Error('b failed');
      return name;
    });
  const results = await Promise.allSettled(['a', 'b', 'c', 'd', 'e'].map(work));
  expect(results.map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'fulfilled',
    'fulfilled',
    'fulfilled',
  ]);
  expect(order).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect(most).toBe(2);
});

test('throws the first error only when all have ended', async () => {
  let ended = false;
  const slow = new Promise<void>((resolve) => {
    setTimeout(() => {
      ended = true;
      resolve();
    }, 5);
  });
  await expect(allSettledOrThrow([Promise.reject(new Error('first')), slow])).rejects.toThrow('first');
  expect(ended).toBe(true);
});

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { mapConcurrent } from '../../lib/base/concurrency.ts';
import { MusterError } from '../../lib/base/errors.ts';

const never = new AbortController().signal;

describe('mapConcurrent', () => {
  test('gives all results in the order of the items, whatever finishes first, and keeps the limit', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.integer(), { maxLength: 20 }),
        fc.integer({ min: 1, max: 5 }),
        async (scheduler, items, limit) => {
          let running = 0;
          let most = 0;
          const mapping = mapConcurrent(items, limit, never, async (item) => {
            running += 1;
            most = Math.max(most, running);
            await scheduler.schedule(Promise.resolve());
            running -= 1;
            return item * 2;
          });
          await scheduler.waitFor(mapping);
          expect(await mapping).toEqual(items.map((item) => item * 2));
          expect(most).toBe(Math.min(limit, items.length));
        },
      ),
    );
  });

  test('stops at the first failure: running calls are told, ended, and nothing new starts', async () => {
    const started: number[] = [];
    const told: number[] = [];
    const failure = new MusterError('status', 'call 1 failed');
    const mapping = mapConcurrent([0, 1, 2, 3, 4], 3, never, async (item, signal) => {
      started.push(item);
      if (item === 1) throw failure;
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      told.push(item);
      throw new MusterError('timeout', 'told to stop');
    });
    await expect(mapping).rejects.toBe(failure);
    expect({ started, told }).toEqual({ started: [0, 1, 2], told: [0, 2] });
  });

  test.each([
    ['as a timeout', new Error('late'), { kind: 'timeout' }],
    ['with its own error', new MusterError('throttled', 'enough'), { kind: 'throttled', message: 'enough' }],
  ])('a signal that fired between two calls ends it %s', async (_, reason, expected) => {
    const controller = new AbortController();
    const started: number[] = [];
    const mapping = mapConcurrent([0, 1], 1, controller.signal, async (item) => {
      started.push(item);
      controller.abort(reason);
    });
    await expect(mapping).rejects.toMatchObject(expected);
    expect(started).toEqual([0]);
  });

  test('no items, no calls', async () => {
    await expect(mapConcurrent([], 4, never, () => Promise.reject(new Error('called')))).resolves.toEqual([]);
  });
});

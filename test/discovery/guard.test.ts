import { describe, expect, test } from '@jest/globals';
import { acceptHeld } from '../../lib/discovery/accept.ts';
import { runCycle } from '../../lib/discovery/cycle.ts';
import { readStatus } from '../../lib/discovery/status.ts';
import { createMemoryStore } from '../../lib/store/memory.ts';
import { fileOf, id, inputOf, listing, providerOf, readHistory } from '../support/provider.ts';

/** Runs a cycle for each listing, 'accept' among them, and tells how each ended. */
async function outcomes(
  steps: readonly (number | 'accept' | readonly [number, string])[],
): Promise<string[]> {
  const store = createMemoryStore();
  const ended: string[] = [];
  for (const step of steps) {
    if (step === 'accept') {
      ended.push((await acceptHeld(store, id)) === undefined ? 'nothing held' : 'accepted');
      continue;
    }
    const [count, value] = typeof step === 'number' ? [step, ''] : step;
    const { outcome } = await runCycle(
      providerOf(() => listing(count, value)),
      inputOf(store),
    );
    const history = await readHistory(store);
    expect(history.file).toBe(history.version === 0 ? undefined : fileOf(history));
    ended.push(outcome === 'published' ? `published ${history.reasons.at(-1)}` : outcome);
  }
  return ended;
}

describe('the guard', () => {
  test.each([
    { why: 'all gone', steps: [1000, 0], last: 'held' },
    { why: 'more than half gone', steps: [1000, 400], last: 'held' },
    { why: 'just half gone', steps: [1000, 500], last: 'published discovered' },
    { why: 'few gone', steps: [1000, 950], last: 'published discovered' },
    { why: 'few targets, most gone', steps: [9, 1], last: 'published discovered' },
    { why: 'few targets, all gone', steps: [1, 0], last: 'held' },
    { why: 'ten targets, most gone', steps: [10, 4], last: 'held' },
    {
      why: 'all replaced by as many others',
      steps: [1000, [1000, 'rolled out']] as const,
      last: 'published discovered',
    },
    { why: 'never had any', steps: [0], last: 'unchanged' },
    { why: 'back to normal', steps: [1000, 0, 1000], last: 'unchanged' },
  ])('$why: $last', async ({ steps, last }) => {
    expect((await outcomes(steps)).at(-1)).toBe(last);
  });

  test('publishes what three cycles in a row have found', async () => {
    expect(await outcomes([100, 0, 0, 0])).toEqual([
      'published discovered',
      'held',
      'held',
      'published confirmed',
    ]);
  });

  test('counts anew when a cycle finds another drop, or none', async () => {
    expect(await outcomes([100, 0, 20, 0, 0, 0])).toEqual([
      'published discovered',
      'held',
      'held',
      'held',
      'held',
      'published confirmed',
    ]);
    expect(await outcomes([100, 0, 0, 100, 0, 0, 0])).toEqual([
      'published discovered',
      'held',
      'held',
      'unchanged',
      'held',
      'held',
      'published confirmed',
    ]);
  });

  test('an operator accepts what is held, the next cycle publishes it', async () => {
    expect(await outcomes([100, 'accept', 10, 'accept', 11, 0])).toEqual([
      'published discovered',
      'nothing held',
      'held',
      'accepted',
      'published accepted',
      'held',
    ]);
  });

  test('an acceptance does not cover a further drop', async () => {
    expect(await outcomes([100, 40, 'accept', 0])).toEqual([
      'published discovered',
      'held',
      'accepted',
      'held',
    ]);
  });

  test('says in the status what is held and since when', async () => {
    const store = createMemoryStore();
    await runCycle(
      providerOf(() => listing(100)),
      inputOf(store),
    );
    const result = await runCycle(
      providerOf(() => listing(30)),
      inputOf(store),
    );
    const message =
      '70 of 100 targets gone: held until 3 cycles in a row agree (1 so far), or "muster accept"';
    expect(result.held).toBe(message);
    expect((await readStatus(store, id)).status).toMatchObject({
      held: { cycles: 1, targets_before: 100, targets_after: 30, message, since: '2026-01-01T00:00:01.000Z' },
      targets: 100,
      failures: 0,
      version: 1,
      published_version: 1,
    });
  });

  test('a failing cycle neither confirms nor forgets what is held', async () => {
    const store = createMemoryStore();
    await runCycle(
      providerOf(() => listing(100)),
      inputOf(store),
    );
    await runCycle(
      providerOf(() => []),
      inputOf(store),
    );
    await runCycle(
      providerOf(() => Promise.reject(new Error('down'))),
      inputOf(store),
    );
    expect((await readStatus(store, id)).status?.held?.cycles).toBe(1);
    expect(
      (
        await runCycle(
          providerOf(() => []),
          inputOf(store),
        )
      ).outcome,
    ).toBe('held');
    expect(
      (
        await runCycle(
          providerOf(() => []),
          inputOf(store),
        )
      ).outcome,
    ).toBe('published');
  });

  test('an acceptance is not lost when a cycle writes its status at the same time', async () => {
    const store = createMemoryStore();
    await runCycle(
      providerOf(() => listing(100)),
      inputOf(store),
    );
    await runCycle(
      providerOf(() => []),
      inputOf(store),
    );
    const accepting = async () => {
      await acceptHeld(store, id);
      return [];
    };
    expect((await runCycle(providerOf(accepting), inputOf(store))).outcome).toBe('held');
    expect(
      (
        await runCycle(
          providerOf(() => []),
          inputOf(store),
        )
      ).outcome,
    ).toBe('published');
    expect((await readHistory(store)).reasons).toEqual(['discovered', 'accepted']);
  });
});

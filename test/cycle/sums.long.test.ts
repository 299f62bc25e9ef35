import { describe, expect, test } from '@jest/globals';
import { runCycle } from '../../lib/cycle/cycle.ts';
import type { CycleResult } from '../../lib/cycle/provider.ts';
import { createMemoryStore } from '../../lib/store/memory.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { countingStore } from '../support/counting-store.ts';
import { inputOf, listing, providerOf } from '../support/provider.ts';

const jobs = Array.from({ length: 30 }, (_, index) => `team-${index}`);

/** A cycle of one job, which has `count` targets of its own on the registry. */
function cycle(store: ObjectStore, job: string, count: number, minute = 0, server = 'registry') {
  let looks = 0;
  return runCycle(
    providerOf(() => listing(count, '', job), { job, server }),
    inputOf(store, {
      hasOthers: true,
      now: () => new Date(Date.UTC(2026, 0, 1, 0, minute, 0, ++looks)),
    }),
  );
}

const sumOf = (results: readonly CycleResult[]) => results.reduce((sum, { targets }) => sum + targets, 0);

async function started(count: number): Promise<ObjectStore> {
  const store = createMemoryStore();
  for (const job of jobs) await cycle(store, job, count);
  return store;
}

describe('many small drops on one backend server (row 17)', () => {
  test('30 jobs of 9 targets that all fall to 1 keep more than half of them', async () => {
    const store = await started(9);
    const results: CycleResult[] = [];
    for (const job of jobs) results.push(await cycle(store, job, 1, 1));
    expect(sumOf(results)).toBeGreaterThanOrEqual(135);
    expect(results.filter(({ outcome }) => outcome === 'held').length).toBeGreaterThan(10);
    expect(results.at(-1)?.held?.message).toContain(
      'the targets of all providers of this backend server fell too far at once: 8 targets stay published',
    );
  });

  test('also where all cycles run at once', async () => {
    const store = await started(9);
    const results = await Promise.all(jobs.map((job) => cycle(store, job, 1, 1)));
    expect(sumOf(results)).toBeGreaterThanOrEqual(135);
  });

  test('also where each job asks a server of its own: then the store adds up', async () => {
    const store = createMemoryStore();
    for (const job of jobs) await cycle(store, job, 9, 0, job);
    const results: CycleResult[] = [];
    for (const job of jobs) results.push(await cycle(store, job, 5, 1, job));
    expect(sumOf(results)).toBeGreaterThanOrEqual(135);
    for (const job of jobs) await cycle(store, job, 1, 2, job);
    const last = await Promise.all(jobs.map((job) => cycle(store, job, 1, 3, job)));
    expect(sumOf(last)).toBeGreaterThanOrEqual(135);
  });

  test('what lasts for fifteen minutes goes all the same', async () => {
    const store = await started(9);
    let results: CycleResult[] = [];
    for (let minute = 1; minute <= 18; minute++) {
      results = [];
      for (const job of jobs) results.push(await cycle(store, job, 1, minute));
    }
    expect(sumOf(results)).toBe(30);
  });

  test('small churn passes, and costs no look at a status of another provider', async () => {
    const store = await started(9);
    const counted = countingStore(store);
    for (const job of jobs) {
      counted.reset();
      expect(await cycle(counted.store, job, 8, 1)).toMatchObject({ outcome: 'published', targets: 8 });
      const statuses = counted.calls.filter(({ key }) => key.startsWith('status/'));
      expect(statuses.map(({ kind, key }) => [kind, key])).toEqual([
        ['get', `status/${job}/consul-0.json`],
        ['put', `status/${job}/consul-0.json`],
      ]);
    }
  });

  test('a cycle without removals asks for no sum at all', async () => {
    const store = await started(9);
    const counted = countingStore(store);
    await cycle(counted.store, 'team-0', 10, 1);
    expect(counted.calls.filter(({ key }) => key.startsWith('removals/'))).toEqual([]);
  });

  test('drops of an earlier hour, or of a clock far ahead, are not added', async () => {
    const store = await started(9);
    for (const job of jobs.slice(0, 12)) await cycle(store, job, 1, 1);
    await store.put(
      `removals/999999999999999-${'0'.repeat(12)}-${'0'.repeat(12)}-${'0'.repeat(12)}-90000-90000`,
      new Uint8Array(),
      { condition: 'any' },
    );
    const results: CycleResult[] = [];
    for (const job of jobs.slice(12, 20)) results.push(await cycle(store, job, 1, 70));
    expect(results.map(({ targets }) => targets)).toEqual(Array(8).fill(1));
  });
});

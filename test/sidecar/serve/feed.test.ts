import { describe, expect, test } from '@jest/globals';
import { runCycle } from '../../../lib/cycle/cycle.ts';
import {
  historyOf,
  newestChanges,
  type ProviderWithJournal,
} from '../../../lib/sidecar/serve/change-feed.ts';
import { createJournal } from '../../../lib/sidecar/serve/journal.ts';
import { createStatusReader } from '../../../lib/sidecar/serve/providers.ts';
import { createMemoryStore } from '../../../lib/store/memory.ts';
import type { ObjectStore } from '../../../lib/store/store.ts';
import { journalKey, statusKey } from '../../../lib/targets/keys.ts';
import { countingStore } from '../../support/counting-store.ts';
import { id, listing, providerOf } from '../../support/provider.ts';

const { signal } = new AbortController();

/** Runs a cycle for each count of targets, a minute after the one before. */
async function storeOf(
  counts: readonly number[],
  job = 'api',
  store = createMemoryStore(),
): Promise<ObjectStore> {
  for (const [index, count] of counts.entries()) {
    const at = Date.UTC(2026, 0, 1, 0, index);
    const guard = { max_removed: 1, min_targets: 1000, confirm_after: 1, confirm_empty_after: 1 };
    const provider = providerOf(() => listing(count), { job, guard });
    await runCycle(provider, { store, run: `${job}-${index}`, now: () => new Date(at) });
  }
  return store;
}

async function historied(store: ObjectStore, job = 'api'): Promise<ProviderWithJournal> {
  const { byKey } = await createStatusReader(store)();
  const found = byKey.get(statusKey({ ...id, job }));
  if (found === undefined) throw new Error(`no status of ${job}`);
  return { ...id, job, source: '', status: found.status, journal: createJournal(store) };
}

describe('the feed of changes', () => {
  test('merges journals by time, without listing any', async () => {
    const memory = createMemoryStore();
    await storeOf([1, 2, 3, 4], 'api', memory);
    await storeOf([5, 5, 6, 6, 7], 'web', memory);
    const { store, calls } = countingStore(memory);
    const both = [await historied(store), await historied(store, 'web')];
    const { items } = await newestChanges(both, { limit: 5, signal });
    expect(items.map(({ job, version, at }) => [at.slice(14, 16), job, version])).toEqual([
      ['04', 'web', 3],
      ['03', 'api', 4],
      ['02', 'web', 2],
      ['02', 'api', 3],
      ['01', 'api', 2],
    ]);
    expect(calls.filter(({ kind, key }) => kind === 'list' && key.startsWith('journal/'))).toEqual([]);
  });

  test('reads each entry once', async () => {
    const { store, calls, reset } = countingStore(await storeOf([1, 2, 3, 4, 5, 6]));
    const provider = await historied(store);
    reset();
    for (let look = 0; look < 3; look++) await newestChanges([provider], { limit: 6, signal });
    expect(calls.map(({ key }) => key).sort()).toEqual(
      [1, 2, 3, 4, 5, 6].map((version) => journalKey(id, version)),
    );
  });

  test('ends where older entries were cleared away, and goes over one that cannot be read', async () => {
    const store = await storeOf([1, 2, 3, 4, 5]);
    await store.delete(journalKey(id, 2));
    await store.put(journalKey(id, 4), Buffer.from('rubbish'), { condition: 'any' });
    const { items, problems } = await newestChanges([await historied(store)], { limit: 10, signal });
    expect(items.map(({ version, problem }) => [version, problem])).toEqual([
      [5, undefined],
      [
        4,
        expect.stringMatching(/^journal\/api\/consul-0\/0+4\.json\.gz: not gzip: .*incorrect header check$/),
      ],
      [3, undefined],
    ]);
    expect(problems).toEqual([]);
  });

  test('shows few targets of many, cut where values are long', async () => {
    const { items } = await newestChanges([await historied(await storeOf([300]))], { limit: 1, signal });
    expect(items.map(({ counts, sample }) => [counts, sample.length])).toEqual([
      [{ added: 300, removed: 0, changed: 0 }, 5],
    ]);
  });
});

describe('the count over time', () => {
  test('goes back to the first version', async () => {
    const { points } = await historyOf([await historied(await storeOf([3, 5, 2, 2, 8]))]);
    expect(points.map(({ at, targets, version }) => [at, targets, version?.version])).toEqual([
      [Date.UTC(2026, 0, 1, 0, 0), 3, 1],
      [Date.UTC(2026, 0, 1, 0, 1), 5, 2],
      [Date.UTC(2026, 0, 1, 0, 2), 2, 3],
      [Date.UTC(2026, 0, 1, 0, 4), 8, 4],
    ]);
  });

  test('is the sum of all providers, from where each of them is known', async () => {
    const store = createMemoryStore();
    await storeOf([1, 2, 3, 4], 'api', store);
    await storeOf([10, 10, 20], 'web', store);
    const both = async () => [await historied(store), await historied(store, 'web')];
    const { points: all } = await historyOf(await both());
    expect(all.map(({ targets }) => targets)).toEqual([11, 12, 23, 24]);
    await store.delete(journalKey({ ...id, job: 'api' }, 2));
    const { points } = await historyOf(await both());
    expect(points.map(({ at, targets }) => [new Date(at).getUTCMinutes(), targets])).toEqual([
      [2, 23],
      [3, 24],
    ]);
  });

  test('goes back to the first version of a thousand, of which some are drawn, and shows all of a shorter range', async () => {
    const counts = Array.from({ length: 1000 }, (_, index) => 1 + (index % 7));
    const memory = await storeOf(counts);
    const { store, calls } = countingStore(memory);
    const { points, every } = await historyOf([await historied(store)]);
    expect([every, points[0]?.version?.version, points.at(-1)?.version?.version]).toEqual([5, 1, 1000]);
    expect(points.every(({ targets, version }) => counts[(version?.version ?? 0) - 1] === targets)).toBe(
      true,
    );
    expect(calls.filter(({ key }) => key.startsWith('journal/')).length).toBeLessThan(420);
    const since = Date.UTC(2026, 0, 1, 0, 700);
    const later = await historyOf([await historied(store)], since);
    const edge = { at: Date.UTC(2026, 0, 1, 0, 699), targets: counts[699] };
    expect([later.every, later.points[0]]).toEqual([2, edge]);
    const hour = await historyOf([await historied(store)], Date.UTC(2026, 0, 1, 0, 940));
    expect([hour.every, hour.points.filter(({ at }) => at >= Date.UTC(2026, 0, 1, 0, 940)).length]).toEqual([
      1, 60,
    ]);
  });

  test('is nothing where nothing ever was', async () => {
    expect(await historyOf([])).toEqual({ points: [], every: 1 });
  });
});

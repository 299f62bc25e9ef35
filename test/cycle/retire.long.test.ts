import { describe, expect, test } from '@jest/globals';
import { runCycle } from '../../lib/cycle/cycle.ts';
import { findLeft, reviewLeaving } from '../../lib/cycle/leaving.ts';
import { readPublished } from '../../lib/cycle/load.ts';
import { clearRetired, retireProvider } from '../../lib/cycle/retire.ts';
import { readTombstone, writeTombstone } from '../../lib/cycle/tombstone.ts';
import { createMemoryStore } from '../../lib/store/memory.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { manifestKey, partsFolder, statusKey, targetsKey } from '../../lib/targets/keys.ts';
import { faultyStore } from '../support/faulty-store.ts';
import { id, inputOf, listing, providerOf, readHistory } from '../support/provider.ts';

const other = { job: 'other/job', provider: 'marathon-1' };
const { signal } = new AbortController();

async function published(shards = 1) {
  const store = createMemoryStore();
  await runCycle(
    providerOf(() => listing(3), { shards }),
    inputOf(store),
  );
  await runCycle(
    providerOf(() => listing(2), other),
    inputOf(store),
  );
  return store;
}

const keysOf = async (store: ObjectStore, folder: string) => (await store.list(folder)).map(({ key }) => key);

/** Notes that the provider has left, as a look at the configuration does. */
async function leave(store: ObjectStore) {
  const rules = { retireAfter: () => 0, keep: 90 * 86_400_000, guard: { max_removed: 1, min_targets: 10 } };
  const now = new Date(Date.UTC(2026, 0, 2));
  return reviewLeaving([other], rules, { store, signal, now });
}

describe('retiring', () => {
  test('finds who left the configuration, of one mechanism or of all', async () => {
    const store = await published();
    expect(await findLeft([id], { store, signal })).toEqual([other]);
    expect(await findLeft([other], { store, signal })).toEqual([id]);
    const strange = [{ job: 'new', provider: 'consul-0' }];
    expect(await findLeft(strange, { store, signal, mechanism: 'consul' })).toEqual([id]);
    expect(await findLeft([id, other], { store, signal })).toEqual([]);
  });

  test('an empty configuration retires nothing', async () => {
    expect(await findLeft([], { store: await published(), signal })).toEqual([]);
  });

  test.each([1, 3])(
    'with %d shards: a last change, a tombstone of its version, then no file or status is left',
    async (shards) => {
      const store = await published(shards);
      expect(await retireProvider(id, inputOf(store, { run: 'last' }))).toBe(true);
      const history = await readHistory(store);
      expect(history).toMatchObject({
        version: 2,
        snapshotVersion: 2,
        reasons: ['discovered', 'retired'],
        file: undefined,
      });
      expect(history.lists[2]?.size).toBe(0);
      expect(await readTombstone(store, id)).toEqual({
        ...id,
        store: history.store,
        version: 2,
        at: expect.any(String),
        run: 'last',
      });
      expect(await keysOf(store, 'status/')).toEqual([statusKey(other)]);
      expect(await keysOf(store, 'targets/')).toEqual([targetsKey(other)]);
    },
  );

  test('parts stay for a run that is on its way, and go with the journal', async () => {
    const store = await published(3);
    await retireProvider(id, inputOf(store));
    const parts = await keysOf(store, partsFolder(id));
    expect(parts).not.toEqual([]);
    await clearRetired(90 * 86_400_000, () => false, { store, now: new Date() });
    expect(await keysOf(store, partsFolder(id))).toEqual(parts);
    await clearRetired(0, () => false, { store, now: new Date(Date.now() + 60_000) });
    const left = (await keysOf(store, '')).filter((key) => key.includes(`/${id.job}/`));
    expect(left).toEqual([]);
  });

  test('one that came back and waits to be retired again keeps its history', async () => {
    const store = await published();
    await retireProvider(id, inputOf(store));
    await runCycle(
      providerOf(() => listing(3)),
      inputOf(store),
    );
    await clearRetired(0, () => false, { store, now: new Date(Date.now() + 60_000) });
    expect(await readHistory(store)).toMatchObject({ version: 3, snapshotVersion: 3 });
    expect(await readTombstone(store, id)).toBeUndefined();
  });

  test('a provider that comes back counts its versions on, above its tombstone', async () => {
    const store = await published();
    await retireProvider(id, inputOf(store));
    expect(
      await runCycle(
        providerOf(() => listing(3)),
        inputOf(store),
      ),
    ).toMatchObject({ outcome: 'published', version: 3 });
    expect((await readHistory(store)).reasons).toEqual(['discovered', 'retired', 'discovered']);
    expect((await readTombstone(store, id))?.version).toBe(2);
  });

  test('one that died on the way is taken up by the next run', async () => {
    for (let failAt = 1; failAt <= 5; failAt++) {
      const store = await published();
      let writes = 0;
      const dying = <T>(write: () => Promise<T>) =>
        ++writes >= failAt ? Promise.reject(new Error('died')) : write();
      const broken = {
        ...store,
        put: (...args: Parameters<typeof store.put>) => dying(() => store.put(...args)),
        delete: (...args: Parameters<typeof store.delete>) => dying(() => store.delete(...args)),
      };
      await expect(retireProvider(id, inputOf(broken))).rejects.toThrow('died');
      expect(await findLeft([other], { store, signal })).toEqual([id]);
      expect(await retireProvider(id, inputOf(store))).toBe(true);
      expect(await readHistory(store)).toMatchObject({ version: 2, snapshotVersion: 2, file: undefined });
    }
  });

  test('an empty list that was published without a word in the status gets a tombstone above it', async () => {
    const store = await published();
    await runCycle(
      providerOf(() => listing(3)),
      inputOf(store),
    );
    const before = await store.get(statusKey(id));
    if (before === undefined) throw new Error('no status');
    const guard = { max_removed: 1, min_targets: 10, confirm_after: 0, confirm_empty_after: 0 };
    for (let round = 0; round < 2; round++)
      await runCycle(
        providerOf(() => [], { guard }),
        inputOf(store),
      );
    await store.put(statusKey(id), before.body, { condition: 'any' });
    expect((await readHistory(store)).version).toBe(2);
    expect(await retireProvider(id, inputOf(store))).toBe(true);
    expect((await readTombstone(store, id))?.version).toBe(3);
  });

  test('a tombstone is never replaced by one of a lower version of the same store', async () => {
    const store = createMemoryStore();
    const stone = (version: number, of = 'store-one') => ({
      ...id,
      store: of,
      version,
      at: '2026-01-01T00:00:00.000Z',
      run: 'r',
    });
    for (const [next, expected] of [
      [stone(4), stone(4)],
      [stone(2), stone(4)],
      [stone(5), stone(5)],
      [stone(1, 'store-two'), stone(1, 'store-two')],
    ] as const) {
      await writeTombstone(store, next);
      expect(await readTombstone(store, id)).toEqual(expected);
    }
  });
});

describe('a retirement that stalls while the provider comes back (row 32)', () => {
  const cycle = (store: ObjectStore, count: number, shards: number) =>
    runCycle(
      providerOf(() => listing(count), { shards }),
      inputOf(store),
    );

  test.each([
    [1, 'unchanged', 3],
    [1, 'changed', 4],
    [3, 'unchanged', 3],
    [3, 'changed', 4],
  ])('at any operation, with %d shards and an %s list, deletes nothing of it', async (shards, _, count) => {
    for (const when of ['before', 'after'] as const) {
      for (let at = 1; ; at++) {
        const store = await published(shards);
        await leave(store);
        let isReached = false;
        const act = async () => {
          isReached = true;
          // Two cycles: what the first one overlaps with, the second one finds.
          await cycle(store, count, shards);
          await cycle(store, count, shards);
        };
        const stalled = faultyStore(store, [{ when, at, act }]);
        await retireProvider(id, { ...inputOf(stalled), ifLeaving: true });
        if (!isReached) {
          expect(at).toBeGreaterThan(10);
          break;
        }
        expect((await readPublished(store, id, signal))?.groups).toHaveLength(count);
        expect(await store.head(shards === 1 ? targetsKey(id) : manifestKey(id))).toBeDefined();
        expect(await store.head(statusKey(id))).toBeDefined();
        // What it had committed before it saw the provider is outlived.
        await cycle(store, count, shards);
        expect((await readHistory(store)).lists.at(-1)?.size).toBe(count);
        expect(await cycle(store, count, shards)).toMatchObject({ outcome: 'unchanged' });
      }
    }
  });

  test('does not begin once the provider is back', async () => {
    const store = await published();
    await leave(store);
    await cycle(store, 3, 1);
    expect(await retireProvider(id, { ...inputOf(store), ifLeaving: true })).toBe(false);
    expect(await readHistory(store)).toMatchObject({ version: 1, reasons: ['discovered'] });
  });
});

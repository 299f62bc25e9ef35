import { describe, expect, test } from '@jest/globals';
import { runCycle } from '../../lib/discovery/cycle.ts';
import { findRetired, retireProvider } from '../../lib/discovery/retire.ts';
import { createMemoryStore } from '../../lib/store/memory.ts';
import { id, inputOf, listing, providerOf, readHistory } from '../support/provider.ts';

async function published() {
  const store = createMemoryStore();
  await runCycle(
    providerOf(() => listing(3)),
    inputOf(store),
  );
  await runCycle(
    providerOf(() => listing(2), { job: 'other/job', provider: 'marathon-1' }),
    inputOf(store),
  );
  return store;
}

describe('retiring', () => {
  test('finds who left the configuration, of one mechanism or of all', async () => {
    const store = await published();
    const other = { job: 'other/job', provider: 'marathon-1' };
    expect(await findRetired(inputOf(store), [id])).toMatchObject([other]);
    expect(await findRetired(inputOf(store), [other])).toMatchObject([id]);
    expect(await findRetired(inputOf(store), [{ job: 'new', provider: 'consul-0' }], 'consul')).toMatchObject(
      [id],
    );
    expect(await findRetired(inputOf(store), [id, other])).toEqual([]);
  });

  test('an empty configuration retires nothing', async () => {
    expect(await findRetired(inputOf(await published()), [])).toEqual([]);
  });

  test('a last change, then no target file and no status is left', async () => {
    const store = await published();
    expect(await retireProvider(id, inputOf(store))).toBe(true);
    const history = await readHistory(store);
    expect(history).toMatchObject({
      version: 2,
      snapshotVersion: 2,
      reasons: ['discovered', 'retired'],
      file: undefined,
    });
    expect(history.lists[2]?.size).toBe(0);
    expect((await store.list('status/')).map(({ key }) => key)).toEqual([
      'status/other%2Fjob/marathon-1.json',
    ]);
    expect((await store.list('targets/')).map(({ key }) => key)).toEqual([
      'targets/other%2Fjob/marathon-1.json',
    ]);
  });

  test('a provider that comes back counts its versions on', async () => {
    const store = await published();
    await retireProvider(id, inputOf(store));
    expect(
      await runCycle(
        providerOf(() => listing(3)),
        inputOf(store),
      ),
    ).toMatchObject({ outcome: 'published', version: 3 });
    expect((await readHistory(store)).reasons).toEqual(['discovered', 'retired', 'discovered']);
  });

  test('one that died on the way is taken up by the next run', async () => {
    for (let failAt = 1; failAt <= 4; failAt++) {
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
      expect(await findRetired(inputOf(store), [{ job: 'other/job', provider: 'marathon-1' }])).toMatchObject(
        [id],
      );
      expect(await retireProvider(id, inputOf(store))).toBe(true);
      expect(await readHistory(store)).toMatchObject({ version: 2, snapshotVersion: 2, file: undefined });
    }
  });
});

import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { runCycle } from '../../lib/cycle/cycle.ts';
import { retireProvider } from '../../lib/cycle/retire.ts';
import { createFileStore } from '../../lib/store/folder/store.ts';
import { createMemoryStore } from '../../lib/store/memory.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { repeats } from '../support/counts.ts';
import { fileOf, inputOf, listing, providerOf, readHistory } from '../support/provider.ts';
import { makeWorkplace } from '../support/workplace.ts';

/** The store with every operation put off until the scheduler lets it go on. */
function scheduled(store: ObjectStore, scheduler: fc.Scheduler): ObjectStore {
  const wait = <A extends unknown[], R>(operation: (...args: A) => Promise<R>) =>
    scheduler.scheduleFunction(operation);
  return {
    ...store,
    get: wait(store.get),
    getIfChanged: wait((...args: Parameters<typeof store.getIfChanged>) => store.getIfChanged(...args)),
    head: wait(store.head),
    put: wait(store.put),
    list: wait(store.list),
    delete: wait(store.delete),
  };
}

const finds = fc.constantFrom(listing(12), listing(12, 'b'), listing(14), listing(11, 'c'));

describe('overlapping cycles', () => {
  test.each([
    ['memory', repeats(100)],
    ['a folder', repeats(40)],
  ])(
    'in any interleaving of three, in %s: no version is lost or doubled, the newest is published',
    async (where, numRuns) => {
      await using root = await makeWorkplace();
      let stores = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.scheduler(),
          fc.tuple(finds, finds, finds),
          fc.boolean(),
          async (scheduler, found, started) => {
            stores += 1;
            const store =
              where === 'memory' ? createMemoryStore() : createFileStore(join(root.folder, `${stores}`));
            if (started)
              await runCycle(
                providerOf(() => listing(12)),
                inputOf(store),
              );
            const cycles = found.map((groups) =>
              runCycle(
                providerOf(() => groups),
                inputOf(scheduled(store, scheduler)),
              ),
            );
            await scheduler.waitFor(Promise.all(cycles));
            const results = await Promise.all(cycles);
            const history = await readHistory(store);
            expect(results.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
            expect(new Set(history.runs).size).toBe(history.version);
            const publishers = results
              .filter(({ outcome }) => outcome === 'published')
              .map(({ version }) => version);
            expect(new Set(publishers).size).toBe(publishers.length);
            expect(history.file).toBe(history.version === 0 ? undefined : fileOf(history));
            expect(history.snapshotVersion).toBe(history.version);
            // Whatever the three left to do, one quiet cycle ends it.
            const last = found.at(-1) ?? [];
            await runCycle(
              providerOf(() => last),
              inputOf(store),
            );
            const healed = await readHistory(store);
            expect(healed.file).toBe(fileOf(healed));
            expect(healed.publishedVersion).toBe(healed.version);
          },
        ),
        { numRuns },
      );
    },
  );

  test('in any interleaving with a retirement the files of a retired provider stay away', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.tuple(finds, finds), async (scheduler, found) => {
        const store = createMemoryStore();
        await runCycle(
          providerOf(() => listing(12)),
          inputOf(store),
        );
        const runs = found.map((groups) =>
          runCycle(
            providerOf(() => groups),
            inputOf(scheduled(store, scheduler)),
          ),
        );
        const retired = retireProvider(
          { job: 'api', provider: 'consul-0' },
          inputOf(scheduled(store, scheduler)),
        );
        await scheduler.waitFor(Promise.all([...runs, retired]));
        const history = await readHistory(store);
        if ((await retired) && history.reasons.at(-1) === 'retired') expect(history.file).toBeUndefined();
        else {
          // A retirement that finds the provider back stops, and leaves what it committed to the next cycle.
          await runCycle(
            providerOf(() => found[1]),
            inputOf(store),
          );
          const healed = await readHistory(store);
          expect(healed.file).toBe(fileOf(healed));
        }
      }),
      { numRuns: repeats(100) },
    );
  });

  test('killed after any operation, the next run heals', async () => {
    for (const next of [listing(12), listing(13), listing(11, 'other')]) {
      for (let last = 1; ; last++) {
        const store = createMemoryStore();
        await runCycle(
          providerOf(() => listing(12)),
          inputOf(store),
        );
        const { dying, died } = dyingAfter(store, last);
        await Promise.race([
          runCycle(
            providerOf(() => listing(13)),
            inputOf(dying),
          ),
          died.promise,
        ]);
        const between = await readHistory(store);
        expect([1, 2].map((version) => fileOf(between, version))).toContain(between.file);
        await runCycle(
          providerOf(() => next),
          inputOf(store),
        );
        const history = await readHistory(store);
        expect(history.file).toBe(fileOf(history));
        expect(history).toMatchObject({
          snapshotVersion: history.version,
          publishedVersion: history.version,
        });
        if (!died.happened) break;
      }
    }
  });
});

/** A store from which the n-th operation never returns, as after a kill right behind it. */
function dyingAfter(store: ObjectStore, last: number) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const died = { promise, happened: false };
  let operations = 0;
  const count =
    <A extends unknown[], R>(operation: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (++operations > last) return new Promise<never>(() => undefined);
      const answer = await operation(...args);
      if (operations < last) return answer;
      died.happened = true;
      resolve();
      return new Promise<never>(() => undefined);
    };
  const dying: ObjectStore = {
    ...store,
    get: count(store.get),
    head: count(store.head),
    put: count(store.put),
    list: count(store.list),
    delete: count(store.delete),
  };
  return { dying, died };
}

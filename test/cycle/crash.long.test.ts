import { beforeAll, describe, expect, test } from '@jest/globals';
import type { BlockLimits } from '../../lib/cycle/blocks.ts';
import { runCycle } from '../../lib/cycle/cycle.ts';
import { acceptHeld, readHeld } from '../../lib/cycle/held.ts';
import { acceptRetirement, reviewLeaving } from '../../lib/cycle/leaving.ts';
import { readPublished } from '../../lib/cycle/load.ts';
import { pinProvider, rejectHeld, rollbackProvider } from '../../lib/cycle/operate.ts';
import type { Provider } from '../../lib/cycle/provider.ts';
import { retireProvider } from '../../lib/cycle/retire.ts';
import { readStatus } from '../../lib/cycle/status.ts';
import { readTombstone } from '../../lib/cycle/tombstone.ts';
import { createMemoryStore } from '../../lib/store/memory.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { manifestKey, targetsKey } from '../../lib/targets/keys.ts';
import { faultyStore } from '../support/faulty-store.ts';
import { fileOf, id, inputOf, layouts, listing, providerOf, readHistory } from '../support/provider.ts';

const { signal } = new AbortController();
const moments = ['before', 'after'] as const;

/** Runs something against a store that never answers again from its n-th operation on; whether it came that far. */
async function killAt(
  store: ObjectStore,
  when: 'before' | 'after',
  at: number,
  run: (store: ObjectStore) => Promise<unknown>,
): Promise<boolean> {
  const died = Promise.withResolvers<true>();
  const hang = () => {
    died.resolve(true);
    return new Promise<void>(() => undefined);
  };
  const dying = faultyStore(store, [{ when, at, act: hang }]);
  return Promise.race([run(dying).then(() => false), died.promise]);
}

/** Kills `run` before and after each of its operations in turn, each time in a new world, and looks at what is left. */
async function killEverywhere<W extends { readonly store: ObjectStore }>(
  prepare: () => Promise<W>,
  run: (store: ObjectStore) => Promise<unknown>,
  check: (world: W, label: string) => Promise<void>,
): Promise<number> {
  let operations = 0;
  for (const when of moments)
    for (let at = 1; ; at++) {
      const world = await prepare();
      if (!(await killAt(world.store, when, at, run))) break;
      operations += 1;
      await check(world, `${when} operation ${at}`);
    }
  return operations;
}

const { guard } = providerOf(() => []);

let limits: BlockLimits | undefined;

function operatorOf(store: ObjectStore, minute: number) {
  return {
    ...inputOf(store),
    signal,
    by: 'ann',
    limits,
    now: () => new Date(Date.UTC(2026, 0, 1, 0, minute)),
  };
}

function cycle(
  store: ObjectStore,
  count: number,
  options: Partial<Omit<Provider, 'discover'>> = {},
  minute = 0,
  value = '',
) {
  let looks = 0;
  const now = () => new Date(Date.UTC(2026, 0, 1, 0, minute, 0, ++looks));
  return runCycle(
    providerOf(() => listing(count, value), { limits, ...options }),
    inputOf(store, { now }),
  );
}

/** All is as one undisturbed run leaves it: journal, snapshot, published list and status tell the same version. */
async function expectWhole(store: ObjectStore, shards: number, count: number, label: string): Promise<void> {
  const history = await readHistory(store);
  const { status } = await readStatus(store, id);
  const published = await readPublished(store, id, undefined);
  expect({
    label,
    snapshot: history.snapshotVersion,
    published: history.publishedVersion,
    list: history.lists.at(-1)?.size,
    version: published?.version,
    targets: published?.groups.length,
    files: status?.files.map(({ key, etag }) => ({ key, etag })),
  }).toEqual({
    label,
    snapshot: history.version,
    published: history.version,
    list: count,
    version: history.version,
    targets: count,
    files: [await headOf(store, shards === 1 ? targetsKey(id) : manifestKey(id))],
  });
  expect(await store.head(shards === 1 ? manifestKey(id) : targetsKey(id))).toBeUndefined();
  if (shards === 1) expect(history.file).toBe(fileOf(history));
}

async function headOf(store: ObjectStore, key: string) {
  return { key, etag: (await store.head(key))?.etag };
}

describe.each(layouts)(
  'a crash at any operation, before or after it takes effect, of a list in %s',
  (_, kept) => {
    beforeAll(() => {
      limits = kept;
    });

    test.each([1, 3])('of the first cycle, with %d shards: the next one heals', async (shards) => {
      const operations = await killEverywhere(
        async () => ({ store: createMemoryStore() }),
        (store) => cycle(store, 12, { shards }),
        async ({ store }, label) => {
          const file = await readPublished(store, id, undefined);
          expect([undefined, 12]).toContain(file?.groups.length);
          // No file of which no status tells: a look at the configuration finds it.
          if (file !== undefined) expect((await readStatus(store, id)).status).toBeDefined();
          await cycle(store, 12, { shards }, 1);
          await expectWhole(store, shards, 12, label);
        },
      );
      expect(operations).toBeGreaterThan(20);
    });

    test.each([
      [1, 1],
      [3, 3],
      [1, 3],
      [3, 1],
    ])(
      'of a later cycle, from %d to %d shards: old or new list, and the next one heals',
      async (from, to) => {
        const operations = await killEverywhere(
          async () => {
            const store = createMemoryStore();
            await cycle(store, 12, { shards: from });
            return { store };
          },
          (store) => cycle(store, 13, { shards: to }, 1),
          async ({ store }, label) => {
            const between = await readPublished(store, id, undefined);
            expect([12, 13]).toContain(between?.groups.length);
            // The backend may have gone on meanwhile.
            const next = label.length % 2 === 0 ? 13 : 14;
            await cycle(store, next, { shards: to }, 2);
            await expectWhole(store, to, next, label);
          },
        );
        expect(operations).toBeGreaterThan(20);
      },
    );

    test.each([1, 3])(
      'of a cycle that holds a drop, with %d shards: nothing leaves too early',
      async (shards) => {
        await killEverywhere(
          async () => {
            const store = createMemoryStore();
            await cycle(store, 40, { shards });
            return { store };
          },
          (store) => cycle(store, 10, { shards }, 1),
          async ({ store }, label) => {
            for (let minute = 2; minute < 16; minute++) await cycle(store, 10, { shards }, minute);
            await expectWhole(store, shards, 40, label);
            for (let minute = 16; minute < 19; minute++) await cycle(store, 10, { shards }, minute);
            await expectWhole(store, shards, 10, label);
            expect((await readHeld(store, id)).held).toBeUndefined();
          },
        );
      },
    );

    test.each([1, 3])(
      'of an acceptance and of the cycle after it, with %d shards: just the accepted targets go',
      async (shards) => {
        const prepare = async () => {
          const store = createMemoryStore();
          await cycle(store, 40, { shards });
          await cycle(store, 10, { shards }, 1);
          return { store };
        };
        const accept = (store: ObjectStore) => acceptHeld(store, id, new Date(Date.UTC(2026, 0, 1, 0, 2)));
        await killEverywhere(prepare, accept, async ({ store }, label) => {
          await accept(store);
          await cycle(store, 10, { shards }, 3);
          await expectWhole(store, shards, 10, label);
        });
        const accepted = async () => {
          const world = await prepare();
          await accept(world.store);
          return world;
        };
        await killEverywhere(
          accepted,
          (store) => cycle(store, 10, { shards }, 3),
          async ({ store }, label) => {
            // More is gone by now than was accepted.
            await cycle(store, 2, { shards }, 4);
            await expectWhole(store, shards, 10, label);
            await cycle(store, 10, { shards }, 5);
            await expectWhole(store, shards, 10, label);
            expect((await readStatus(store, id)).status?.held).toBeUndefined();
          },
        );
      },
    );

    test.each([1, 3])(
      'of a rollback with a pin, with %d shards: old or new list, and the same command or a cycle completes it',
      async (shards) => {
        const prepare = async () => {
          const store = createMemoryStore();
          await cycle(store, 12, { shards });
          await cycle(store, 14, { shards }, 1);
          return { store };
        };
        const pin = { until: new Date(Date.UTC(2026, 0, 1, 2)).toISOString() };
        const rollback = (store: ObjectStore) =>
          rollbackProvider(id, { to: 1, pin, maxRemoved: 2, guard }, operatorOf(store, 2));
        const operations = await killEverywhere(prepare, rollback, async ({ store }, label) => {
          const between = await readPublished(store, id, undefined);
          expect([12, 14]).toContain(between?.groups.length);
          const isCommitted = (await readHistory(store)).version === 3;
          if (label.length % 2 === 0) {
            // The backend has other targets: where the pin was committed they are not published.
            await cycle(store, 15, { shards }, 3);
            await expectWhole(store, shards, isCommitted ? 12 : 15, label);
          }
          expect([label, (await rollback(store)).isNew]).toEqual([label, !isCommitted]);
          await cycle(store, 16, { shards }, 4);
          await expectWhole(store, shards, 12, label);
          expect((await readStatus(store, id)).status?.held?.kind).toBe('pinned');
        });
        expect(operations).toBeGreaterThan(20);
      },
    );

    test('of a pin, a rejection, or the end of a pin: it is committed or not, and a cycle goes on', async () => {
      const prepare = async () => {
        const store = createMemoryStore();
        await cycle(store, 40);
        await cycle(store, 10, {}, 1);
        return { store };
      };
      const until = new Date(Date.UTC(2026, 0, 1, 0, 10)).toISOString();
      const pin = (store: ObjectStore) => pinProvider(id, until, operatorOf(store, 2));
      const reject = (store: ObjectStore) => rejectHeld(id, operatorOf(store, 2));
      for (const decide of [pin, reject])
        await killEverywhere(prepare, decide, async ({ store }, label) => {
          const isCommitted = (await readHistory(store)).version === 2;
          await cycle(store, 10, {}, 3);
          await expectWhole(store, 1, 40, label);
          expect([label, (await decide(store)).isNew]).toEqual([label, !isCommitted]);
          for (let minute = 4; minute < 40; minute++) await cycle(store, 10, {}, minute);
          await expectWhole(store, 1, decide === pin ? 10 : 40, label);
        });
      const pinned = async () => {
        const world = await prepare();
        await pin(world.store);
        return world;
      };
      await killEverywhere(
        pinned,
        (store) => cycle(store, 10, {}, 11),
        async ({ store }, label) => {
          await cycle(store, 10, {}, 12);
          await expectWhole(store, 1, 40, label);
          expect((await readHistory(store)).version).toBe(3);
        },
      );
    });

    test.each([1, 3])('of a retirement, with %d shards: the next one ends it', async (shards) => {
      const operations = await killEverywhere(
        async () => {
          const store = createMemoryStore();
          await cycle(store, 12, { shards });
          return { store };
        },
        (store) => retireProvider(id, inputOf(store)),
        async ({ store }, label) => {
          if ((await readStatus(store, id)).status !== undefined)
            expect([label, await retireProvider(id, inputOf(store))]).toEqual([label, true]);
          const { version, lists, snapshotVersion } = await readHistory(store);
          const left = await Promise.all(
            ['targets/', 'status/', 'held/'].map((folder) => store.list(folder)),
          );
          expect([label, version, snapshotVersion, lists.at(-1)?.size, left.flat()]).toEqual([
            label,
            2,
            2,
            0,
            [],
          ]);
          expect((await readTombstone(store, id))?.version).toBe(2);
        },
      );
      expect(operations).toBeGreaterThan(20);
    });

    test.each([1, 3])('of a retirement, with %d shards: a provider that is back is whole', async (shards) => {
      await killEverywhere(
        async () => {
          const store = createMemoryStore();
          await cycle(store, 12, { shards });
          return { store };
        },
        (store) => retireProvider(id, inputOf(store)),
        async ({ store }, label) => {
          await cycle(store, 12, { shards }, 1);
          await expectWhole(store, shards, 12, label);
          const { version } = (await readTombstone(store, id)) ?? { version: 0 };
          expect((await readHistory(store)).version).toBeGreaterThan(version);
        },
      );
    });

    test('of a look at what left, or of its acceptance: the next look goes on', async () => {
      const rules = {
        retireAfter: () => 15 * 60_000,
        keep: 90 * 86_400_000,
        guard: { max_removed: 0.5, min_targets: 10 },
      };
      const look = (store: ObjectStore, minute: number) =>
        reviewLeaving([{ job: 'other', provider: 'consul-0' }], rules, {
          store,
          signal,
          now: new Date(Date.UTC(2026, 0, 1, 1, minute)),
        });
      const prepare = async () => {
        const store = createMemoryStore();
        await cycle(store, 12);
        return { store };
      };
      await killEverywhere(
        prepare,
        (store) => look(store, 0),
        async ({ store }) => {
          for (let minute = 1; minute < 15; minute++)
            expect(await look(store, minute)).toMatchObject([{ ...id, state: 'waiting' }]);
          await look(store, 16);
          expect(await look(store, 17)).toMatchObject([{ ...id, state: 'held' }]);
        },
      );
      const accept = (store: ObjectStore) =>
        acceptRetirement(id, { store, signal, now: new Date(Date.UTC(2026, 0, 1, 1, 1)) });
      const left = async () => {
        const world = await prepare();
        await look(world.store, 0);
        return world;
      };
      await killEverywhere(left, accept, async ({ store }) => {
        expect(await accept(store)).toBe(true);
        expect(await look(store, 2)).toMatchObject([{ ...id, state: 'due' }]);
      });
    });
  },
);

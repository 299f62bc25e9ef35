import { describe, expect, test } from '@jest/globals';
import { runCycle } from '../../lib/cycle/cycle.ts';
import {
  acceptRetirement,
  type ConfiguredProvider,
  noteRetirement,
  type RetireRules,
  reviewLeaving,
} from '../../lib/cycle/leaving.ts';
import { pinProvider, unpinProvider } from '../../lib/cycle/operate.ts';
import { checkOwnership } from '../../lib/cycle/ownership.ts';
import { retireProvider } from '../../lib/cycle/retire.ts';
import { readStatus } from '../../lib/cycle/status.ts';
import { createMemoryStore } from '../../lib/store/memory.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { inputOf, listing, providerOf } from '../support/provider.ts';

const { signal } = new AbortController();
const minutes = 60_000;
const rules: RetireRules = {
  retireAfter: () => 15 * minutes,
  keep: 90 * 86_400_000,
  guard: { max_removed: 0.5, min_targets: 10 },
};

/** SD config `identity` of a job, under the name that it has in the store. */
const sd = (job: string, provider: string, identity = `${job}/${provider}`): ConfiguredProvider => ({
  job,
  provider,
  identity,
});

/** A store with so many targets of each, on a clock that the test sets. */
async function world(...published: readonly (readonly [ConfiguredProvider, number])[]) {
  const store = createMemoryStore();
  const clock = { minute: 0 };
  const now = () => new Date(Date.UTC(2026, 0, 1) + clock.minute * minutes);
  const publish = async (provider: ConfiguredProvider, count: number) => {
    const prefix = `${provider.job}-`;
    await runCycle(
      providerOf(() => listing(count, '', prefix), provider),
      inputOf(store, { now }),
    );
  };
  for (const [provider, count] of published) await publish(provider, count);
  /** A look at the configuration, in which what is due is retired. */
  const look = async (
    configured: readonly ConfiguredProvider[],
    { retireAfter = rules.retireAfter, dryRun = false } = {},
  ) => {
    const input = { store, signal, now: now(), dryRun };
    const leaving = await reviewLeaving(configured, { ...rules, retireAfter }, input);
    for (const one of leaving) {
      if (one.state !== 'due' || dryRun) continue;
      await retireProvider(one, { ...inputOf(store, { now }), ifLeaving: true });
      await noteRetirement(one, input);
    }
    return leaving.map(({ job, provider, state, wait }) => [`${job}/${provider}`, state, wait / minutes]);
  };
  return { store, clock, now, publish, look };
}

const published = async (store: ObjectStore) => (await store.list('targets/')).map(({ key }) => key);

describe('a provider that left the configuration', () => {
  test('a renamed job keeps its targets for retire_after, and the new one is published first (row 5)', async () => {
    const [old, renamed, rest] = [
      sd('api', 'consul-0', 'x'),
      sd('api-v2', 'consul-0', 'x'),
      sd('web', 'dns-0'),
    ];
    const { store, clock, publish, look } = await world([old, 40], [rest, 5]);
    await publish(renamed, 40);
    for (; clock.minute < 15; clock.minute++) {
      expect(await look([renamed, rest])).toEqual([['api/consul-0', 'waiting', 15 - clock.minute]]);
      expect(await published(store)).toContain('targets/api/consul-0.json');
    }
    expect(await look([renamed, rest])).toEqual([['api/consul-0', 'due', 0]]);
    expect(await published(store)).toEqual(['targets/api-v2/consul-0.json', 'targets/web/dns-0.json']);
  });

  test('renaming one job after the other is no loss that adds up', async () => {
    const { clock, publish, look, store } = await world(
      [sd('a', 'consul-0', 'x'), 90],
      [sd('b', 'consul-0', 'y'), 10],
    );
    const rest = sd('b', 'consul-0', 'y');
    for (const job of ['a2', 'a3', 'a4']) {
      await publish(sd(job, 'consul-0', 'x'), 90);
      for (let count = 0; count < 3; count++) {
        await look([sd(job, 'consul-0', 'x'), rest]);
        clock.minute += 8;
      }
      expect(await published(store)).toEqual([`targets/${job}/consul-0.json`, 'targets/b/consul-0.json']);
    }
  });

  test('an edited SD config is a successor: the old list goes once the new one is published', async () => {
    const [old, edited] = [sd('api', 'consul-0'), sd('api', 'consul-1')];
    const { store, clock, publish, look } = await world([old, 40]);
    clock.minute = 1;
    expect(await look([edited])).toEqual([['api/consul-0', 'waiting', 15]]);
    await publish(edited, 38);
    expect(await look([edited])).toEqual([['api/consul-0', 'due', 0]]);
    expect(await published(store)).toEqual(['targets/api/consul-1.json']);
  });

  test('an edited SD config that finds far fewer targets waits, and is then held', async () => {
    const [old, edited] = [sd('api', 'consul-0'), sd('api', 'consul-1')];
    const { store, clock, publish, look } = await world([old, 40]);
    clock.minute = 1;
    await publish(edited, 3);
    expect(await look([edited])).toEqual([['api/consul-0', 'waiting', 15]]);
    clock.minute = 10;
    await look([edited]);
    clock.minute = 20;
    expect(await look([edited])).toEqual([['api/consul-0', 'held', 0]]);
    expect(await published(store)).toHaveLength(2);
  });

  test('one that comes back begins its wait anew', async () => {
    const [api, web] = [sd('api', 'consul-0'), sd('web', 'dns-0')];
    const { clock, publish, look } = await world([api, 5], [web, 40]);
    for (clock.minute = 0; clock.minute < 14; clock.minute++) await look([web]);
    await publish(api, 5);
    expect(await look([api, web])).toEqual([]);
    clock.minute = 20;
    expect(await look([web])).toEqual([['api/consul-0', 'waiting', 15]]);
  });

  test('retire_after of 0 is at once', async () => {
    const [api, web] = [sd('api', 'consul-0'), sd('web', 'dns-0')];
    const { store, look } = await world([api, 5], [web, 40]);
    expect(await look([web], { retireAfter: () => 0 })).toEqual([['api/consul-0', 'due', 0]]);
    expect(await published(store)).toEqual(['targets/web/dns-0.json']);
  });

  test('a look on a dry run counts no wait and writes nothing', async () => {
    const [api, web] = [sd('api', 'consul-0'), sd('web', 'dns-0')];
    const { store, clock, look } = await world([api, 5], [web, 40]);
    const before = await store.list('');
    for (const minute of [0, 30, 60]) {
      clock.minute = minute;
      expect(await look([web], { dryRun: true })).toEqual([['api/consul-0', 'waiting', 15]]);
    }
    expect(await store.list('')).toEqual(before);
  });

  test('a clock that jumps a day ends no wait, and one that goes back adds nothing', async () => {
    const [api, web] = [sd('api', 'consul-0'), sd('web', 'dns-0')];
    const { clock, look } = await world([api, 5], [web, 40]);
    await look([web]);
    clock.minute = 24 * 60;
    expect(await look([web])).toEqual([['api/consul-0', 'waiting', 7.5]]);
    clock.minute = 0;
    expect(await look([web])).toEqual([['api/consul-0', 'waiting', 7.5]]);
    clock.minute = 5;
    expect(await look([web])).toEqual([['api/consul-0', 'waiting', 2.5]]);
  });

  test('half a configuration retires nothing by itself: the sum is held until it is accepted (row 22)', async () => {
    const all = Array.from({ length: 10 }, (_, index) => sd(`job-${index}`, 'consul-0'));
    const { store, clock, now, look } = await world(...all.map((one) => [one, 5] as const));
    const half = all.slice(0, 3);
    for (clock.minute = 0; clock.minute < 40; clock.minute++) await look(half);
    expect((await look(half)).map(([, state]) => state)).toEqual(Array(7).fill('held'));
    expect(await published(store)).toHaveLength(10);
    const { status } = await readStatus(store, sd('job-9', 'consul-0'));
    expect(status?.retiring?.held).toBe(
      '35 of 50 published targets would be retired: they stay until that is accepted',
    );
    expect(await acceptRetirement(sd('job-9', 'consul-0'), { store, signal, now: now() })).toBe(true);
    await look(half);
    expect(await published(store)).toHaveLength(9);
    expect(await published(store)).not.toContain('targets/job-9/consul-0.json');
  });

  test('is not retired while it is pinned, whatever was accepted, and is once the pin is over', async () => {
    const [api, web] = [sd('api', 'consul-0'), sd('web', 'dns-0')];
    const { store, clock, now, look } = await world([api, 5], [web, 40]);
    const until = new Date(now().getTime() + 60 * minutes).toISOString();
    const operator = { ...inputOf(store, { now, run: 'ann' }), signal, by: 'ann', why: 'the registry moves' };
    await pinProvider(api, until, operator);
    for (clock.minute = 0; clock.minute < 30; clock.minute++) await look([web]);
    expect(await acceptRetirement(api, { store, signal, now: now() })).toBe(true);
    expect(await reviewLeaving([web], rules, { store, signal, now: now() })).toEqual([
      {
        ...{ job: 'api', provider: 'consul-0', targets: 5, loss: 5, state: 'pinned', wait: 0 },
        reason: `it left the configuration; the list is pinned by ann (the registry moves) until ${until}`,
      },
    ]);
    await expect(retireProvider(api, inputOf(store, { now }))).rejects.toMatchObject({
      kind: 'denied',
      message:
        'api/consul-0 is pinned by ann (the registry moves), and not retired before: muster unpin api --provider consul-0 ends the pin',
    });
    expect(await retireProvider(api, { ...inputOf(store, { now }), ifLeaving: true })).toBe(false);
    expect(await published(store)).toContain('targets/api/consul-0.json');
    clock.minute = 61;
    expect(await look([web])).toEqual([['api/consul-0', 'due', 0]]);
    expect(await published(store)).toEqual(['targets/web/dns-0.json']);
  });

  test('is retired after it is unpinned', async () => {
    const [api, web] = [sd('api', 'consul-0'), sd('web', 'dns-0')];
    const { store, clock, now, look } = await world([api, 5], [web, 40]);
    const operator = { ...inputOf(store, { now, run: 'ann' }), signal, by: 'ann' };
    await pinProvider(api, undefined, operator);
    for (clock.minute = 0; clock.minute < 20; clock.minute++) await look([web]);
    expect(await published(store)).toContain('targets/api/consul-0.json');
    await unpinProvider(api, operator);
    expect(await look([web])).toEqual([['api/consul-0', 'due', 0]]);
    expect(await published(store)).toEqual(['targets/web/dns-0.json']);
  });

  test('several small edits within an hour add up', async () => {
    const all = Array.from({ length: 10 }, (_, index) => sd(`job-${index}`, 'consul-0'));
    const { store, clock, look } = await world(...all.map((one) => [one, 5] as const));
    const retireAfter = () => 0;
    for (let rest = 9; rest > 0; rest--) {
      clock.minute += 1;
      await look(all.slice(0, rest), { retireAfter });
    }
    expect((await published(store)).length).toBeGreaterThanOrEqual(5);
  });

  test('an acceptance ends after an hour, and is only for one that waits', async () => {
    const [api, web] = [sd('api', 'consul-0'), sd('web', 'dns-0')];
    const { store, clock, now, look } = await world([api, 40], [web, 5]);
    expect(await acceptRetirement(api, { store, signal, now: now() })).toBe(false);
    for (clock.minute = 0; clock.minute < 20; clock.minute++) await look([web]);
    expect(await acceptRetirement(api, { store, signal, now: now() })).toBe(true);
    clock.minute += 61;
    expect(await look([web])).toEqual([['api/consul-0', 'held', 0]]);
    expect(await acceptRetirement(api, { store, signal, now: now() })).toBe(true);
    expect(await look([web])).toEqual([['api/consul-0', 'due', 0]]);
  });

  test('an acceptance that comes while a look is on its way is not lost', async () => {
    const [api, web] = [sd('api', 'consul-0'), sd('web', 'dns-0')];
    const { store, clock, now, look } = await world([api, 40], [web, 5]);
    await look([web]);
    clock.minute = 1;
    let isAccepted = false;
    const racing = {
      ...store,
      put: async (...args: Parameters<typeof store.put>) => {
        if (!isAccepted) {
          isAccepted = true;
          await acceptRetirement(api, { store, signal, now: now() });
        }
        return store.put(...args);
      },
    };
    await reviewLeaving([web], rules, { store: racing, signal, now: now() });
    expect(await look([web])).toEqual([['api/consul-0', 'due', 0]]);
  });
});

describe('a store knows whose it is (row 13)', () => {
  const mine = Array.from({ length: 4 }, (_, index) => sd(`job-${index}`, 'consul-0'));
  const start = () => world(...mine.map((one) => [one, 5] as const));

  test('another configuration is refused, and told how to take over or to share', async () => {
    const { store } = await start();
    const other = [sd('laptop', 'static-0')];
    await expect(checkOwnership(other, { store, signal })).rejects.toMatchObject({
      kind: 'config',
      message:
        'memory: has 4 providers, and this configuration knows 0 of them, as in status/job-0/consul-0.json: it belongs to another one. Name a store or prefix of its own, or take it over with "muster run --take-over"',
    });
    await checkOwnership(other, { store, signal, takeOver: true });
  });

  test('one that knows half of it by job, or by what it lists, is its own', async () => {
    const { store } = await start();
    await checkOwnership(mine.slice(0, 2), { store, signal });
    const renamed = mine.map(({ job, ...one }) => ({ ...one, job: `new-${job}` }));
    await checkOwnership(renamed, { store, signal });
    await expect(checkOwnership(mine.slice(0, 1), { store, signal })).rejects.toMatchObject({
      kind: 'config',
    });
  });

  test('where one mechanism asks, those of others do not count', async () => {
    const { store } = await start();
    const input = { store, signal, mechanism: 'dns' };
    await checkOwnership([sd('other', 'dns-0')], input);
    await expect(
      checkOwnership([sd('other', 'consul-0')], { ...input, mechanism: 'consul' }),
    ).rejects.toMatchObject({
      kind: 'config',
    });
  });

  test('an explicit owner decides, whatever the providers are', async () => {
    const { store } = await start();
    await checkOwnership(mine, { store, signal, owner: 'team' });
    await checkOwnership([sd('green', 'static-0')], { store, signal, owner: 'team' });
    await expect(checkOwnership(mine, { store, signal, owner: 'other' })).rejects.toMatchObject({
      kind: 'config',
      message: expect.stringContaining('memory: belongs to "team", this configuration says owner: other.'),
    });
    await checkOwnership(mine, { store, signal, owner: 'other', takeOver: true });
    await expect(checkOwnership(mine, { store, signal, owner: 'team' })).rejects.toMatchObject({
      kind: 'config',
    });
  });

  test('a new store is anybody’s, and a look writes nothing', async () => {
    const store = createMemoryStore();
    await checkOwnership(mine, { store, signal, owner: 'team', dryRun: true });
    expect(await store.list('')).toEqual([]);
  });
});

import { describe, expect, test } from '@jest/globals';
import { createLogger, silentLogger } from '../../lib/base/logger.ts';
import { kubeStateConfig } from '../../lib/kube-state/options.ts';
import type { KubeStateOutput } from '../../lib/kube-state/publish.ts';
import type { Rendered } from '../../lib/kube-state/render.ts';
import { bindOutputs } from '../../lib/run/kube-state-outputs.ts';
import type { AppProvider } from '../../lib/run/providers.ts';
import { runScheduler } from '../../lib/run/scheduler.ts';
import { chooseRounds, deadlineOf, heldInterval, newSlot, type Slot } from '../../lib/run/slots.ts';
import { createMemoryStore } from '../../lib/store/memory.ts';
import { targetsKey } from '../../lib/targets/keys.ts';
import { countingStore } from '../support/counting-store.ts';
import { listing, providerOf, readHistory } from '../support/provider.ts';

function providerAt(job: string, find: Parameters<typeof providerOf>[0], refreshInterval = 1): AppProvider {
  const own = { mechanism: 'consul', hasOwnName: false, refreshInterval };
  return { ...providerOf(find, { job }), ...own };
}

const guard = { max_removed: 1, min_targets: 10 };

/** A configuration but for its providers. */
const nothing = {
  outputs: [],
  isEmpty: false,
  retireRules: { retireAfter: () => 0, guard, keep: 86_400_000 },
};

/** What a cluster without objects comes to. */
const nothingRendered: Rendered = {
  ...{
    objects: 0,
    samples: 0,
    families: new Map(),
    size: 0,
    members: () => [],
    close: () => undefined,
  },
};

function outputNamed(name: string): KubeStateOutput {
  const input = { readCredential: async () => '', log: silentLogger, directory: '/' };
  const [output] = bindOutputs([kubeStateConfig.parse({ name })], input);
  if (output === undefined) throw new Error('no output');
  return output;
}

describe('the scheduler', () => {
  test('gives each provider its turn, however many are always due', async () => {
    const stop = new AbortController();
    const busy = Array.from({ length: 8 }, (_, number) => providerAt(`busy-${number}`, () => listing(1)));
    const last = providerAt('last', () => listing(1));
    await runScheduler({
      store: createMemoryStore(),
      log: silentLogger,
      signal: stop.signal,
      config: async () => ({ ...nothing, providers: [...busy, last] }),
      onResult: ({ job }) => job === 'last' && stop.abort(),
    });
    expect(stop.signal.aborted).toBe(true);
  });

  test('a quiet cycle lists nothing in the store and writes its status alone, however many providers there are', async () => {
    const stop = new AbortController();
    const jobs = Array.from({ length: 20 }, (_, number) => `job-${number}`);
    const counting = countingStore(createMemoryStore());
    const config = { ...nothing, providers: jobs.map((job) => providerAt(job, () => listing(1), 1000)) };
    let ended = 0;
    let before = 0;
    await runScheduler({
      ...{ store: counting.store, log: silentLogger, signal: stop.signal },
      config: async () => config,
      onResult() {
        ended += 1;
        if (ended === jobs.length) before = counting.calls.length;
        if (ended === 2 * jobs.length) stop.abort();
      },
    });
    const quiet = counting.calls.slice(before).map(({ kind, key }) => `${kind} ${key.split('/')[0]}`);
    const count = (call: string) => quiet.filter((one) => one === call).length;
    expect([count('put status'), quiet.filter((one) => /^(put|list|delete)/.test(one)).length]).toEqual([
      jobs.length,
      jobs.length,
    ]);
  });

  test('keeps the interval of each provider, and takes a shorter one at once', async () => {
    const stop = new AbortController();
    let found = 0;
    const find = () => listing(++found);
    await runScheduler({
      store: createMemoryStore(),
      log: silentLogger,
      signal: stop.signal,
      config: async () => ({ ...nothing, providers: [providerAt('api', find, found === 0 ? 3_600_000 : 1)] }),
      onResult: () => found === 2 && stop.abort(),
    });
    expect(found).toBe(2);
  });

  test('lists once in each turn for providers that ask for the same, also after one was slow', async () => {
    const stop = new AbortController();
    let listings = 0;
    const results: string[] = [];
    const discover: AppProvider['discover'] = async function* () {
      listings += 1;
      yield listing(12, `${listings}`);
      return undefined;
    };
    const config = { refresh_interval: 1000 };
    const stanza = { config, identity: 'i', server: 's', written: 'w', group: 'g', discover };
    const same = { group: 'g', listing: 'l', discover, stanza, prometheus: undefined, warn: () => undefined };
    const store = createMemoryStore();
    const { promise: haveGoneOn, resolve: goneOn } = Promise.withResolvers<void>();
    const slow: typeof store = {
      ...store,
      async put(key, ...rest) {
        if (key.startsWith('status/b/')) await haveGoneOn;
        return store.put(key, ...rest);
      },
    };
    await runScheduler({
      store: slow,
      log: silentLogger,
      signal: stop.signal,
      config: async () => ({
        ...nothing,
        providers: ['a', 'b', 'c'].map((job) => ({
          ...providerAt(job, () => [], 1000),
          discover,
          sharing: same,
        })),
      }),
      onResult({ job, version }) {
        results.push(`${job}${version}`);
        if (job === 'a' && version === 2) goneOn();
        if (job === 'b' && version === 3) stop.abort();
      },
    });
    // One listing for several of them. How they find together again is a matter of `chooseRounds`.
    expect([listings < results.length, results.includes('b2')]).toEqual([true, true]);
  });

  test('goes on when the callback on a result throws, and says so', async () => {
    const stop = new AbortController();
    const lines: string[] = [];
    let results = 0;
    await runScheduler({
      store: createMemoryStore(),
      log: createLogger({ level: 'error', write: (line) => lines.push(line) }),
      signal: stop.signal,
      config: async () => ({ ...nothing, providers: [providerAt('api', () => listing(1))] }),
      onResult() {
        results += 1;
        if (results === 2) stop.abort();
        else throw new Error('the terminal is gone');
      },
    });
    expect({ results, said: lines.map((line) => /msg="([^"]*)"/.exec(line)?.[1]) }).toEqual({
      results: 2,
      said: ['status/api/consul-0.json: the cycle ended badly: the terminal is gone'],
    });
  });

  test('removes the text of an output only when its last cycle has ended', async () => {
    const stop = new AbortController();
    const store = createMemoryStore();
    const { promise: listed, resolve: finish } = Promise.withResolvers<void>();
    const gone: KubeStateOutput = {
      ...outputNamed('gone'),
      async render() {
        outputs = [];
        await listed;
        return nothingRendered;
      },
    };
    let outputs: readonly KubeStateOutput[] = [gone];
    let turns = 0;
    const lines: string[] = [];
    await runScheduler({
      store,
      log: createLogger({ level: 'info', write: (line) => lines.push(line) }),
      signal: stop.signal,
      retireOutputAfter: 0,
      async config() {
        // Some turns without it, in which it must not be retired under its running cycle.
        if (outputs.length === 0 && ++turns === 3) finish();
        if (lines.some((line) => line.includes('retired'))) stop.abort();
        return { ...nothing, providers: [providerAt('stays', () => listing(1), 3_600_000)], outputs };
      },
    });
    const said = lines
      .filter((line) => line.includes('output=gone'))
      .map((line) => /msg="([^":]*)/.exec(line)?.[1]);
    expect(said).toEqual(['kube-state cycle', 'retired']);
    expect(await store.list('metrics/')).toEqual([]);
  });

  test('retires a provider only when its last cycle has ended, which then publishes nothing any more', async () => {
    const stop = new AbortController();
    const store = createMemoryStore();
    const gone = { job: 'gone', provider: 'consul-0' };
    const { promise: listed, resolve: finish } = Promise.withResolvers<void>();
    let round = 0;
    let configured = [
      providerAt('stays', () => listing(1)),
      providerAt('gone', async () => {
        round++;
        if (round === 2) {
          configured = configured.slice(0, 1);
          await listed;
        }
        return listing(round + 1);
      }),
    ];
    let turns = 0;
    const results: string[] = [];
    await runScheduler({
      store,
      log: silentLogger,
      signal: stop.signal,
      async config() {
        // Some turns without it, in which it must not be retired under its running cycle.
        if (configured.length === 1 && ++turns === 3) finish();
        if (configured.length === 1 && (await store.get(targetsKey(gone))) === undefined) stop.abort();
        return { ...nothing, providers: configured };
      },
      onResult: ({ job, outcome }) => job === 'gone' && results.push(outcome),
    });
    const history = await readHistory(store, gone);
    expect({ results, reasons: history.reasons, file: history.file }).toEqual({
      results: ['published', 'published'],
      reasons: ['discovered', 'discovered', 'retired'],
      file: undefined,
    });
  });

  test('goes on when the wall clock is set back a day', async () => {
    const stop = new AbortController();
    const real = Date.now;
    let found = 0;
    try {
      await runScheduler({
        store: createMemoryStore(),
        log: silentLogger,
        signal: stop.signal,
        config: async () => ({ ...nothing, providers: [providerAt('api', () => listing(++found))] }),
        onResult() {
          if (found === 2) Date.now = () => real() - 86_400_000;
          if (found === 4) stop.abort();
        },
      });
    } finally {
      Date.now = real;
    }
    expect(found).toBe(4);
  });

  test.each([
    ['a server each', (number: number) => `${number}`],
    ['one server', () => 'one for all'],
  ])('goes on with a provider beside 40 of %s that hang', async (_, server) => {
    const stop = new AbortController();
    const hang = () => new Promise<never>(() => undefined);
    const hanging = Array.from({ length: 40 }, (_, number) => ({
      ...providerAt(`hung-${number}`, hang, 1000),
      server: server(number),
    }));
    let count = 0;
    const good = providerAt('good', () => listing(++count), 1000);
    await runScheduler({
      store: createMemoryStore(),
      log: silentLogger,
      signal: stop.signal,
      config: async () => ({ ...nothing, providers: [...hanging, good] }),
      onResult: ({ job }) => job === 'good' && count === 4 && stop.abort(),
    });
    expect(count).toBe(4);
  });

  test('outlives whoever it tells, and a configuration that cannot be had', async () => {
    const stop = new AbortController();
    const lines: string[] = [];
    let turns = 0;
    let looks = 0;
    await runScheduler({
      store: createMemoryStore(),
      log: createLogger({ level: 'error', write: (line) => lines.push(line) }),
      signal: stop.signal,
      async config() {
        looks++;
        if (looks % 2 === 0) throw new Error('gone');
        return { ...nothing, providers: [providerAt('api', () => listing(1))] };
      },
      onResult() {
        if (++turns === 3) stop.abort();
        throw new Error('no ear');
      },
    });
    expect(turns).toBe(3);
    expect(new Set(lines.map((line) => /msg="([^:]*)/.exec(line)?.[1]))).toEqual(
      new Set(['status/api/consul-0.json', 'no configuration']),
    );
  });

  test('lists a provider again within a minute while something of it is held', () => {
    const slot = { ...newSlot('a'), startedAt: 0, held: true };
    const round = {
      ...{ key: 'a', server: 'a', refreshInterval: 86_400_000, deadline: 1 },
      heldInterval: heldInterval(3 * 60_000),
    };
    const chosen = (now: number, held: boolean) =>
      chooseRounds([round], () => ({ ...slot, held }), [slot], now).groups.length;
    expect([chosen(59_999, true), chosen(60_000, true), chosen(60_000, false)]).toEqual([0, 1, 0]);
  });
});

describe('the slots', () => {
  const round = (key: string, server: string) => ({
    ...{ key, server, refreshInterval: 1000, heldInterval: 60_000, deadline: 60_000 },
  });
  const choose = (rounds: readonly ReturnType<typeof round>[], slots: ReadonlyMap<string, Slot>) =>
    chooseRounds(rounds, ({ key, server }) => slots.get(key) ?? newSlot(server), slots.values(), 0).groups;

  test('of a server that hangs are two, of one that answers eight, of all 64', () => {
    const many = (server: string) =>
      Array.from({ length: 20 }, (_, number) => round(`${server}-${number}`, server));
    const slots = new Map([
      ['ill-0', { ...newSlot('ill'), endedAt: -1, timeouts: 1 }],
      // Of this one one cycle was slow, and a later one was not.
      ['a-0', { ...newSlot('a'), endedAt: -2, timeouts: 1 }],
      ['a-1', { ...newSlot('a'), endedAt: -1, startedAt: -90_000 }],
    ]);
    const chosen = choose(['ill', ...'abcdefgh'].flatMap(many), slots).flat();
    const count = (server: string) => chosen.filter((one) => one.server === server).length;
    expect([count('ill'), count('a'), chosen.length]).toEqual([2, 8, 64]);
  });

  test('of all servers that hang leave some to the others', () => {
    const ill = Array.from({ length: 60 }, (_, number) => round(`ill-${number}`, `ill-${number}`));
    const slots = new Map(
      ill.map(({ key, server }) => [
        key,
        { ...newSlot(server), timeouts: 1, startedAt: -90_000, endedAt: -1 },
      ]),
    );
    const chosen = choose([...ill, round('good', 'good')], slots).flat();
    expect([chosen.length, chosen.some(({ key }) => key === 'good')]).toEqual([49, true]);
  });

  test('of one group start together: who is due takes along who is due soon, and nobody who is under way', () => {
    const grouped = (key: string) => ({ ...round(key, 'one'), group: 'g' });
    const at = (startedAt: number, running = false) => ({ ...newSlot('one'), startedAt, running });
    const slots = new Map([
      ['due', at(-1300)],
      ['soon', at(-500)],
      ['later', at(-499)],
      ['busy', at(-1300, true)],
    ]);
    const chosen = choose([...slots.keys()].map(grouped), slots);
    expect(chosen.map((group) => group.map(({ key }) => key))).toEqual([['due', 'soon']]);
  });

  test('of one that hung have half the time, never under 5 s, and each fourth time all of it', () => {
    const times = (deadline: number) =>
      [0, 1, 2, 3, 4].map((timeouts) =>
        deadlineOf({ ...round('a', 'a'), deadline }, { ...newSlot('a'), timeouts }),
      );
    expect([times(60_000), times(12_000), times(3_000)]).toEqual([
      [60_000, 30_000, 15_000, 7_500, 60_000],
      [12_000, 6_000, 5_000, 5_000, 12_000],
      [3_000, 3_000, 3_000, 3_000, 3_000],
    ]);
  });
});

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { consul } from '../../lib/backends/consul/index.ts';
import { bindMechanism, type Stanza } from '../../lib/backends/mechanism.ts';
import { silentLogger } from '../../lib/base/logger.ts';
import { parseConfig } from '../../lib/config/load.ts';
import type { CycleInput, CycleResult } from '../../lib/cycle/provider.ts';
import { cycleOnce } from '../../lib/run/provider-cycle.ts';
import { type AppProvider, bindProviders } from '../../lib/run/providers.ts';
import { groupsOf, runTogether } from '../../lib/run/together.ts';
import { type ConsulFleet, startConsulFleet } from '../../lib/sim/consul.ts';
import { createMemoryStore } from '../../lib/store/memory.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import type { TargetGroup } from '../../lib/targets/group.ts';
import { statusKey, targetsKey } from '../../lib/targets/keys.ts';
import { draws } from '../support/counts.ts';
import { faultyStore } from '../support/faulty-store.ts';
import { listing } from '../support/provider.ts';

const input = { readCredential: async () => '', log: silentLogger, directory: '/' };

/** The providers of a configuration. */
function providersOf(config: object): readonly AppProvider[] {
  const mechanisms = [bindMechanism(consul)];
  const parsed = parseConfig<Stanza>(JSON.stringify(config), {
    ...{ origin: 'muster.yml', directory: '/', mechanisms },
  });
  return bindProviders(parsed, input);
}

/** A cycle of each, side by side. */
function cycles(
  providers: readonly AppProvider[],
  store: ObjectStore,
  options: Partial<CycleInput> = {},
): Promise<CycleResult[]> {
  const { signal } = new AbortController();
  const given = { store, log: silentLogger, signal };
  return Promise.all(
    runTogether(providers, ({ provider, beforeListing }) =>
      cycleOnce(provider, given, { ...options, beforeListing }),
    ),
  );
}

/** What is published of a provider, without the mark of its store and version. */
async function fileOf(store: ObjectStore, provider: AppProvider): Promise<string> {
  const found = await store.get(targetsKey(provider));
  return new TextDecoder().decode(found?.body).replace(/"__muster_version":"[^"]*"/, '');
}

const outcomes = (results: readonly CycleResult[]) =>
  results.map(({ job, outcome, error }) => `${job} ${error?.message ?? outcome}`);

/** Jobs over one Consul, all of whose SD configs are equal. */
function jobsOver(fleet: ConsulFleet, jobs: readonly object[]): object {
  const consul_sd_configs = [{ server: new URL(fleet.url).host }];
  return {
    scrape_configs: jobs.map((job, number) => ({ job_name: `job-${number}`, consul_sd_configs, ...job })),
  };
}

const settings = fc.constantFrom(
  {},
  {
    muster: { labels: 'needed' },
    relabel_configs: [{ source_labels: ['__meta_consul_service'], target_label: 'x' }],
  },
  {
    muster: { relabel: 'publish' },
    relabel_configs: [{ source_labels: ['__meta_consul_dc'], target_label: 'dc' }],
  },
  {
    muster: { relabel: 'publish' },
    relabel_configs: [{ source_labels: ['__meta_consul_service'], regex: '[a-m].*', action: 'keep' }],
  },
);

describe('jobs whose SD configs are equal', () => {
  test('publish together what they would one by one, with one listing', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(settings, { minLength: 2, maxLength: 6 }),
        fc.nat(1000),
        async (jobs, seed) => {
          const fleet = await startConsulFleet({ seed, services: 5, instances: 20 });
          try {
            const config = jobsOver(fleet, jobs);
            const asked = async (run: (store: ObjectStore) => Promise<unknown>) => {
              const before = fleet.requests.length;
              const store = createMemoryStore();
              await run(store);
              return { store, requests: fleet.requests.length - before };
            };
            const alone = await asked(async (store) => {
              for (const provider of providersOf(config)) await cycles([provider], store);
            });
            const together = await asked((store) => cycles(providersOf(config), store));
            expect(fleet.world().instances.length).toBe(20);
            expect(together.requests).toBe(alone.requests / jobs.length);
            for (const provider of providersOf(config))
              expect(await fileOf(together.store, provider)).toBe(await fileOf(alone.store, provider));
          } finally {
            await fleet.stop();
          }
        },
      ),
      { numRuns: draws(12) },
    );
  });

  test('that differ in what is asked, or by a credential, are listed each by itself', () => {
    const config = (own: object) => ({
      job_name: `${Math.random()}`,
      consul_sd_configs: [{ server: 'a:1', ...own }],
    });
    const scrape_configs = [{}, {}, { token: 'a' }, { token: 'b' }, { tags: ['x'] }].map(config);
    const groups = groupsOf(providersOf({ scrape_configs }), () => 1);
    expect(groups.map(({ length }) => length)).toEqual([2, 1, 1, 1]);
  });

  test('are cut into groups whose lists fit', () => {
    const scrape_configs = Array.from({ length: 5 }, (_, number) => ({
      job_name: `job-${number}`,
      consul_sd_configs: [{ server: 'a:1' }],
    }));
    const providers = providersOf({ scrape_configs });
    const cut = (targets: number, limits: Parameters<typeof groupsOf>[2]) =>
      groupsOf(providers, () => targets, limits).map(({ length }) => length);
    expect([
      cut(10, { providers: 3, targets: 1000 }),
      cut(10, { providers: 9, targets: 25 }),
      cut(Number.POSITIVE_INFINITY, { providers: 9, targets: 25 }),
    ]).toEqual([
      [3, 2],
      [2, 2, 1],
      [1, 1, 1, 1, 1],
    ]);
  });
});

/** Members of a group over a listing of our own; how often it was asked for is counted. */
function membersOver(discover: NonNullable<AppProvider['sharing']>['discover'], jobs: readonly string[]) {
  const counted = { listings: 0 };
  const config = {
    scrape_configs: jobs.map((job_name) => ({ job_name, consul_sd_configs: [{ server: 'a:1' }] })),
  };
  const shared: typeof discover = (given) => {
    counted.listings += 1;
    return discover(given);
  };
  const providers = providersOf(config).map((provider) => ({
    ...provider,
    deadline: 10_000,
    discover: (given: Parameters<AppProvider['discover']>[0]) => shared({ ...given, warn: () => undefined }),
    ...(provider.sharing && { sharing: { ...provider.sharing, discover: shared } }),
  }));
  return { providers, counted };
}

async function* batches(count: number): AsyncGenerator<readonly TargetGroup[], undefined> {
  for (let batch = 0; batch < count; batch += 1) yield listing(5, '', `b${batch}-`);
  return undefined;
}

const replaced = (
  providers: readonly AppProvider[],
  job: string,
  change: Partial<AppProvider>,
): readonly AppProvider[] => providers.map((one) => (one.job === job ? { ...one, ...change } : one));

describe('of jobs that share a listing', () => {
  test('one whose store fails leaves the others alone, before the listing or after it', async () => {
    for (const folder of ['snapshots', 'journal']) {
      const { providers, counted } = membersOver(() => batches(3), ['a', 'b', 'c']);
      const store = faultyStore(createMemoryStore(), [
        {
          when: 'before',
          matches: (_, key) => key.startsWith(`${folder}/b/`),
          act() {
            throw new Error('the disk is gone');
          },
        },
      ]);
      expect(outcomes(await cycles(providers, store))).toEqual([
        'a published',
        'b the disk is gone',
        'c published',
      ]);
      expect(counted.listings).toBe(1);
    }
  });

  test('one whose rule fails half way leaves the others alone', async () => {
    const { providers } = membersOver(() => batches(3), ['a', 'b', 'c']);
    const transform: AppProvider['transform'] = (group) => {
      if (group.source.startsWith('b1')) throw new Error('this rule is bad');
      return group;
    };
    const results = await cycles(replaced(providers, 'b', { transform }), createMemoryStore());
    expect(outcomes(results)).toEqual(['a published', 'b this rule is bad', 'c published']);
    expect(results.map(({ targets }) => targets)).toEqual([15, 0, 15]);
  });

  test('one whose change is held leaves the others alone', async () => {
    let count = 100;
    const { providers } = membersOver(
      async function* () {
        yield listing(count);
        return undefined;
      },
      ['a', 'b'],
    );
    const guarded = replaced(providers, 'b', {
      guard: { max_removed: 1, min_targets: 10, confirm_after: 900_000, confirm_empty_after: 900_000 },
    });
    const store = createMemoryStore();
    await cycles(guarded, store);
    count = 20;
    expect(outcomes(await cycles(guarded, store))).toEqual(['a held', 'b published']);
  });

  test('all fail with a listing that fails, and keep their last lists', async () => {
    let isGood = true;
    const { providers, counted } = membersOver(
      async function* () {
        yield listing(15);
        if (!isGood) throw new Error('page 2 did not come');
        return undefined;
      },
      ['a', 'b'],
    );
    const store = createMemoryStore();
    await cycles(providers, store);
    const before = await Promise.all(providers.map((provider) => fileOf(store, provider)));
    isGood = false;
    expect(outcomes(await cycles(providers, store))).toEqual([
      'a page 2 did not come',
      'b page 2 did not come',
    ]);
    expect(await Promise.all(providers.map((provider) => fileOf(store, provider)))).toEqual(before);
    expect(counted.listings).toBe(2);
  });

  test('one whose deadline passes goes alone, and the listing ends with the last of them', async () => {
    let ended = '';
    const { providers } = membersOver(
      async function* ({ signal }) {
        yield listing(5);
        const { promise, reject } = Promise.withResolvers<never>();
        signal.addEventListener('abort', () => {
          ended = 'aborted';
          reject(new Error('aborted'));
        });
        await promise;
        return undefined;
      },
      ['a', 'b'],
    );
    const short = replaced(replaced(providers, 'a', { deadline: 50 }), 'b', { deadline: 150 });
    expect(outcomes(await cycles(short, createMemoryStore()))).toEqual([
      'a no full listing within 0.05s; the last good list stays',
      'b no full listing within 0.15s; the last good list stays',
    ]);
    expect(ended).toBe('aborted');
  });

  test('a shorter deadline than the listing takes fails one alone', async () => {
    const memory = createMemoryStore();
    const { promise: isOver, resolve: over } = Promise.withResolvers<void>();
    // The status of a says that it has failed; only then comes the second page.
    const store: ObjectStore = {
      ...memory,
      async put(key, ...rest) {
        if (key.startsWith('status/a/')) over();
        return memory.put(key, ...rest);
      },
    };
    const { providers } = membersOver(
      async function* () {
        yield listing(5);
        await isOver;
        yield listing(5, '', 'h');
        return undefined;
      },
      ['a', 'b'],
    );
    const results = await cycles(replaced(providers, 'a', { deadline: 50 }), store);
    expect(outcomes(results)).toEqual([
      'a no full listing within 0.05s; the last good list stays',
      'b published',
    ]);
  });

  test('all stop at once when the process ends', async () => {
    const stop = new AbortController();
    const { providers } = membersOver(
      async function* () {
        yield listing(5);
        stop.abort();
        await new Promise(() => undefined);
        return undefined;
      },
      ['a', 'b'],
    );
    const given = { store: createMemoryStore(), log: silentLogger, signal: stop.signal };
    const ended = runTogether(providers, ({ provider, beforeListing }) =>
      cycleOnce(provider, given, { beforeListing }),
    );
    expect((await Promise.all(ended)).map(({ outcome }) => outcome)).toEqual(['failed', 'failed']);
  });

  test('each is compared with its own last listing', async () => {
    const cursors: (string | undefined)[] = [];
    const { providers } = membersOver(
      async function* ({ cursor }) {
        cursors.push(cursor);
        yield listing(20);
        return {
          cursor: 'now',
          comparedWith: (last) => ({
            cursor: 'now',
            ...(last === undefined && { filtered: 'seen for the first time' }),
          }),
        };
      },
      ['a', 'b'],
    );
    const store = createMemoryStore();
    await cycles(providers.slice(0, 1), store);
    await cycles(providers, store);
    await cycles(providers, store);
    // Only a cursor that all have is one for the listing.
    expect(cursors).toEqual([undefined, undefined, 'now']);
  });

  test('say what the listing warns of, each in its own log', async () => {
    const said: string[] = [];
    const { providers } = membersOver(
      ({ warn }) => {
        warn('endpoints are truncated');
        return batches(1);
      },
      ['a', 'b'],
    );
    const heard = providers.map((one) => ({
      ...one,
      ...(one.sharing && {
        sharing: { ...one.sharing, warn: (message: string) => void said.push(`${one.job}: ${message}`) },
      }),
    }));
    await cycles(heard, createMemoryStore());
    expect(said).toEqual(['a: endpoints are truncated', 'b: endpoints are truncated']);
  });

  test('write a status each', async () => {
    const { providers } = membersOver(() => batches(1), ['a', 'b']);
    const store = createMemoryStore();
    await cycles(providers, store);
    const statuses = await Promise.all(providers.map((one) => store.get(statusKey(one))));
    expect(statuses.map((found) => JSON.parse(new TextDecoder().decode(found?.body)).targets)).toEqual([
      5, 5,
    ]);
  });
});

import { describe, expect, test } from '@jest/globals';
import type { Stanza } from '../../lib/backends/mechanism.ts';
import { createLogger, silentLogger } from '../../lib/base/logger.ts';
import type { Job } from '../../lib/config/muster-config.ts';
import { relabelConfigs } from '../../lib/config/relabel.ts';
import { listWarnings, openFindings } from '../../lib/cycle/collect.ts';
import { readStatus } from '../../lib/cycle/status.ts';
import { cycleOnce } from '../../lib/run/provider-cycle.ts';
import { bindProviders } from '../../lib/run/providers.ts';
import { createMemoryStore } from '../../lib/store/memory.ts';
import { defaultLargestObject } from '../../lib/targets/file-sd.ts';
import { decodeFileSd } from '../../lib/targets/file-sd-reader.ts';
import type { TargetGroup } from '../../lib/targets/group.ts';
import { statusKey, targetsKey } from '../../lib/targets/keys.ts';

const id = { job: 'api', provider: 'consul-0' };

/** One job on a store of its own, whose provider lists what it is given. */
function openJob(rules: readonly object[], settings: Partial<Job<Stanza>> = {}) {
  const store = createMemoryStore();
  const lines: string[] = [];
  const log = createLogger({
    level: 'warn',
    write: (line) => lines.push(line.replace(/^ts=\S+ /, '').trimEnd()),
  });
  let groups: readonly TargetGroup[] = [];
  const stanza: Stanza = {
    config: { refresh_interval: 60_000 },
    identity: 'i',
    ...{ server: 's', written: 'w', group: 'g' },
    async *discover() {
      yield groups;
      return undefined;
    },
  };
  const job: Job<Stanza> = {
    name: id.job,
    providers: [{ name: id.provider, named: false, mechanism: 'consul', stanza }],
    relabel_configs: relabelConfigs.parse(rules),
    scrapeLabels: { job: id.job, __scheme__: 'http', __metrics_path__: '/metrics' },
    guard: { max_removed: 0.5, min_targets: 10, confirm_after: 900_000, confirm_empty_after: 3_600_000 },
    ...{ relabel: 'prometheus', labels: 'all', shards: 1, retire_after: 900_000 },
    ...settings,
  };
  const journal = { keep: 90 * 86_400_000, min_versions: 100 };
  const [provider] = bindProviders(
    { jobs: [job], journal },
    { readCredential: async () => '', log: silentLogger, directory: '/' },
  );
  return {
    store,
    lines,
    /** A cycle with these targets in one group; returns the target file without its first line. */
    async cycle(...targets: readonly Readonly<Record<string, string>>[]) {
      groups = [{ source: 'g', labels: { __meta_a: 'x' }, targets }];
      if (provider === undefined) throw new Error('no provider');
      await cycleOnce(provider, { store, log, signal: new AbortController().signal });
      const file = await store.get(targetsKey(id));
      if (file === undefined) throw new Error('no target file');
      return decodeFileSd(file.body).slice(1);
    },
    warnings: async () => (await readStatus(store, id)).status?.warnings,
  };
}

describe('relabel: publish', () => {
  test('keeps every label that Prometheus reads once the rules have run, and no other that begins with __', async () => {
    const own = {
      __address__: 'a:1',
      __scheme__: 'https',
      __metrics_path__: '/m',
      __scrape_interval__: '5s',
      __scrape_timeout__: '4s',
      __param_module: 'm',
      __unix_socket__: '/run/x.sock',
      __convert_classic_histograms_to_nhcb__: 'true',
      __always_scrape_classic_histograms__: 'true',
      __scrape_native_histograms__: 'true',
      zone: 'eu',
    };
    const { cycle } = openJob([{ source_labels: ['__meta_a'], target_label: '__tmp_a' }], {
      relabel: 'publish',
    });
    const { __address__, ...labels } = own;
    expect(await cycle({ ...own, __tmp_b: 'gone', __meta_b: 'gone' })).toEqual([
      { targets: ['a:1'], labels },
    ]);
  });

  test('leaves out what Prometheus would refuse after the rules, and says how many once for each number', async () => {
    const { cycle, lines, warnings } = openJob(
      [{ source_labels: ['__meta_b'], regex: '(.+)', target_label: '__address__' }],
      { relabel: 'publish' },
    );
    const none = { __meta_c: '1' };
    const bad = { __address__: 'http://user:word@x.example/' };
    const good = [{ __address__: 'a:1' }, { __address__: 'http://y.example', __meta_b: 'b:1' }];
    expect(await cycle(none, bad, ...good)).toEqual([{ targets: ['a:1', 'b:1'], labels: {} }]);
    await cycle(none, bad, ...good);
    const told = [
      '1 target left out: the rules leave them no address',
      '1 target left out: Prometheus cannot scrape their address, as of http://x.example/',
    ];
    const more = '2 targets left out: the rules leave them no address';
    expect(await warnings()).toEqual(told);
    await cycle(none, { __meta_c: '2' }, bad, ...good);
    expect(lines).toEqual(
      [...told, more].map((text) => `level=warn msg="${text}" job=api provider=consul-0`),
    );
    await cycle(...good);
    expect(await warnings()).toBe(undefined);
  });
});

describe('an address with a slash', () => {
  const bad = { __address__: 'http://x.example' };
  const good = { __address__: 'a:1' };

  test('is left out where the rules of muster.yml leave it as it is', async () => {
    const { cycle, warnings } = openJob([{ source_labels: ['__meta_a'], target_label: 'a' }]);
    expect(await cycle(bad, good)).toEqual([{ targets: ['a:1'], labels: { __meta_a: 'x' } }]);
    expect(await warnings()).toEqual([
      '1 target left out: Prometheus cannot scrape their address, as of http://x.example',
    ]);
  });

  test.each(['all', 'needed'] as const)(
    'stays where those rules set another, with %s labels',
    async (labels) => {
      const rules = [
        { source_labels: ['__address__'], target_label: '__param_target' },
        { target_label: '__address__', replacement: 'blackbox:9115' },
      ];
      const { cycle, warnings } = openJob(rules, { labels });
      expect((await cycle(bad, good)).flatMap(({ targets }) => targets)).toEqual(['a:1', 'http://x.example']);
      expect(await warnings()).toBe(undefined);
    },
  );

  test('stays where no rules are in muster.yml, since prometheus.yml may have them, with a warning', async () => {
    const { cycle, warnings } = openJob([]);
    expect((await cycle(bad, good)).flatMap(({ targets }) => targets)).toEqual(['a:1', 'http://x.example']);
    expect(await warnings()).toEqual([
      '1 target with an address that Prometheus cannot scrape unless its rules set another, as of http://x.example',
    ]);
  });
});

test('targets without address are published for the rules of Prometheus, and are counted', async () => {
  const { cycle, lines } = openJob([]);
  const targets = [{ __meta_b: '1' }, { __meta_b: '2' }, { __address__: 'a:1' }];
  expect((await cycle(...targets)).map(({ targets: found }) => found)).toEqual([[''], [''], ['a:1']]);
  await cycle(...targets);
  expect(lines).toEqual([
    'level=warn msg="2 targets without address: Prometheus scrapes them only if its rules set one" job=api provider=consul-0',
  ]);
});

test.each([
  [0.79, []],
  [0.8, ['the list has 80 % of the 256 MiB that a mirror takes at most']],
  [0.89, ['the list has 80 % of the 256 MiB that a mirror takes at most']],
  [1, ['the list has 100 % of the 256 MiB that a mirror takes at most']],
  [1.01, ['the list is larger than the 256 MiB that a mirror takes by default']],
])('a list of %d of what a mirror takes is warned of in steps', (share, told) => {
  const advice = 'split the list by "shards", or raise --max-object-size of every "muster sync"';
  const lines = listWarnings(openFindings(), share * defaultLargestObject);
  expect(lines).toEqual(told.map((text) => `${text}: ${advice}`));
});

test('a large list is warned of from the size that its last writing had', async () => {
  const { store, cycle, lines, warnings } = openJob([]);
  await cycle({ __address__: 'a:1' });
  const key = statusKey(id);
  const { status } = await readStatus(store, id);
  const files = status?.files.map((file) => ({ ...file, largest: Math.ceil(0.9 * defaultLargestObject) }));
  await store.put(key, Buffer.from(JSON.stringify({ ...status, files })), { condition: 'any' });
  await cycle({ __address__: 'a:1' });
  await cycle({ __address__: 'a:1' });
  expect([lines.length, await warnings()]).toEqual([1, [expect.stringContaining('90 % of the 256 MiB')]]);
});

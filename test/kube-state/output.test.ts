import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { silentLogger } from '../../lib/base/logger.ts';
import { version } from '../../lib/base/version.ts';
import { readGzipTime } from '../../lib/kube-state/gzip-time.ts';
import { publishOutput } from '../../lib/kube-state/publish.ts';
import { loadApp } from '../../lib/run/app.ts';
import { type KubernetesFleet, startKubernetesFleet } from '../../lib/sim/kubernetes.ts';
import { createMemoryStore } from '../../lib/store/memory.ts';

const signal = new AbortController().signal;
let fleet: KubernetesFleet;
let folder: string;

beforeAll(async () => {
  fleet = await startKubernetesFleet({ seed: 'kube-state', pods: 40, otherLists: true });
  folder = await mkdtemp(join(tmpdir(), 'muster-test-'));
});

afterAll(async () => {
  await fleet.stop();
  await rm(folder, { recursive: true, force: true });
});

async function outputsOf(keys: string, connection = '') {
  const file = join(folder, 'muster.yml');
  const entry = `{name: prod, kubernetes: {api_server: '${fleet.url}', ${connection}}, ${keys}}`;
  await writeFile(file, `store: ${folder}/store\nkube_state_metrics: [${entry}]\n`);
  return (await loadApp(file, { env: {}, log: silentLogger })).outputs;
}

/** All lines of all outputs, without those that an output says of itself. */
async function linesOf(keys: string, connection = ''): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const output of await outputsOf(keys, connection)) {
    const rendered = await output.render(signal);
    for (const member of rendered.members())
      lines.push(...gunzipSync(member).toString().trimEnd().split('\n'));
    rendered.close();
  }
  return lines;
}

function samples(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => !line.startsWith('#')).sort();
}

describe('an output', () => {
  test('is the same in pages as in one piece', async () => {
    const inPages = await linesOf('resources: [pods]', 'muster: {page_size: 7}');
    expect(samples(inPages)).toEqual(samples(await linesOf('resources: [pods]')));
    expect(inPages.length).toBeGreaterThan(1000);
  });

  test('of all its shards together is the whole, and of no two the same', async () => {
    const keys = 'resources: [pods, nodes, services]';
    const whole = samples(await linesOf(keys));
    const shards = await linesOf(`${keys}, total_shards: 4`);
    expect(samples(shards)).toEqual(whole);
    expect((await outputsOf(`${keys}, total_shards: 4`)).map(({ object }) => object)).toEqual(
      [0, 1, 2, 3].map((shard) => `prod.${shard}`),
    );
  });

  test('has the namespaces that are asked for, or all but those that are not wanted', async () => {
    const namespacesIn = (lines: readonly string[]) =>
      new Set(samples(lines).map((line) => /namespace="([^"]*)"/.exec(line)?.[1]));
    const all = [...namespacesIn(await linesOf('resources: [pods]'))];
    const [first, ...others] = all;
    const only = await linesOf(`resources: [pods], namespaces: [${first}]`);
    const without = await linesOf(`resources: [pods], namespaces_denylist: [${first}]`);
    expect(namespacesIn(only)).toEqual(new Set([first]));
    expect(namespacesIn(without)).toEqual(new Set(others));
  });

  test('has the families that the lists let through', async () => {
    const familiesOf = async (keys: string) =>
      (await linesOf(`resources: [pods], ${keys}`)).flatMap((line) => /^# HELP (\S+)/.exec(line)?.[1] ?? []);
    const all = await familiesOf('');
    expect(await familiesOf('metric_allowlist: [kube_pod_info, ^kube_pod_status_r]')).toEqual(
      all.filter((name) => /kube_pod_info|^kube_pod_status_r/.test(name)),
    );
    expect(await familiesOf('metric_denylist: [container]')).toEqual(
      all.filter((name) => !/container/.test(name)),
    );
    expect(await familiesOf('metric_opt_in_list: [kube_pod_nodeselectors]')).toHaveLength(all.length + 1);
  });

  test('has what values pasted from the flags of kube-state-metrics stand for', async () => {
    const familiesOf = async (keys: string) =>
      (await linesOf(keys)).flatMap((line) => /^# HELP (\S+)/.exec(line)?.[1] ?? []);
    expect(
      await familiesOf("resources: ['pods, nodes,'], metric_allowlist: ['kube_pod_info,kube_node_info']"),
    ).toEqual(['kube_node_info', 'kube_pod_info']);
    expect(
      await familiesOf("resources: 'pods,nodes', metric_allowlist: '(?i)KUBE_(POD|NODE)_INFO$'"),
    ).toEqual(['kube_node_info', 'kube_pod_info']);
    expect(await familiesOf('resources: {pods: {}}, metric_denylist: {kube_: {}}')).toEqual([]);
    expect(await familiesOf("resources: [pods], metric_allowlist: ['kube_pod_(info|owner){1,2}$']")).toEqual([
      'kube_pod_info',
      'kube_pod_owner',
    ]);
    const namespacesIn = async (keys: string) =>
      new Set((await linesOf(keys)).flatMap((line) => /namespace="([^"]*)"/.exec(line)?.[1] ?? []));
    const [first, second, ...rest] = await namespacesIn('resources: [pods]');
    expect(await namespacesIn(`resources: [pods], namespaces: '${first}, ${second}'`)).toEqual(
      new Set([first, second]),
    );
    expect(await namespacesIn(`resources: [pods], namespaces_denylist: ['${first},${second}']`)).toEqual(
      new Set(rest),
    );
    const labelled = 'resources: [pods], metric_allowlist: [kube_pod_labels], metric_labels_allowlist';
    const texts = await linesOf(`${labelled}: ['pods=[app*,team]']`);
    expect(await linesOf(`${labelled}: {pods: [app*, team]}`)).toEqual(texts);
    expect(await linesOf(`${labelled}: 'pods=[app*,team]'`)).toEqual(texts);
    expect(texts.some((line) => /label_[a-z]/.test(line))).toBe(true);
  });

  test('has the pods of one node, those of none, and as many objects of a list as it may', async () => {
    const podsOf = async (keys: string) =>
      samples(await linesOf(`resources: [pods], metric_allowlist: [kube_pod_info], ${keys}`));
    const all = await podsOf('');
    const node = all.map((line) => /,node="([^"]+)"/.exec(line)?.[1]).find((name) => name !== undefined);
    expect(await podsOf(`node: ${node}`)).toEqual(all.filter((line) => line.includes(`,node="${node}"`)));
    const unscheduled = all.filter((line) => line.includes(',node=""'));
    expect(await podsOf(`node: ${node}, track_unscheduled_pods: true`)).toEqual(unscheduled);
    const some = await podsOf('object_limit: 7, use_apiserver_cache: true');
    expect([some.length, some.every((line) => all.includes(line))]).toEqual([7, true]);
  });

  test('tells which right is missing, and is none', async () => {
    const restore = fleet.deny({ resource: 'services' });
    try {
      await expect(linesOf('resources: [pods, services]')).rejects.toMatchObject({
        kind: 'denied',
        message: expect.stringMatching(/^prod: .*services/),
      });
    } finally {
      restore();
    }
  });
});

describe('publishing', () => {
  test('puts one gzip that says when its listing began', async () => {
    const store = createMemoryStore();
    const [output] = await outputsOf('resources: [nodes]');
    if (output === undefined) throw new Error('no output');
    const at = new Date('2026-05-01T10:00:00Z');
    const {
      outcome,
      objects,
      samples: written,
    } = await publishOutput(output, { store, signal, now: () => at });
    const found = await store.get('metrics/prod.prom.gz');
    if (found === undefined) throw new Error('nothing was put');
    expect({ outcome, listed: readGzipTime(found.body) }).toEqual({ outcome: 'published', listed: at });
    const lines = gunzipSync(found.body).toString().trimEnd().split('\n');
    expect(lines.filter((line) => line.startsWith('muster_'))).toEqual([
      'muster_kube_state_listing_timestamp_seconds 1.7776296e+09',
      'muster_kube_state_duration_seconds 0',
      `muster_kube_state_objects ${objects}`,
      `muster_kube_state_samples ${written}`,
    ]);
    // What the alerts of kube-state-metrics on itself read.
    expect(lines.filter((line) => line.startsWith('kube_state_metrics_'))).toEqual([
      'kube_state_metrics_list_total{resource="*",result="success"} 1',
      'kube_state_metrics_list_total{resource="*",result="error"} 0',
      'kube_state_metrics_total_shards 1',
      'kube_state_metrics_shard_ordinal{shard_ordinal="0"} 0',
      `kube_state_metrics_build_info{version="muster-${version}"} 1`,
    ]);
    expect(lines.filter((line) => /^kube_(?!state_metrics_)/.test(line))).toHaveLength(written);
  });

  test('never puts an older text over a newer one', async () => {
    const store = createMemoryStore();
    const [output] = await outputsOf('resources: [nodes]');
    if (output === undefined) throw new Error('no output');
    const slow = {
      ...output,
      render: async (within: AbortSignal) => {
        const rendered = await output.render(within);
        await publishOutput(output, { store, signal, now: () => new Date('2026-05-01T10:01:00Z') });
        return rendered;
      },
    };
    const late = await publishOutput(slow, { store, signal, now: () => new Date('2026-05-01T10:00:00Z') });
    const found = await store.get('metrics/prod.prom.gz');
    if (found === undefined) throw new Error('nothing was put');
    expect([late.outcome, readGzipTime(found.body)]).toEqual([
      'superseded',
      new Date('2026-05-01T10:01:00Z'),
    ]);
  });
});

describe('a configuration', () => {
  test.each([
    ['resources: [podz]', 'there is no resource podz, did you mean pods?'],
    ['metric_labels_allowlist: ["podz=[a]"]', 'there is no resource podz, did you mean pods?'],
    ['metric_labels_allowlist: [pods]', 'must be a list of labels, as in pods=[app,team] or nodes=[*]'],
    ['metric_allowlist: [a], metric_denylist: [b]', 'cannot be combined with metric_allowlist'],
    ['metric_allowlist: ["("]', 'must be a regular expression'],
    ['shard: 3, total_shards: 3', 'must be less than total_shards'],
    ['sharding: 1', 'unknown key'],
    ['metric_allowlist: ["a,("]', 'must be a regular expression'],
    ['metric_labels_allowlist: {pods: ["a*b*"]}', 'must be a label, with one * at most'],
    ['metric_labels_allowlist: {podz: [a]}', 'there is no resource podz, did you mean pods?'],
    ['node: n1', 'node: needs "resources: [pods]"'],
    ['resources: [pods, nodes], track_unscheduled_pods: true', 'needs "resources: [pods]"'],
    ['object_limit: -1', 'must be a whole number, 0 at least'],
  ])('with %s is refused', async (keys, problem) => {
    await expect(outputsOf(keys)).rejects.toThrow(
      expect.objectContaining({ message: expect.stringContaining(problem) }),
    );
  });

  // Each scrape of it would be a 503.
  test('whose text is too old to be served before the next one comes is refused', async () => {
    const refusal = {
      message: expect.stringContaining(
        'kube_state_metrics[0].kubernetes.refresh_interval: must be at most 5m together with the deadline of 1m: text of an older listing is not served',
      ),
    };
    await expect(outputsOf('', 'refresh_interval: 241s')).rejects.toThrow(expect.objectContaining(refusal));
    const [output] = await outputsOf('deadline: 2m', 'refresh_interval: 3m');
    expect(output?.refreshInterval).toBe(180_000);
  });
});

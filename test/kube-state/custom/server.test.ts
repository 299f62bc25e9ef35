import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Logger, silentLogger } from '../../../lib/base/logger.ts';
import { readApp } from '../../../lib/run/app.ts';
import type { JsonObject } from '../../../lib/sim/kubernetes/wire/json.ts';
import { type KubernetesFleet, startKubernetesFleet } from '../../../lib/sim/kubernetes.ts';

const signal = new AbortController().signal;
let fleet: KubernetesFleet;
let folder: string;

const v1 = { name: 'v1', served: true };

function objects(count: number, namespaces: readonly string[]): readonly JsonObject[] {
  return Array.from({ length: count }, (_, index) => {
    const namespace = namespaces[index % Math.max(1, namespaces.length)];
    const metadata = {
      name: `o${index}`,
      uid: `uid-${index}`,
      namespace,
    };
    return { metadata, spec: { size: index } };
  });
}

beforeAll(async () => {
  fleet = await startKubernetesFleet({
    objects: {},
    definitions: [
      {
        group: 'myteam.io',
        kind: 'Foo',
        plural: 'foos',
        versions: [v1, { name: 'v2', served: true }, { name: 'v1beta1', served: false }],
        objects: objects(25, ['a', 'b', 'c']),
      },
      {
        group: 'myteam.io',
        kind: 'Bar',
        plural: 'barren',
        listKind: 'BarreList',
        versions: [v1],
        objects: objects(2, ['a']),
      },
      {
        group: 'myteam.io',
        kind: 'Site',
        plural: 'sites',
        scope: 'Cluster',
        versions: [v1],
        objects: objects(2, []),
      },
      { group: 'other.io', kind: 'Foo', plural: 'foos', versions: [v1], objects: objects(1, ['a']) },
    ],
  });
  folder = await mkdtemp(join(tmpdir(), 'muster-test-'));
});

afterAll(async () => {
  await fleet.stop();
  await rm(folder, { recursive: true, force: true });
});

async function outputsOf(keys: string, connection = '', log: Logger = silentLogger) {
  const file = join(folder, 'muster.yml');
  await writeFile(
    file,
    `kube_state_metrics: [{name: prod, kubernetes: {api_server: '${fleet.url}', ${connection}}, ${keys}}]\n`,
  );
  return (await readApp(file, { env: {}, log })).outputs;
}

/** One entry of `resources`, with a metric of the size and a label for each object. */
function entry(kind: string, more = ''): string {
  const each = '{type: Gauge, gauge: {path: [spec, size]}}';
  const metrics = `[{name: size, each: ${each}}, {name: an_info, each: {type: Info, info: {path: [metadata], labelsFromPath: {uid: [uid]}}}}]`;
  return `{groupVersionKind: ${kind}, labelsFromPath: {name: [metadata, name], in: [metadata, namespace]}, metrics: ${metrics}, ${more}}`;
}

function only(...entries: readonly string[]): string {
  return `custom_resource_state_only: true, custom_resource_state_config: {spec: {resources: [${entries}]}}`;
}

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

async function samplesOf(keys: string, connection = ''): Promise<readonly string[]> {
  return (await linesOf(keys, connection)).filter((line) => !line.startsWith('#')).sort();
}

/** The values of a label in the samples, each once. */
function valuesIn(samples: readonly string[], label: string): readonly string[] {
  return [
    ...new Set(samples.map((line) => new RegExp(`[{,]${label}="([^"]*)"`).exec(line)?.[1] ?? '')),
  ].sort();
}

const foo = '{group: myteam.io, version: v1, kind: Foo}';

describe('custom resources of an API server', () => {
  test('are found by what their definitions say, listed, and written', async () => {
    const line = (name: string, more: string, value: number) =>
      `kube_customresource_${name}{customresource_group="other.io",customresource_kind="Foo",customresource_version="v1",in="a",name="o0"${more}} ${value}`;
    expect(await linesOf(only(entry('{group: other.io, version: v1, kind: Foo}')))).toEqual([
      '# HELP kube_customresource_size ',
      '# TYPE kube_customresource_size gauge',
      line('size', '', 0),
      '# HELP kube_customresource_an_info ',
      '# TYPE kube_customresource_an_info gauge',
      line('an_info', ',uid="uid-0"', 1),
    ]);
  });

  test('are the same in pages as in one piece', async () => {
    const inPages = await samplesOf(only(entry(foo)), 'muster: {page_size: 4}');
    expect(inPages).toHaveLength(50);
    expect(inPages).toEqual(await samplesOf(only(entry(foo))));
  });

  test.each<[string, readonly string[]]>([
    ['{group: myteam.io, version: v1}', ['Bar', 'Foo', 'Site']],
    ['{group: myteam.io}', ['Bar', 'Foo', 'Foo', 'Site']],
    ['{group: myteam.io, version: "*", kind: Foo}', ['Foo', 'Foo']],
    ['{group: myteam.io, version: v1beta1, kind: Foo}', []],
    ['{group: myteam.io, version: v1, kind: Baz}', []],
    ['{group: none.io}', []],
  ])('%s are %j', async (kind, kinds) => {
    const samples = await samplesOf(only(entry(kind)));
    const found = samples.filter((line) => line.includes('name="o0"') && line.includes('_size{'));
    expect(found.map((line) => /kind="([^"]*)"/.exec(line)?.[1]).sort()).toEqual(kinds);
  });

  test('of one name stand together, whatever their kinds', async () => {
    const lines = await linesOf(only(entry('{group: myteam.io}')));
    expect(lines.filter((line) => line.startsWith('# HELP'))).toEqual([
      '# HELP kube_customresource_size ',
      '# HELP kube_customresource_an_info ',
    ]);
  });

  test('of a kind that two entries are about are those of the later', async () => {
    const samples = await samplesOf(only(entry('{group: myteam.io}'), entry(foo, 'metricNamePrefix: later')));
    const names = samples.filter((line) => line.includes('kind="Foo"') && line.includes('version="v1"'));
    expect(new Set(names.map((line) => line.slice(0, line.indexOf('_'))))).toEqual(new Set(['later']));
  });

  test('are split among shards, each in one', async () => {
    const keys = only(entry('{group: myteam.io}'));
    const whole = await samplesOf(keys);
    expect(await samplesOf(`${keys}, total_shards: 3`)).toEqual(whole);
    expect((await samplesOf(`${keys}, total_shards: 3, shard: 1`)).length).toBeLessThan(whole.length);
  });

  test('are those of the namespaces that are asked for, or of all but some', async () => {
    const all = only(entry('{group: myteam.io, version: v1}'));
    const inA = await samplesOf(`${all}, namespaces: [a]`);
    expect([valuesIn(inA, 'in'), valuesIn(inA, 'customresource_kind')]).toEqual([['a'], ['Bar', 'Foo']]);
    const without = await samplesOf(`${all}, namespaces_denylist: [a, b]`);
    expect([valuesIn(without, 'in'), valuesIn(without, 'customresource_kind')]).toEqual([
      ['', 'c'],
      ['Foo', 'Site'],
    ]);
  });

  test('have the families that the lists let through', async () => {
    const keys = only(entry(foo));
    expect(await samplesOf(`${keys}, metric_allowlist: [_size$]`)).toHaveLength(25);
    expect(await samplesOf(`${keys}, metric_denylist: [customresource]`)).toEqual([]);
  });

  test('stand beside the other resources', async () => {
    const keys = `resources: [namespaces], custom_resource_state_config: {spec: {resources: [${entry(foo)}]}}`;
    expect(await samplesOf(keys)).toHaveLength(50);
  });
});

describe('values without a sample', () => {
  const each = '{type: Gauge, gauge: {path: [metadata], valueFrom: [name]}}';
  const state = '{type: StateSet, stateSet: {path: [spec], valueFrom: [size], labelName: s, list: [a]}}';
  const missing = '{type: Gauge, gauge: {path: [status, phase]}}';
  const metrics = `[{name: a, each: ${each}}, {name: b, each: ${state}}, {name: c, each: ${missing}}, {name: d, errorLogV: 1, each: ${state}}]`;

  test('are told of, once a metric, unless it asks for quiet', async () => {
    const warnings: unknown[] = [];
    const log = { ...silentLogger, warn: (...line: readonly unknown[]) => warnings.push(line) };
    const keys = only(`{groupVersionKind: ${foo}, metrics: ${metrics}}`);
    for (const output of await outputsOf(keys, '', log)) (await output.render(signal)).close();
    const of = { output: 'prod' };
    expect(warnings).toEqual([
      ['kube_customresource_a: what is at [metadata,name] is no number and has no sample (25 times)', of],
      ['kube_customresource_b: what is at [spec,size] is no text and has no sample (25 times)', of],
      ['kube_customresource_c: what is at [status,phase] is missing and has no sample (25 times)', of],
    ]);
  });
});

describe('with its plural given', () => {
  const rights = { resource: 'customresourcedefinitions' };

  test('a kind is listed without a look at definitions', async () => {
    const keys = only(
      entry(foo, 'resourcePlural: foos'),
      entry('{group: myteam.io, version: v1, kind: Site}', 'resourcePlural: sites'),
    );
    const restore = fleet.deny(rights);
    try {
      const samples = await samplesOf(`${keys}, namespaces_denylist: [a, b]`);
      expect([valuesIn(samples, 'in'), valuesIn(samples, 'customresource_kind')]).toEqual([
        ['', 'c'],
        ['Foo', 'Site'],
      ]);
      expect(valuesIn(await samplesOf(`${keys}, namespaces: [a]`), 'customresource_kind')).toEqual(['Foo']);
      await expect(linesOf(only(entry(foo)))).rejects.toMatchObject({
        kind: 'denied',
        message: expect.stringContaining(
          '{apiGroups: ["apiextensions.k8s.io"], resources: ["customresourcedefinitions"], verbs: ["list"]}',
        ),
      });
    } finally {
      restore();
    }
  });

  test('a kind that is not there has no objects, one that may not be listed is an error', async () => {
    expect(await linesOf(only(entry(foo, 'resourcePlural: fools')))).toEqual([]);
    const restore = fleet.deny({ resource: 'foos' });
    try {
      await expect(linesOf(only(entry(foo, 'resourcePlural: foos')))).rejects.toMatchObject({
        kind: 'denied',
        message: expect.stringContaining('{apiGroups: ["myteam.io"], resources: ["foos"], verbs: ["list"]}'),
      });
    } finally {
      restore();
    }
  });
});

describe('a file of its own', () => {
  const write = (text: string) => writeFile(join(folder, 'custom.yml'), text);
  const keys = 'custom_resource_state_only: true, custom_resource_state_config_file: custom.yml';

  test('holds the same, beside the configuration', async () => {
    await write(`kind: CustomResourceStateMetrics\nspec:\n  resources: [${entry(foo)}]\n`);
    expect(await samplesOf(keys)).toEqual(await samplesOf(only(entry(foo))));
  });

  test('is named with the line of what is wrong in it', async () => {
    await write('spec:\n  resources:\n    - metrics: []\n');
    await expect(outputsOf(keys)).rejects.toMatchObject({
      kind: 'config',
      message: `${join(folder, 'custom.yml')}:3:7 spec.resources[0].groupVersionKind: is required`,
    });
  });

  test('has to be there, and not beside a configuration in line', async () => {
    await rm(join(folder, 'custom.yml'), { force: true });
    await expect(outputsOf(keys)).rejects.toMatchObject({
      kind: 'config',
      message: `prod: custom_resource_state_config_file: ${join(folder, 'custom.yml')} does not exist`,
    });
    await expect(outputsOf(`${only()}, custom_resource_state_config_file: a`)).rejects.toThrow(
      'at most one of custom_resource_state_config and custom_resource_state_config_file may be configured',
    );
    await expect(outputsOf('custom_resource_state_only: true')).rejects.toThrow(
      'custom_resource_state_only: needs custom_resource_state_config, or custom_resource_state_config_file',
    );
  });
});

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { file } from '../../../lib/backends/file/index.ts';
import { staticTargets } from '../../../lib/backends/file/static.ts';
import { mechanisms } from '../../../lib/backends/registry.ts';
import { parseConfig } from '../../../lib/config/load.ts';
import { listTargets } from '../../support/discover.ts';
import { failure } from '../../support/http-client.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-file-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function list(files: Readonly<Record<string, string>>, patterns: readonly string[]) {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return (await listTargets(file, { files: patterns.map((one) => join(folder, one)) })).groups;
}

describe('file_sd_configs', () => {
  test('are the groups of all files that match, JSON and YAML, with the path as a label', async () => {
    const groups = await list(
      {
        'a/one.json': '[{"targets":["a:1"],"labels":{"team":"x"}},{"Targets":["b:2"],"labels":{"team":"x"}}]',
        'a/two.yml': '- targets: [c:3]\n  labels: { port: 3, none: "" }\n- targets: []\n',
        'a/three.txt': 'nothing',
        'b.yaml': '',
      },
      ['a/*.json', 'a/*.yml', 'b.yaml', 'none/*.yml'],
    );
    const [one, two] = ['a/one.json', 'a/two.yml'].map((name) => join(folder, name));
    expect(groups).toEqual([
      {
        source: `${one}:{"team":"x"}`,
        labels: { team: 'x', __meta_filepath: one },
        targets: [{ __address__: 'a:1' }, { __address__: 'b:2' }],
      },
      {
        source: `${two}:{"port":"3"}`,
        labels: { port: '3', __meta_filepath: two },
        targets: [{ __address__: 'c:3' }],
      },
    ]);
  });

  test.each([
    ['gone.yml', undefined, 'not-found', /gone\.yml/],
    ['a.json', '[{"targets":["a:1"],"label":{}}]', 'malformed', /a\.json: unexpected JSON/],
    ['a.json', '[{"targets":["a:1"],"labels":{"a":1}}]', 'malformed', /a\.json: unexpected JSON/],
    ['a.json', '[{"targets"', 'malformed', /a\.json: expected JSON/],
    ['a.yml', '- target: [a:1]', 'malformed', /a\.yml: .*target/],
    ['a.yml', 'targets: [a:1]', 'malformed', /a\.yml: .*must be a list/],
    ['a.yml', '- {targets: [a', 'malformed', /a\.yml:1: /],
  ])('fail whole where %s holds %j', async (name, text, kind, message) => {
    const files = { 'good.yml': '- targets: [a:1]', ...(text !== undefined && { [name]: text }) };
    expect(await failure(list(files, ['good.yml', name]))).toMatchObject({
      kind,
      message: expect.stringMatching(message),
    });
  });

  test.each([[{}], [{ files: [] }], [{ files: ['a.txt'] }], [{ files: ['*/a.yml'] }]])(
    '%j is refused',
    (given) => {
      expect(file.schema.safeParse(given).success).toBe(false);
    },
  );
});

describe('static_configs', () => {
  test('are a group with its labels, and none without targets', async () => {
    const targets = ['a:1', '[::1]:2'];
    expect((await listTargets(staticTargets, { targets, labels: { team: 'x', empty: '' } })).groups).toEqual([
      {
        source: '{"team":"x"}',
        labels: { team: 'x' },
        targets: targets.map((one) => ({ __address__: one })),
      },
    ]);
    expect((await listTargets(staticTargets, { labels: { team: 'x' } })).groups).toEqual([]);
  });

  test('a URL is refused, as in Prometheus', () => {
    expect(staticTargets.schema.safeParse({ targets: ['http://a:1/metrics'] }).success).toBe(false);
  });
});

const loaded = await Promise.all(
  mechanisms.filter(({ name }) => ['static', 'file', 'consul'].includes(name)).map(({ load }) => load()),
);

describe('muster: { publish: all }', () => {
  const read = (text: string) =>
    parseConfig(text, { mechanisms: loaded, directory: '/etc/muster', origin: 'muster.yml' });
  const job = (muster: string) =>
    `scrape_configs: [{job_name: a, ${muster} static_configs: [{targets: ['a:1']}], file_sd_configs: [{files: [a.yml]}], consul_sd_configs: [{}]}]`;

  test('adds what stands in the configuration and in files to the providers of the job', () => {
    const { jobs, leftAlone } = read(job('muster: {publish: all},'));
    expect(jobs[0]?.providers.map(({ name }) => name)).toEqual(['consul-0', 'file-0', 'static-0']);
    expect(leftAlone).toEqual([]);
  });

  test('without it both are left to Prometheus, whatever they hold', () => {
    const { jobs, leftAlone } = read(job('').replace("'a:1'", "'http://a/'"));
    expect(jobs[0]?.providers.map(({ name }) => name)).toEqual(['consul-0']);
    expect(leftAlone).toEqual([
      { key: 'static_configs', of: ['a'] },
      { key: 'file_sd_configs', of: ['a'] },
    ]);
  });

  test('is asked for by a job alone', () => {
    expect(() => read(`${job('')}\ndefaults: {publish: all}`)).toThrow(/defaults\.publish/);
    expect(() => read(job('muster: {publish: some},'))).toThrow(/publish: must be all/);
  });
});

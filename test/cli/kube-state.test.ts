import { readFile } from 'node:fs/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { gzipHead } from '../../lib/kube-state/gzip-time.ts';
import { changeOutputStatus } from '../../lib/kube-state/status.ts';
import { type ConsulFleet, startConsulFleet } from '../../lib/sim/consul.ts';
import { type KubernetesFleet, startKubernetesFleet } from '../../lib/sim/kubernetes.ts';
import { createFileStore } from '../../lib/store/folder/store.ts';
import { smallWorld } from '../support/small-world.ts';
import { makeWorkplace } from '../support/workplace.ts';
import { consulJob, letWait, outputEntry, publishedTexts } from './kube-state-world.ts';

let cluster: KubernetesFleet;
let consul: ConsulFleet;
beforeAll(async () => {
  cluster = await startKubernetesFleet({ seed: 'cli', pods: 5, nodes: 2, otherLists: true });
  consul = await startConsulFleet({ seed: 'cli', services: 0, instances: 0 });
});
beforeEach(() => {
  cluster.faults.clear();
  consul.replace(smallWorld(2));
});
afterAll(() => Promise.all([cluster?.stop(), consul?.stop()]));

const output = (name: string, more: object = {}, api_server = cluster.url) =>
  outputEntry(name, api_server, more);
const job = () => consulJob(consul.url);

describe('muster run', () => {
  test('publishes kube-state outputs beside the targets', async () => {
    await using place = await makeWorkplace({ ...job(), kube_state_metrics: [output('prod')] });
    const { code, stdout, stderr } = await place.here(['run']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.split('\n').slice(0, 4)).toEqual([
      'JOB  PROVIDER  OUTCOME    VERSION  TARGETS',
      'api  consul-0  published  1        2        +2 -0 ~0 targets',
      '',
      'OUTPUT  OUTCOME    OBJECTS  SAMPLES  BYTES',
    ]);
    expect(stdout).toMatch(/^prod {4}published {2}2 {8}\d+ +\d+$/m);
    const text = gunzipSync(await readFile(`${place.folder}/.muster/store/metrics/prod.prom.gz`)).toString();
    expect(text).toContain('kube_node_info{node="');
  });

  test('works where there is nothing but kube state, and says in JSON what it did', async () => {
    await using place = await makeWorkplace({ kube_state_metrics: [output('prod', { total_shards: 2 })] });
    const { code, stdout } = await place.here(['run', '--output', 'json']);
    const counts = { samples: expect.any(Number), bytes: expect.any(Number) };
    const results = ['prod.0', 'prod.1'].map((name) => ({
      ...{ kind: 'output', output: name, outcome: 'published', objects: expect.any(Number), ...counts },
      duration_seconds: expect.any(Number),
    }));
    expect([code, JSON.parse(stdout)]).toEqual([0, results]);
    expect(await publishedTexts(place)).toEqual(['prod.0.prom.gz', 'prod.1.prom.gz']);
  });

  test('--dry-run says what would be listed and retired, and calls no cluster', async () => {
    await using place = await makeWorkplace({ kube_state_metrics: [output('prod')] });
    await place.here(['run']);
    await place.write('muster.yml', { kube_state_metrics: [output('dev')] });
    const asked = cluster.requests.length;
    expect(await place.here(['run', '--dry-run'])).toEqual({
      ...{ code: 0, stderr: '' },
      stdout:
        'kube-state dev: would be listed and published as metrics/dev.prom.gz\n' +
        'kube-state prod: left the configuration, its text stays for another 15m\n',
    });
    expect([cluster.requests.length, await publishedTexts(place)]).toEqual([asked, ['prod.prom.gz']]);
    expect((await place.here(['run'])).stderr).toBe(
      'kube-state prod: left the configuration, its text stays for another 15m\n',
    );
    expect(await publishedTexts(place)).toEqual(['dev.prom.gz', 'prod.prom.gz']);
    await letWait(place, 'prod');
    expect((await place.here(['run'])).stderr).toBe(
      'kube-state prod: retired, it is no longer in the configuration\n',
    );
    expect(await publishedTexts(place)).toEqual(['dev.prom.gz']);
  });

  test('retires the last output when there are jobs, and none by an empty configuration', async () => {
    await using place = await makeWorkplace({ kube_state_metrics: [output('prod')] });
    await place.here(['run']);
    await place.write('muster.yml', 'scrape_configs: []');
    expect((await place.here(['run'])).code).toBe(0);
    expect(await publishedTexts(place)).toEqual(['prod.prom.gz']);
    await place.write('muster.yml', job());
    expect((await place.here(['run', '--job', 'api'])).code).toBe(0);
    expect(await publishedTexts(place)).toEqual(['prod.prom.gz']);
    expect((await place.here(['run'])).code).toBe(0);
    await letWait(place, 'prod');
    expect((await place.here(['run'])).code).toBe(0);
    expect(await publishedTexts(place)).toEqual([]);
  });

  test('exits with 1 when an output failed, and the others go on', async () => {
    const outputs = [output('gone', {}, 'http://127.0.0.1:1'), output('prod')];
    await using place = await makeWorkplace({ ...job(), kube_state_metrics: outputs });
    const { code, stdout, stderr } = await place.here(['run']);
    expect([code, await publishedTexts(place)]).toEqual([1, ['prod.prom.gz']]);
    expect(stderr).toMatch(/^muster run: gone: GET http:\/\/127\.0\.0\.1:1\/[^\n]*ECONNREFUSED[^\n]*\n$/);
    expect(stdout).toMatch(/^api {2}consul-0 {2}published/m);
    expect(stdout).toMatch(/^gone {4}failed/m);
  });

  test('chosen jobs are all that is run', async () => {
    await using place = await makeWorkplace({ ...job(), kube_state_metrics: [output('prod')] });
    expect((await place.here(['run', '--job', 'api'])).code).toBe(0);
    expect(await publishedTexts(place)).toEqual([]);
  });
});

test('muster kube-state prints rights or publishes, not both', async () => {
  await using place = await makeWorkplace({ kube_state_metrics: [output('prod')] });
  expect(await place.here(['kube-state', '--rbac', '--publish'])).toEqual({
    ...{ code: 2, stdout: '' },
    stderr:
      'muster kube-state: --rbac only prints: it cannot go with --publish; see "muster kube-state --help"\n',
  });
});

describe('muster check and muster status', () => {
  test('list the outputs', async () => {
    const outputs = [output('prod'), output('dev', { total_shards: 2, shard: 1, deadline: '30s' })];
    await using place = await makeWorkplace({ kube_state_metrics: outputs });
    const store = `file://${place.folder}/.muster/store`;
    expect(await place.here(['check'])).toEqual({
      code: 0,
      stdout:
        'OUTPUT  EVERY  DEADLINE  OBJECT\n' +
        'prod    1s     60s       metrics/prod.prom.gz\n' +
        'dev.1   1s     30s       metrics/dev.1.prom.gz\n',
      stderr: `${place.folder}/muster.yml is valid: 0 jobs, 0 providers, 2 kube-state outputs, store ${store}\n`,
    });
    const json = await place.here(['check', '--output', 'json']);
    expect(JSON.parse(json.stdout)).toEqual([
      { kind: 'output', output: 'prod', refresh_interval_seconds: 1, deadline_seconds: 60 },
      { kind: 'output', output: 'dev.1', refresh_interval_seconds: 1, deadline_seconds: 30 },
    ]);
  });

  test('say how the published ones are', async () => {
    await using place = await makeWorkplace({ kube_state_metrics: [output('prod')] });
    await place.here(['run']);
    await place.write('muster.yml', { kube_state_metrics: [output('dev')] });
    const { stdout } = await place.here(['status']);
    expect(stdout).toMatch(
      /^OUTPUT +LISTED +BYTES +STATE\ndev +never +0 +nothing published yet\nprod +\d+s +\d+ +not in the configuration\n$/,
    );
    const listing = { bytes: expect.any(Number), listed_at: expect.stringMatching(/^\d{4}-.*Z$/) };
    expect(JSON.parse((await place.here(['status', '--output', 'json'])).stdout)).toEqual([
      { kind: 'output', output: 'dev', configured: true, bytes: 0, state: 'nothing published yet' },
      {
        kind: 'output',
        output: 'prod',
        configured: false,
        ...listing,
        state: 'not in the configuration',
        status: expect.anything(),
      },
    ]);
  });
});

test('muster accept lets exactly what is held of an output pass', async () => {
  await using place = await makeWorkplace({ kube_state_metrics: [output('prod')] });
  await place.here(['run']);
  const store = createFileStore(`${place.folder}/.muster/store`);
  const grown = (count: number) =>
    changeOutputStatus(
      store,
      'prod',
      (status) => status && { ...status, families: { ...status.families, kube_node_info: count } },
    );
  expect(await place.here(['accept', '--kube-state', 'prod'])).toEqual({
    ...{ code: 1, stdout: '' },
    stderr: 'muster accept: nothing is held for the kube-state output prod\n',
  });
  await grown(40);
  const held = await place.here(['run']);
  expect([held.code, held.stdout]).toEqual([
    0,
    expect.stringContaining('samples gone: kube_node_info 40 -> 2'),
  ]);
  expect((await place.here(['status'])).stdout).toContain('held: samples gone: kube_node_info 40 -> 2');
  expect(await place.here(['accept', '--kube-state', 'prod'])).toEqual({
    ...{ code: 0, stderr: '' },
    stdout: 'prod: accepted for an hour, the next listing may publish it with\n  kube_node_info: 40 -> 2\n',
  });
  expect((await place.here(['run'])).stdout).toMatch(/^prod {4}published/m);
  expect((await place.here(['accept'])).stderr).toContain('give one of --job, --kube-state and --retired');
});

test('muster status says which texts the sidecar does not serve', async () => {
  const names = ['fresh', 'old', 'undated'];
  await using place = await makeWorkplace({ kube_state_metrics: names.map((name) => output(name)) });
  const store = createFileStore(`${place.folder}/.muster/store`);
  const texts = [gzipHead(new Date()), gzipHead(new Date(Date.now() - 301_000)), gzipSync('a 1\n')];
  for (const [index, text] of texts.entries())
    await store.put(`metrics/${names[index]}.prom.gz`, text, { condition: 'create' });
  const { stdout } = await place.here(['status', '--output', 'json']);
  const states = z.array(z.object({ state: z.string() })).parse(JSON.parse(stdout));
  expect(states.map(({ state }) => state)).toEqual(['ok', 'stale: not served', 'undated: not served']);
});

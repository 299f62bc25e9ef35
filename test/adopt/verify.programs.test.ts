import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readSources } from '../../lib/adopt/sources.ts';
import { type VerifyInput, verifyAdoption } from '../../lib/adopt/verify.ts';
import { silentLogger } from '../../lib/base/logger.ts';
import type { AppProvider } from '../../lib/run/providers.ts';
import { type ConsulFleet, startConsulFleet } from '../../lib/sim/consul.ts';
import { toGroups } from '../../lib/targets/canonical.ts';
import { type HttpFleet, startHttpFleet } from '../sim/http.ts';
import { startHttpServer } from '../support/http-server.ts';
import { describeWithPrograms, requireProgram } from '../support/programs.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-verify-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The verdicts on a configuration of these jobs. */
async function verify(jobs: string, input: Partial<VerifyInput> = {}, needed = false) {
  const file = join(folder, 'prometheus.yml');
  await writeFile(file, `global: { scrape_interval: 7s }\nscrape_configs:\n${jobs}`);
  const options = { muster: join(folder, 'muster.yml'), to: 'muster', needed };
  return verifyAdoption(await readSources(file), options, {
    ...{ env: {}, log: silentLogger, signal: new AbortController().signal },
    ...input,
  });
}

const list = async ({ provider }: AppProvider) =>
  toGroups([
    {
      source: provider,
      labels: {
        __meta_consul_dc: 'dc1',
        __meta_consul_node: 'a long name of which no rule makes use',
        own: 'x',
      },
      targets: [
        { __address__: '10.0.0.1:80', __meta_consul_service: 'web' },
        { __address__: '10.0.0.2:80', __meta_consul_service: 'db' },
        { __address__: 'http://bad/', __meta_consul_service: 'web' },
      ],
    },
  ]);

const job = (rules: string) =>
  `  - { job_name: api, consul_sd_configs: [{}], relabel_configs: [${rules}] }\n`;
const keepWeb = '{ source_labels: [__meta_consul_service], regex: web, action: keep }';
const dc = '{ source_labels: [__meta_consul_dc], target_label: dc }';

test('counts what is scraped, and measures what labels: needed would save', async () => {
  const same = { job: 'api', verdict: 'same', by: ['muster', 'muster'], targets: 1, details: [] };
  const bytes = { all: 350, needed: 212 };
  expect(await verify(job(`${keepWeb}, ${dc}`), { list })).toEqual([{ ...same, bytes }]);
  expect(await verify(job(`${keepWeb}, ${dc}`), { list }, true)).toEqual([{ ...same, bytes }]);
  expect(await verify(job(''), { list })).toEqual([{ ...same, targets: 2 }]);
});

test('tells of labels that Prometheus adds to the targets of files', async () => {
  const [verdict] = await verify(job("{ regex: '__meta_(.+)', action: labelmap }"), { list });
  expect([
    verdict?.verdict,
    verdict?.details.map((line) => [line.slice(0, 38), line.includes('"filepath"')]),
  ]).toEqual([
    'differs',
    [
      ['+ is scraped only with Muster: {"__add', true],
      ['+ is scraped only with Muster: {"__add', true],
      ['- is scraped only by the original: {"_', false],
      ['- is scraped only by the original: {"_', false],
    ],
  ]);
});

test('a job that cannot be listed is unknown, and leaves nothing on the disk', async () => {
  const left = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('muster-adopt-'));
  const before = await left();
  const broken = async () => {
    throw new Error('no answer');
  };
  expect(await verify(job(''), { list: broken })).toEqual([
    { job: 'api', verdict: 'unknown', by: ['muster', 'muster'], targets: 0, details: ['no answer'] },
  ]);
  expect((await left()).filter((name) => !before.includes(name))).toEqual([]);
});

test('lists jobs with equal SD configs once', async () => {
  await using server = await startHttpServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end('[{"targets":["10.0.0.1:80"],"labels":{"zone":"eu"}}]');
  });
  const jobs = ['a', 'b', 'c'].map(
    (name) => `  - { job_name: ${name}, http_sd_configs: [{ url: '${server.url}' }] }\n`,
  );
  const verdicts = await verify(jobs.join(''));
  expect(verdicts.map(({ job, verdict, targets }) => [job, verdict, targets])).toEqual([
    ['a', 'same', 1],
    ['b', 'same', 1],
    ['c', 'same', 1],
  ]);
  expect(server.requests).toHaveLength(1);
});

describeWithPrograms('with promtool', ['promtool'], () => {
  const env = { PATH: `/nowhere:${dirname(requireProgram('promtool'))}` };
  let http: HttpFleet;
  let consul: ConsulFleet;
  beforeAll(async () => {
    http = await startHttpFleet({ seed: 'verify', groups: 10 });
    consul = await startConsulFleet({ seed: 'verify', services: 5, instances: 20 });
  });
  afterAll(async () => {
    await http?.stop();
    await consul?.stop();
  });

  test('promtool finds both, or reads the files where it lacks the mechanism', async () => {
    const verdicts = await verify(
      `  - job_name: web
    scheme: https
    params: { a: [b] }
    http_sd_configs: [{ url: '${http.list}' }, { url: '${http.list}' }]
    static_configs: [{ targets: [x:1] }]
    relabel_configs:
      - { source_labels: [__scheme__, __param_a, __meta_url], target_label: what }
      - { source_labels: [__address__], regex: '.*[02468]', action: drop }
  - job_name: api
    consul_sd_configs: [{ server: '${consul.url}' }]
    relabel_configs:
      - { regex: __meta_consul_(.+), action: labelmap }
      - { source_labels: [__meta_consul_node], target_label: __address__, regex: '.*1', replacement: '' }
`,
      { env },
    );
    expect(verdicts.map(({ job, verdict, by, details }) => ({ job, verdict, by, details }))).toEqual([
      { job: 'web', verdict: 'same', by: ['promtool', 'promtool'], details: [] },
      { job: 'api', verdict: 'same', by: ['muster', 'promtool'], details: [] },
    ]);
    expect(verdicts.every(({ targets }) => targets > 5)).toBe(true);
  });
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as z from 'zod';
import { runMuster } from '../support/muster.ts';
import { polled } from '../support/poll.ts';
import { startProcess } from '../support/process.ts';
import { describeWithPrograms } from '../support/programs.ts';
import { type Prometheus, startPrometheus } from '../support/prometheus.ts';
import { expressions, pods, type Values } from './kube-state-rules.ts';
import { startRecordedApi } from './recorded-api.ts';

describeWithPrograms('kube state, as a real Prometheus scrapes it from the sidecar', ['prometheus'], () => {
  let prometheus: Prometheus;
  let address: string;
  const ends = new AsyncDisposableStack();

  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'muster-e2e-'));
    ends.defer(() => rm(folder, { recursive: true, force: true }));
    const api = ends.use(await startRecordedApi());
    const config = join(folder, 'muster.yml');
    const output = { name: 'recorded', kubernetes: { api_server: api.url } };
    await writeFile(config, JSON.stringify({ store: join(folder, 'store'), kube_state_metrics: [output] }));
    const published = await runMuster(['kube-state', '-c', config, '--publish']);
    expect(published).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('recorded.prom.gz: published'),
    });
    const sidecar = await startProcess({
      command: process.execPath,
      args: ([port]) => [
        ...[join(import.meta.dirname, '../../lib/cli/main.ts'), 'sync', '--from', join(folder, 'store')],
        ...['--to', join(folder, 'targets'), '--listen', `127.0.0.1:${port}`],
      ],
      ready: ([port]) => `http://127.0.0.1:${port}/kube-state/recorded`,
    });
    ends.defer(() => sidecar.stop());
    address = `127.0.0.1:${sidecar.ports[0]}`;
    prometheus = await startPrometheus({
      scrape_configs: [
        {
          job_name: 'kube-state-metrics',
          honor_labels: true,
          scrape_interval: '1s',
          metrics_path: '/kube-state/recorded',
          static_configs: [{ targets: [address] }],
        },
      ],
    });
    ends.defer(() => prometheus.stop());
    await polled(async () => (await prometheus.query('count(kube_pod_info)'))[0]?.value[1], `${pods.length}`);
  });
  afterAll(() => ends.disposeAsync());

  test('the scrape is up, and says how old its text is', async () => {
    const age = await prometheus.query('time() - muster_kube_state_listing_timestamp_seconds < 3600');
    const up = async () =>
      (await prometheus.query('up{job="kube-state-metrics"}')).map(({ value }) => value[1]);
    expect([age.length, await polled(up, ['1'])]).toEqual([1, ['1']]);
  });

  test('whatever format it asks for, it reads the same samples and types', async () => {
    const formats = ['OpenMetricsText1.0.0', 'OpenMetricsText0.0.1', 'PrometheusText0.0.4'] as const;
    const other = await startPrometheus({
      scrape_configs: formats.map((format) => ({
        job_name: format,
        scrape_protocols: [format],
        scrape_interval: '1s',
        metrics_path: '/kube-state/recorded',
        static_configs: [{ targets: [address] }],
      })),
    });
    try {
      const samples = async () =>
        (await other.query('count by (job) ({__name__=~"kube_.+"})')).map(({ metric, value }) => [
          metric.job,
          value[1],
        ]);
      const all = (await prometheus.query('count({__name__=~"kube_.+"})'))[0]?.value[1];
      const expected = formats.map((format) => [format, all]).sort();
      expect(await polled(async () => (await samples()).sort(), expected)).toEqual(expected);
      const family = 'kube_pod_container_status_restarts_total';
      const counter = Object.fromEntries(formats.map((format) => [format, 'counter']));
      expect(await typesOf(other.url, family)).toEqual(counter);
    } finally {
      await other.stop();
    }
  });

  test.each(expressions)('%s evaluates to what the objects say', async (_, expression, by, says) => {
    // A scrape that a busy machine does not answer in time leaves nothing until the next one.
    const found = await polled(
      async () => {
        const samples = (await prometheus.query(expression)).map(
          ({ metric, value }) => [by.map((label) => metric[label]).join('/'), Number(value[1])] as const,
        );
        return inOrder(rounded(Object.fromEntries(samples)));
      },
      inOrder(rounded(says)),
    );
    expect(found.length).toBeGreaterThan(0);
    expect(found).toEqual(inOrder(rounded(says)));
  });
});

/** The type of a family, by the jobs that it was scraped in. */
async function typesOf(url: string, family: string): Promise<Readonly<Record<string, string>>> {
  const answer = await fetch(`${url}/api/v1/targets/metadata?metric=${family}`);
  const { data } = metadataAnswer.parse(await answer.json());
  return Object.fromEntries(data.map(({ target, type }) => [target.job, type]));
}

const metadataAnswer = z.object({
  data: z.array(z.object({ target: z.object({ job: z.string() }), type: z.string() })),
});

function inOrder(values: Values): readonly (readonly [string, number])[] {
  return Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Sums of fractions differ in their last digits with the order in which they are made. */
function rounded(values: Values): Values {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, Number(value.toPrecision(9))]),
  );
}

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import * as z from 'zod';
import { type KubernetesFleet, startKubernetesFleet } from '../../lib/sim/kubernetes.ts';
import { encodeLabels } from '../../lib/targets/canonical.ts';
import { encodeJob } from '../../lib/targets/keys.ts';
import { createAuthority } from '../support/certificates.ts';
import { monitoredCluster } from '../support/monitored-cluster.ts';
import { polled } from '../support/poll.ts';
import { describeWithPrograms, requireProgram } from '../support/programs.ts';
import { type Prometheus, startPrometheus } from '../support/prometheus.ts';
import { makeWorkplace, type Workplace } from '../support/workplace.ts';

const printed = z.object({
  scrape_configs: z.array(
    z.looseObject({
      job_name: z.string(),
      kubernetes_sd_configs: z.unknown().optional(),
      relabel_configs: z.unknown(),
    }),
  ),
});

const answer = z.object({
  data: z.object({
    activeTargets: z.array(
      z.object({
        labels: z.record(z.string(), z.string()),
        scrapePool: z.string(),
        scrapeUrl: z.string(),
        scrapeInterval: z.string(),
        scrapeTimeout: z.string(),
      }),
    ),
  }),
});

const world = monitoredCluster();

/** Printed by `muster monitors` of a cluster with 30 Monitors that can be translated. */
describeWithPrograms('the jobs of 30 Monitors in a real Prometheus', ['prometheus', 'promtool'], () => {
  let cluster: KubernetesFleet;
  let place: Workplace;
  let jobs: z.output<typeof printed>['scrape_configs'];
  let oneListing: string;

  beforeAll(async () => {
    cluster = await startKubernetesFleet(world);
    place = await makeWorkplace();
    await place.write('kubeconfig', cluster.kubeconfig());
    const command = [
      ...['monitors', '--kubeconfig', 'kubeconfig', '--cluster', 'eu-1', '--prometheus', 'monitoring/k8s'],
      ...['--secrets', join(place.folder, 'secrets'), '--set', 'probeNamespaceSelector={}'],
      ...['--file', `/var/run/secrets/kubernetes.io/serviceaccount=${place.folder}/eu`],
      ...['--address', 'blackbox.monitoring.svc:9115=127.0.0.1:1'],
    ];
    const { code, stdout, stderr } = await place.run(command);
    if (code !== 0) throw new Error(stderr);
    const one = await place.run([...command, '--one-listing']);
    oneListing = one.stdout;
    await place.write('muster.yml', `${stdout}store: store\n`);
    await place.write('prometheus.yml', `global: {scrape_interval: 1h}\n${stdout}`);
    await place.write('eu/token', 'token');
    await place.write('eu/ca.crt', createAuthority().cert);
    for (const [, file = ''] of stderr.matchAll(/^Needed: (\S+),/gm))
      await place.write(
        file.slice(place.folder.length + 1),
        file.endsWith('.crt') ? createAuthority().cert : 'text',
      );
    jobs = printed.parse(parse(stdout)).scrape_configs;
  }, 120_000);
  afterAll(async () => {
    await cluster?.stop();
    await place?.[Symbol.asyncDispose]();
  });

  /** The jobs with Muster's files in place of what Prometheus would discover. */
  const byFiles = (all: typeof jobs, folder: string) =>
    all.map(({ kubernetes_sd_configs: sd, relabel_configs, ...job }) => ({
      ...job,
      relabel_configs,
      file_sd_configs:
        sd === undefined
          ? undefined
          : [{ files: [join(place.folder, folder, encodeJob(job.job_name), '*.json')] }],
    }));

  test('are those of 30 Monitors and 2 ScrapeConfigs, and valid to promtool and to muster check', async () => {
    const monitors = new Set(jobs.map(({ job_name }) => job_name.split('/').slice(1, 4).join('/')));
    // Beside two ScrapeConfigs.
    expect([monitors.size, world.monitors.length, jobs.length]).toEqual([32, 30, 39]);
    const promtool = await promisify(execFile)(requireProgram('promtool'), [
      ...['check', 'config', join(place.folder, 'prometheus.yml')],
    ]);
    expect(promtool.stdout).toContain('is valid prometheus config file syntax');
    const { code, stderr } = await place.run(['check']);
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining('muster.yml is valid: 37 jobs, 37 providers, store'),
    ]);
  });

  test("are scraped alike by Prometheus's own discovery and by Muster's files: targets, labels, URLs and intervals", async () => {
    // The jobs with one listing let Muster run their rules.
    await place.write('published.yml', `${oneListing}store: published-store\ndefaults: {relabel: publish}\n`);
    for (const [config, store, to] of [
      ['muster.yml', 'store', 'targets'],
      ['published.yml', 'published-store', 'published'],
    ] as const) {
      const { code, stderr } = await place.run(['run', '-c', config]);
      expect([code, stderr]).toEqual([0, expect.any(String)]);
      expect((await place.run(['sync', '--from', store, '--to', to, '--once'])).code).toBe(0);
    }
    const shared = printed.parse(parse(oneListing)).scrape_configs;
    const published = byFiles(shared, 'published').map(({ file_sd_configs, relabel_configs, ...job }) =>
      file_sd_configs === undefined ? { ...job, relabel_configs } : { ...job, file_sd_configs },
    );
    const running = await Promise.all(
      [jobs, byFiles(jobs, 'targets'), shared, published].map((scrape_configs) =>
        startPrometheus({ global: { scrape_interval: '1h' }, scrape_configs }),
      ),
    );
    try {
      const compared = async () => {
        const [own = [], ...others] = await Promise.all(running.map(targetsOf));
        const pools = new Set(own.map((target) => target.slice(0, target.indexOf(' '))));
        const differences = others.map((targets) => [...differ(own, targets), ...differ(targets, own)]);
        return {
          files: differences[0],
          oneListing: differences[1],
          published: differences[2],
          pools: pools.size,
          count: own.length,
        };
      };
      // Every job has targets.
      const good = { files: [], oneListing: [], published: [], pools: jobs.length, count: 114 };
      expect(await polled(compared, good)).toEqual(good);
    } finally {
      await Promise.all(running.map((prometheus) => prometheus.stop()));
    }
  }, 180_000);
});

/** Pool, labels, URL, interval and timeout of each target. */
async function targetsOf({ url }: Prometheus): Promise<readonly string[]> {
  const response = await fetch(`${url}/api/v1/targets?state=active`);
  return answer
    .parse(await response.json())
    .data.activeTargets.map(({ scrapePool, labels, scrapeUrl, scrapeInterval, scrapeTimeout }) =>
      [scrapePool, encodeLabels(labels), scrapeUrl, scrapeInterval, scrapeTimeout].join(' '),
    )
    .sort();
}

function differ(some: readonly string[], others: readonly string[]): readonly string[] {
  const known = new Set(others);
  return some.filter((target) => !known.has(target));
}

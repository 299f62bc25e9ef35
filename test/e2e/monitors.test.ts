import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import * as z from 'zod';
import { type KubernetesFleet, startKubernetesFleet } from '../../lib/fleet/kubernetes.ts';
import { encodeLabels } from '../../lib/target/canonical.ts';
import { encodeJob } from '../../lib/target/names.ts';
import { createAuthority } from '../support/certificates.ts';
import { monitoredCluster } from '../support/monitored-cluster.ts';
import { polled } from '../support/poll.ts';
import { describeWithPrograms, requireProgram } from '../support/programs.ts';
import { type Prometheus, startPrometheus } from '../support/prometheus.ts';
import { makeWorkplace, type Workplace } from '../support/workplace.ts';

const printed = z.object({
  scrape_configs: z.array(
    z.looseObject({ job_name: z.string(), kubernetes_sd_configs: z.unknown().optional() }),
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
  let oneListing: typeof jobs;

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
    oneListing = printed.parse(parse(one.stdout)).scrape_configs;
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
    expect((await place.run(['run'])).code).toBe(0);
    expect((await place.run(['sync', '--from', 'store', '--to', 'targets', '--once'])).code).toBe(0);
    const byFiles = jobs.map(({ kubernetes_sd_configs: sd, ...job }) =>
      sd === undefined
        ? job
        : {
            ...job,
            file_sd_configs: [{ files: [join(place.folder, 'targets', encodeJob(job.job_name), '*.json')] }],
          },
    );
    const [own, ours, one] = await Promise.all(
      [jobs, byFiles, oneListing].map((scrape_configs) =>
        startPrometheus({ global: { scrape_interval: '1h' }, scrape_configs }),
      ),
    );
    try {
      if (own === undefined || ours === undefined || one === undefined) throw new Error('three were started');
      const compared = async () => {
        const [theirs = [], mine = [], shared = []] = await Promise.all([own, ours, one].map(targetsOf));
        const pools = new Set(theirs.map((target) => target.slice(0, target.indexOf(' '))));
        return {
          missing: differ(theirs, mine),
          extra: differ(mine, theirs),
          // And the same with one listing for all namespaces.
          shared: [...differ(theirs, shared), ...differ(shared, theirs)],
          pools: pools.size,
          count: theirs.length,
        };
      };
      // Every job has targets.
      const good = { missing: [], extra: [], shared: [], pools: jobs.length, count: 114 };
      expect(await polled(compared, good)).toEqual(good);
    } finally {
      await Promise.all([own?.stop(), ours?.stop(), one?.stop()]);
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

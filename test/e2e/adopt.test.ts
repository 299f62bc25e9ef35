import { copyFile, mkdtemp, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type KubernetesFleet, startKubernetesFleet } from '../../lib/sim/kubernetes.ts';
import { type MarathonFleet, startMarathonFleet } from '../../lib/sim/marathon.ts';
import { encodeLabels } from '../../lib/targets/canonical.ts';
import { type HttpFleet, startHttpFleet } from '../sim/http.ts';
import { polled } from '../support/poll.ts';
import { describeWithPrograms, requireProgram } from '../support/programs.ts';
import { type Prometheus, startPrometheusOn } from '../support/prometheus.ts';
import { makeWorkplace, type Workplace } from '../support/workplace.ts';
import { differences } from './follower.ts';

/** Prometheus hands on what it discovers every five seconds: two rounds, and a scrape of each second. */
const watched = 12_000;

/** Each test goes on from where the one before it ended. */
describeWithPrograms(
  'a real Prometheus that discovers by itself, is adopted, and given back',
  ['prometheus', 'promtool'],
  () => {
    let cluster: KubernetesFleet;
    let marathon: MarathonFleet;
    let http: HttpFleet;
    let place: Workplace;
    let prometheus: Prometheus;
    let original: string;
    let before: readonly string[];

    beforeAll(async () => {
      cluster = await startKubernetesFleet({ seed: 'adopt', pods: 60 });
      marathon = await startMarathonFleet({ seed: 'adopt', apps: 12 });
      http = await startHttpFleet({ seed: 'adopt', groups: 8, token: 'token-of-the-list' });
      place = await makeWorkplace();
      original = prometheusYml({ cluster: cluster.url, marathon: marathon.url, list: http.list });
      await place.write('prometheus.yml', original);
      await place.write('jobs/more.yml', moreJobs(cluster.url));
      const folder = await mkdtemp(join(tmpdir(), 'prometheus-'));
      prometheus = await startPrometheusOn(join(place.folder, 'prometheus.yml'), folder);
      // All pools are there, and none grows any more.
      let last = '';
      await polled(async () => {
        const found = (await targets(prometheus)).join('\n');
        const pools = new Set((await prometheus.targets()).activeTargets.map(({ scrapePool }) => scrapePool));
        const isDone = found === last && pools.size === 6;
        last = found;
        await sleep(1000);
        return isDone;
      }, true);
      before = await targets(prometheus);
    });
    afterAll(async () => {
      await prometheus?.stop();
      await Promise.all([cluster?.stop(), marathon?.stop(), http?.stop()]);
      await place?.[Symbol.asyncDispose]();
    });

    const env = { PATH: [dirname(requireProgram('promtool')), process.env.PATH].join(delimiter) };

    /**
     * Reloads Prometheus and looks on: the differences of every look, and how many targets were scraped in the five
     * seconds up to each second. Prometheus hands a change of targets on every five seconds.
     */
    async function watchReload() {
      await untilHandedOn(prometheus, join(place.folder, 'targets/list/http-0.json'));
      const start = Date.now();
      const seen = new Set<string>();
      await prometheus.reload();
      while (Date.now() - start < watched) {
        for (const line of differences(before, await targets(prometheus))) seen.add(line);
        await sleep(50);
      }
      const range = `[${Math.ceil((Date.now() - start) / 1000)}s:1s]`;
      const scraped = async (kind: string) =>
        (await prometheus.query(`${kind}_over_time(count(count_over_time(up[5s]))${range})`)).map(
          ({ value }) => Number(value[1]),
        );
      return { seen: [...seen], least: await scraped('min'), most: await scraped('max') };
    }

    test('adopt finds the same targets of each job as promtool, and writes', async () => {
      const { code, stdout, stderr } = await place.run(
        ['adopt', 'prometheus.yml', '--to', 'targets', '--verify', '--write'],
        { env },
      );
      const verdicts = stdout.split('\n').filter((line) => /^\w+: (?:same|differs|unknown)/.test(line));
      expect([code, verdicts.map((line) => line.replace(/\d+ targets?/, 'N targets'))]).toEqual([
        0,
        ['pods', 'services', 'marathon', 'list', 'nodes'].map((job) => `${job}: same, N targets (promtool)`),
      ]);
      expect(stdout).not.toContain('token-of-the-list');
      expect(stderr).toContain('Left to Prometheus: static_configs of prometheus, services');
      expect(await place.read('muster-credentials/list/http-0.authorization.credentials')).toBe(
        'token-of-the-list',
      );
      expect((await place.run(['run'])).code).toBe(0);
      expect((await place.run(['sync', '--from', '.muster/store', '--to', 'targets', '--once'])).code).toBe(
        0,
      );
    });

    test('a reload changes no target at any moment', async () => {
      expect(before.length).toBeGreaterThan(80);
      const { seen, least, most } = await watchReload();
      expect([seen, least, most]).toEqual([[], [before.length], [before.length]]);
      expect(await prometheus.ownMetric('prometheus_sd_file_read_errors_total')).toBe(0);
      const { activeTargets } = await prometheus.targets();
      const pools = activeTargets
        .filter(({ discoveredLabels }) => '__meta_filepath' in discoveredLabels)
        .map(({ scrapePool }) => scrapePool);
      expect([...new Set(pools)].sort()).toEqual(['list', 'marathon', 'nodes', 'pods', 'services']);
    });

    test('nor does the way back', async () => {
      expect((await place.run(['adopt', 'prometheus.yml', '--undo'])).code).toBe(0);
      expect(await place.read('prometheus.yml')).toBe(original);
      expect(await place.read('jobs/more.yml')).toBe(moreJobs(cluster.url));
      const { seen, least, most } = await watchReload();
      expect([seen, least, most]).toEqual([[], [before.length], [before.length]]);
      const { activeTargets } = await prometheus.targets();
      expect(activeTargets.filter(({ discoveredLabels }) => '__meta_filepath' in discoveredLabels)).toEqual(
        [],
      );
    });
  },
);

/**
 * Waits until Prometheus has just handed targets on, which it does every five seconds. What it hands on while it reads its new
 * files for the first time has no target of their jobs: that gap is its own, at any change of a job's discovery. It hands on
 * only after a change, so the file is renamed over itself.
 */
async function untilHandedOn(prometheus: Prometheus, file: string): Promise<void> {
  const handedOn = () => prometheus.ownMetric('prometheus_sd_updates_total');
  const before = await handedOn();
  await copyFile(file, `${file}.copy`);
  await rename(`${file}.copy`, file);
  expect(await polled(async () => (await handedOn()) > before, true)).toBe(true);
}

/** Pool, labels before the rules but for the file that they come from, labels and URL of all active targets. */
async function targets(prometheus: Prometheus): Promise<readonly string[]> {
  const { activeTargets } = await prometheus.targets();
  return activeTargets
    .map(({ scrapePool, discoveredLabels: { __meta_filepath: _, ...found }, labels, scrapeUrl }) =>
      [scrapePool, encodeLabels(found), encodeLabels(labels), scrapeUrl].join(' '),
    )
    .sort();
}

/** As people write it: comments, anchors, and rules that see what discovery found. */
function prometheusYml({ cluster, marathon, list }: Readonly<Record<string, string>>): string {
  return `# our Prometheus
global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_config_files: [jobs/*.yml]
scrape_configs:
  - job_name: prometheus
    static_configs: [{ targets: ['127.0.0.1:1'] }]

  - job_name: pods # all of them
    kubernetes_sd_configs: # in the cluster
      - &cluster
        role: pod
        api_server: ${cluster}
    relabel_configs: &rules
      # no target of the test is called
      - { action: labelmap, regex: '__(meta_(?:kubernetes|marathon|url).*|address__)', replacement: 'was_$1' }
      - { target_label: __address__, replacement: '127.0.0.1:1' }

  - job_name: services
    kubernetes_sd_configs:
      - <<: *cluster
        role: service
    static_configs: [{ targets: ['localhost:1'] }]
    relabel_configs: *rules

  - job_name: marathon
    metrics_path: /probe
    params: { module: [http_2xx] }
    marathon_sd_configs: [{ servers: [${marathon}], refresh_interval: 1s }]
    relabel_configs: *rules
  - job_name: list
    http_sd_configs:
      - url: ${list} # the list
        refresh_interval: 1s
        authorization: { credentials: token-of-the-list }
    relabel_configs: *rules
`;
}

function moreJobs(cluster: string): string {
  return `scrape_configs:
  - job_name: nodes
    kubernetes_sd_configs: [{ role: node, api_server: '${cluster}' }]
    relabel_configs:
      - { action: labelmap, regex: __meta_kubernetes_node_label_(.+) }
      - { action: labelmap, regex: '__(meta_kubernetes_.*|address__)', replacement: 'was_$1' }
      - { target_label: __address__, replacement: '127.0.0.1:1' }
`;
}

import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startConsulFleet } from '../../lib/sim/consul.ts';
import { startKubernetesFleet } from '../../lib/sim/kubernetes.ts';
import { encodeLabels } from '../../lib/targets/canonical.ts';
import { polled } from '../support/poll.ts';
import { describeWithPrograms } from '../support/programs.ts';
import { type ActiveTarget, type Prometheus, startPrometheus } from '../support/prometheus.ts';
import { makeWorkplace, type Workplace } from '../support/workplace.ts';
import { differences } from './follower.ts';
import { servicesHere } from './world.ts';

/** The job for ingresses of Prometheus's example configuration for Kubernetes: its rules set every address. */
const ingresses = {
  metrics_path: '/probe',
  params: { module: ['http_2xx'] },
  relabel_configs: [
    {
      source_labels: ['__meta_kubernetes_ingress_scheme', '__address__', '__meta_kubernetes_ingress_path'],
      regex: '(.+);(.+);(.+)',
      replacement: '${1}://${2}${3}',
      target_label: '__param_target',
    },
    // No target of the test shall be called.
    { target_label: '__address__', replacement: '127.0.0.1:1' },
    { source_labels: ['__param_target'], target_label: 'instance' },
    { action: 'labelmap', regex: '__meta_kubernetes_ingress_label_(.+)' },
    { source_labels: ['__meta_kubernetes_namespace'], target_label: 'namespace' },
    { source_labels: ['__meta_kubernetes_ingress_name'], target_label: 'ingress' },
  ],
};

describeWithPrograms('the job for ingresses of Prometheus’s example configuration', ['prometheus'], () => {
  let cluster: Awaited<ReturnType<typeof startKubernetesFleet>>;
  let place: Workplace;
  let prometheus: Prometheus;
  beforeAll(async () => {
    cluster = await startKubernetesFleet({ seed: 'ingresses', pods: 200 });
    const kubernetes_sd_configs = [{ api_server: cluster.url, role: 'ingress' }];
    place = await makeWorkplace({
      store: 'store',
      scrape_configs: [
        { job_name: 'left', kubernetes_sd_configs },
        { job_name: 'run', ...ingresses, kubernetes_sd_configs, muster: { relabel: 'publish' } },
      ],
    });
    expect((await place.run(['run'])).code).toBe(0);
    expect((await place.run(['sync', '--from', 'store', '--to', 'targets', '--once'])).code).toBe(0);
    const filesOf = (job: string) => [{ files: [join(place.folder, 'targets', job, '*.json')] }];
    const { relabel_configs: _, ...withoutRules } = ingresses;
    prometheus = await startPrometheus({
      global: { scrape_interval: '1h' },
      scrape_configs: [
        { job_name: 'own', ...ingresses, kubernetes_sd_configs },
        { job_name: 'left', ...ingresses, file_sd_configs: filesOf('left') },
        { job_name: 'run', ...withoutRules, file_sd_configs: filesOf('run') },
      ],
    });
  });
  afterAll(async () => {
    await prometheus?.stop();
    await cluster?.stop();
    await place?.[Symbol.asyncDispose]();
  });

  test.each(['left', 'run'])(
    'ends with the targets of Prometheus itself, hosts or none: rules %s',
    async (job) => {
      const compared = async () => {
        const { activeTargets } = await prometheus.targets();
        const own = finals(activeTargets, 'own');
        return own.length < 5 ? ['too few targets'] : differences(own, finals(activeTargets, job));
      };
      expect(await polled(compared, [])).toEqual([]);
      // Some have no host, so that their own address is empty.
      const { warnings } = JSON.parse(await place.read('store/status/left/kubernetes-0.json'));
      expect(warnings).toEqual([expect.stringMatching(/^\d+ targets? without address/)]);
    },
  );
});

describeWithPrograms('an address that Prometheus cannot scrape', ['prometheus2'], () => {
  test('does not take the targets beside it away from an old Prometheus', async () => {
    const fleet = await startConsulFleet({ seed: 'addresses', services: 1, instances: 1 });
    const world = servicesHere([80, 81, 82].map((port) => ({ service: 'web', port })));
    const instances = world.instances.map((one) =>
      one.port === 80 ? { ...one, address: 'http://x.example' } : one,
    );
    fleet.replace({ ...world, instances });
    await using place = await makeWorkplace({
      store: 'store',
      scrape_configs: [
        {
          ...{ job_name: 'api', consul_sd_configs: [{ server: fleet.url }], muster: { relabel: 'publish' } },
          relabel_configs: [{ source_labels: ['__meta_consul_service'], target_label: 'service' }],
        },
      ],
    });
    const { code, stdout } = await place.run(['run', '--output', 'json']);
    expect([code, JSON.parse(stdout)[0].warnings]).toEqual([
      0,
      ['1 target left out: Prometheus cannot scrape their address, as of [http://x.example]:80'],
    ]);
    await place.run(['sync', '--from', 'store', '--to', 'targets', '--once']);
    const files = [join(place.folder, 'targets/api/*.json')];
    const prometheus = await startPrometheus(
      {
        global: { scrape_interval: '1h' },
        scrape_configs: [{ job_name: 'api', file_sd_configs: [{ files }] }],
      },
      'prometheus2',
    );
    try {
      const found = async () =>
        (await prometheus.targets()).activeTargets.map(({ labels }) => labels.instance).sort();
      expect(await polled(found, ['127.0.0.1:81', '127.0.0.1:82'])).toEqual(['127.0.0.1:81', '127.0.0.1:82']);
    } finally {
      await prometheus.stop();
      await fleet.stop();
    }
  });
});

/** Labels and URL of the job's targets. */
function finals(targets: readonly ActiveTarget[], name: string): string[] {
  return targets
    .filter(({ scrapePool }) => scrapePool === name)
    .map(({ labels: { job: _, ...labels }, scrapeUrl }) => `${encodeLabels(labels)} ${scrapeUrl}`)
    .sort();
}

import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ConsulFleet, startConsulFleet } from '../../lib/sim/consul.ts';
import { encodeLabels } from '../../lib/targets/canonical.ts';
import { polled } from '../support/poll.ts';
import { describeWithPrograms } from '../support/programs.ts';
import { type ActiveTarget, type Prometheus, startPrometheus } from '../support/prometheus.ts';
import { makeWorkplace, type Workplace } from '../support/workplace.ts';
import { differences } from './follower.ts';

/** Rules as people write them, which between them read and write labels of every kind. */
const relabel_configs = [
  { source_labels: ['__meta_consul_tags'], regex: '.*,(prod|canary|v2),.*', action: 'keep' },
  { source_labels: ['__meta_consul_health'], regex: 'critical', action: 'drop' },
  { source_labels: ['__address__'], modulus: 5, target_label: '__tmp_shard', action: 'hashmod' },
  { source_labels: ['__tmp_shard'], regex: '[0-3]', action: 'keep' },
  { source_labels: ['__meta_consul_service'], target_label: 'service' },
  { source_labels: ['__meta_consul_service'], target_label: 'shout', action: 'uppercase' },
  { action: 'labelmap', regex: '__meta_consul_metadata_(.+)', replacement: 'node_$1' },
  { action: 'labeldrop', regex: 'node_rack.*' },
  { source_labels: ['__meta_consul_service_metadata_note'], target_label: 'note' },
  {
    source_labels: ['__meta_consul_service'],
    regex: '(.*)-[13]',
    target_label: '__metrics_path__',
    replacement: '/${1}',
  },
  {
    source_labels: ['__meta_consul_service'],
    regex: 'service-2',
    target_label: '__scheme__',
    replacement: 'http',
  },
  {
    source_labels: ['__meta_consul_service'],
    regex: 'service-5',
    target_label: '__param_module',
    replacement: 'other',
  },
  {
    source_labels: ['__meta_consul_service'],
    regex: 'service-6',
    target_label: 'job',
    replacement: 'by-rule',
  },
  { source_labels: ['__meta_consul_node'], regex: 'node-[1-4]', target_label: 'instance', replacement: '$0' },
  {
    source_labels: ['__scheme__', '__address__', '__metrics_path__', '__param_module'],
    separator: '|',
    target_label: 'url',
  },
  // No target of the test shall be called.
  {
    source_labels: ['__address__'],
    regex: '.*:(\\d+)',
    target_label: '__address__',
    replacement: '127.0.0.1:1',
  },
];
const scrape = { scheme: 'https', metrics_path: '/stats', params: { module: ['basic', 'more'] } };

/** What a job publishes, and which rules are left to Prometheus. */
const jobs = {
  all: { muster: {}, prometheus: { relabel_configs } },
  needed: { muster: { labels: 'needed' }, prometheus: { relabel_configs } },
  publish: { muster: { relabel: 'publish' }, prometheus: {} },
};

describeWithPrograms('a job that publishes less than all labels', ['prometheus'], () => {
  let fleet: ConsulFleet;
  let place: Workplace;
  let prometheus: Prometheus;
  beforeAll(async () => {
    fleet = await startConsulFleet({ seed: 'publish', services: 12, instances: 150 });
    const names = Object.entries(jobs);
    place = await makeWorkplace({
      store: 'store',
      scrape_configs: names.map(([job_name, { muster }]) => ({
        ...{ job_name, ...scrape, relabel_configs, muster },
        consul_sd_configs: [{ server: fleet.url }],
      })),
    });
    expect((await place.run(['run'])).code).toBe(0);
    expect((await place.run(['sync', '--from', 'store', '--to', 'targets', '--once'])).code).toBe(0);
    prometheus = await startPrometheus({
      global: { scrape_interval: '1h' },
      scrape_configs: names.map(([job_name, job]) => ({
        ...{ job_name, ...scrape, ...job.prometheus },
        file_sd_configs: [{ files: [join(place.folder, 'targets', job_name, '*.json')] }],
      })),
    });
  });
  afterAll(async () => {
    await prometheus?.stop();
    await fleet?.stop();
    await place?.[Symbol.asyncDispose]();
  });

  test.each(['needed', 'publish'] as const)('ends with the same targets in Prometheus: %s', async (job) => {
    const compared = async () => {
      const { activeTargets } = await prometheus.targets();
      const all = finals(activeTargets, 'all');
      return all.length < 20 ? ['too few targets'] : differences(all, finals(activeTargets, job));
    };
    expect(await polled(compared, [])).toEqual([]);
  });

  test('publishes smaller files', async () => {
    const [all = 0, needed = 0, publish = 0] = await Promise.all(
      Object.keys(jobs).map(async (job) => (await place.read(`targets/${job}/consul-0.json`)).length),
    );
    expect([needed < 0.9 * all, publish < 0.5 * all]).toEqual([true, true]);
    const file = await place.read('targets/publish/consul-0.json');
    expect(file.match(/__(?:meta|tmp)_/)).toBe(null);
  });
});

/** Labels and URL of the job's targets, wherever the job's own name does not matter. */
function finals(targets: readonly ActiveTarget[], name: string): string[] {
  return targets
    .filter(({ scrapePool }) => scrapePool === name)
    .map(({ labels: { job = '', ...labels }, scrapeUrl }) => {
      return `${encodeLabels({ ...labels, job: job === name ? 'own' : job })} ${scrapeUrl}`;
    })
    .sort();
}

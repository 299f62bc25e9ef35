import { join } from 'node:path';
import { encodeLabels } from '../../lib/targets/canonical.ts';
import { addressLabel, type LabelSet, metaPrefix } from '../../lib/targets/group.ts';
import { polled } from '../support/poll.ts';
import { keepApart, type Prometheus, startPrometheus } from '../support/prometheus.ts';

/**
 * A real Prometheus 3 whose job `api` reads the files that the sidecar keeps in a folder. It calls no target but those
 * of the service `exporter`, and those every second.
 */
export function startFollower(targets: string): Promise<Prometheus> {
  const [labelmap, closedPort] = keepApart;
  const exporter = { source_labels: ['__meta_consul_service'], regex: 'exporter' };
  const relabel_configs = [
    labelmap,
    closedPort,
    { ...exporter, target_label: '__scrape_interval__', replacement: '1s' },
    { ...exporter, target_label: '__scrape_timeout__', replacement: '1s' },
    {
      source_labels: ['__meta_consul_service', 'was_address__'],
      regex: 'exporter;(.+)',
      target_label: '__address__',
    },
  ];
  // Only what happens in the folder leads to a scan, not the clock.
  const file_sd_configs = [{ files: [join(targets, 'api', '*.json')], refresh_interval: '1h' }];
  return startPrometheus({
    global: { scrape_interval: '1h' },
    scrape_configs: [{ job_name: 'api', relabel_configs, file_sd_configs }],
  });
}

/** The discovered labels of all active targets as sorted text, without those which Prometheus itself adds. */
export async function followed(prometheus: Prometheus): Promise<string[]> {
  const { activeTargets } = await prometheus.targets();
  return activeTargets.map(({ discoveredLabels }) => asText(discoveredLabels)).sort();
}

/** Differences between the targets of Prometheus and those expected: none once it has caught up. */
export function differencesTo(expected: readonly string[], prometheus: Prometheus): Promise<string[]> {
  return polled(async () => differences(expected, await followed(prometheus)), []);
}

/** What is missing and what is too much, a few lines of it. */
export function differences(expected: readonly string[], found: readonly string[]): string[] {
  const surplus = [...found];
  const missing = expected.filter((one) => {
    const at = surplus.indexOf(one);
    if (at >= 0) surplus.splice(at, 1);
    return at < 0;
  });
  return [...missing.map((one) => `- ${one}`).slice(0, 5), ...surplus.map((one) => `+ ${one}`).slice(0, 5)];
}

/** Labels of a target as text: its address, and what a mechanism found. */
export function asText(labels: LabelSet): string {
  const kept = Object.entries(labels).filter(
    ([name]) => name === addressLabel || (name.startsWith(metaPrefix) && name !== '__meta_filepath'),
  );
  return encodeLabels(Object.fromEntries(kept));
}

import { nameOf } from './assemble.ts';
import { isMapping } from './fields.ts';
import type { LeftAlone } from './muster-config.ts';
import type { KeyPath } from './problem.ts';
import { enumerate } from './problem.ts';
import type { PrometheusVersion } from './prometheus-version.ts';

/**
 * Top-level keys of prometheus.yml that Muster leaves alone. Source: the configuration reference of Prometheus 3.14.
 */
export const prometheusKeys = [
  'runtime',
  'alerting',
  'rule_files',
  'scrape_config_files',
  'storage',
  'tracing',
  'remote_write',
  'remote_read',
  'otlp',
];

/** Keys of a scrape config that concern the scrape alone. Source: the same reference. */
export const scrapeKeys = [
  'honor_labels',
  'honor_timestamps',
  'track_timestamps_staleness',
  'params',
  'scrape_interval',
  'scrape_timeout',
  'scrape_protocols',
  'fallback_scrape_protocol',
  'scrape_native_histograms',
  'always_scrape_classic_histograms',
  // Its name before Prometheus 3.
  'scrape_classic_histograms',
  'convert_classic_histograms_to_nhcb',
  'scrape_failure_log_file',
  'metrics_path',
  'scheme',
  'enable_compression',
  'body_size_limit',
  'sample_limit',
  'target_limit',
  'label_limit',
  'label_name_length_limit',
  'label_value_length_limit',
  'native_histogram_bucket_limit',
  'native_histogram_min_bucket_factor',
  'keep_dropped_targets',
  'metric_name_escaping_scheme',
  'extra_scrape_metrics',
  'metric_relabel_configs',
  // The scrape's own HTTP client. Source: prometheus/common, HTTPClientConfig.
  'basic_auth',
  'authorization',
  'oauth2',
  'bearer_token',
  'bearer_token_file',
  'tls_config',
  'follow_redirects',
  'enable_http2',
  'http_headers',
  'proxy_url',
  'no_proxy',
  'proxy_from_environment',
  'proxy_connect_header',
];

/** SD configs whose targets Prometheus has without a listing. Muster reads them only in jobs with `publish: all`. */
export const stayingKeys = ['static_configs', 'file_sd_configs'];

/** The key of a mechanism's SD configs, as in `consul_sd_configs`; that of `static` is `static_configs`. */
export function sdKeyOf(mechanism: string): string {
  return mechanism === 'static' ? 'static_configs' : `${mechanism}_sd_configs`;
}

/** Whether a job, as it is written, asks for all of its targets to be published: `muster: { publish: all }`. */
export function publishesAll(job: unknown): boolean {
  const { muster }: { readonly muster?: unknown } = isMapping(job) ? job : {};
  const { publish }: { readonly publish?: unknown } = isMapping(muster) ? muster : {};
  return publish === 'all';
}

/** The mechanisms that only Muster has. */
export const ownMechanisms = ['swarm'];

/**
 * Keys of all mechanisms, Prometheus's and Muster's own: a function leaves the stanzas of all but its own as they are.
 * Source: the mechanisms that Prometheus 3.14 registers.
 */
export const mechanismKeys = [
  ...ownMechanisms,
  'aws',
  'azure',
  'consul',
  'digitalocean',
  'dns',
  'docker',
  'dockerswarm',
  'ec2',
  'ecs',
  'elasticache',
  'eureka',
  'gce',
  'hetzner',
  'http',
  'ionos',
  'kubernetes',
  'kuma',
  'lightsail',
  'linode',
  'marathon',
  'msk',
  'nerve',
  'nomad',
  'oci',
  'openstack',
  'outscale',
  'ovhcloud',
  'puppetdb',
  'rds',
  'scaleway',
  'serverset',
  'stackit',
  'triton',
  'uyuni',
  'vultr',
]
  .sort()
  .map(sdKeyOf);

/** All keys of SD configs. */
export const sdKeys = [...stayingKeys, ...mechanismKeys];

/** The mechanisms that came after Prometheus 3.5, with the version. Source: its change log. */
export const mechanismsSince: Readonly<Record<string, PrometheusVersion>> = {
  ...{ aws: '3.8', ecs: '3.8', msk: '3.10', elasticache: '3.11', rds: '3.11' },
  ...{ oci: '3.14', outscale: '3.12' },
};

/** The most jobs that are named for one key. The others are counted. */
const maxNamed = 20;

/**
 * One line, as in `Left to Prometheus: static_configs of prometheus, node; ec2_sd_configs of aws`; empty for nothing.
 */
export function formatLeftAlone(leftAlone: readonly LeftAlone[]): string {
  if (leftAlone.length === 0) return '';
  const parts = leftAlone.map(({ key, of }) => {
    const more = of.length - maxNamed;
    return `${key} of ${of.slice(0, maxNamed).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  });
  return `Left to Prometheus: ${parts.join('; ')}`;
}

/** The SD configs of a document that no mechanism reads, and those of its alertmanagers. */
export function findLeftAlone(document: unknown, readKeys: readonly string[]): readonly LeftAlone[] {
  const { alerting }: Sections = isMapping(document) ? document : {};
  const { alertmanagers }: Sections = isMapping(alerting) ? alerting : {};
  const managerKeys = new Set(listOf(alertmanagers).flatMap(sdKeysOf));
  const byKey = Map.groupBy(leftKeys(document, readKeys), ({ key }) => key);
  return [
    ...Array.from(byKey, ([key, jobs]) => ({
      key,
      of: jobs.map(({ index, job }) => nameOf(job) ?? `job ${index}`),
    })),
    ...Array.from(managerKeys, (key) => ({ key, of: ['the alertmanagers'] })),
  ];
}

/** The SD configs that are left to Prometheus, as problems for `strict`. */
export function strictProblems(
  document: unknown,
  readKeys: readonly string[],
): readonly { readonly path: KeyPath; readonly message: string }[] {
  return leftKeys(document, readKeys).map(({ key, index }) => ({
    path: ['scrape_configs', index, key],
    message: stayingKeys.includes(key)
      ? 'is left to Prometheus, which "strict" forbids: muster: { publish: all } of the job publishes these targets too'
      : `is left to Prometheus, which "strict" forbids: Muster has no backend for it; it has ${enumerate(readKeys.filter((one) => !stayingKeys.includes(one)))}`,
  }));
}

interface Sections {
  readonly scrape_configs?: unknown;
  readonly alerting?: unknown;
  readonly alertmanagers?: unknown;
}

function leftKeys(document: unknown, readKeys: readonly string[]) {
  const { scrape_configs: jobs }: Sections = isMapping(document) ? document : {};
  return listOf(jobs).flatMap((job, index) =>
    sdKeysOf(job)
      .filter((key) => !readKeys.includes(key) || (stayingKeys.includes(key) && !publishesAll(job)))
      .map((key) => ({ key, index, job })),
  );
}

/** The keys of SD configs in a mapping, in its order. A key without a value counts as absent. */
function sdKeysOf(mapping: unknown): readonly string[] {
  if (!isMapping(mapping)) return [];
  return Object.entries(mapping)
    .filter(
      ([key, value]) =>
        sdKeys.includes(key) && value !== null && !(Array.isArray(value) && value.length === 0),
    )
    .map(([key]) => key);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

import { Document, parse, visit } from 'yaml';
import { MusterError } from '../base/errors.ts';
import { isMapping, plainValue, scalarText } from '../config/fields.ts';
import type { Job } from './job-keys.ts';

/**
 * The jobs as a YAML document with `scrape_configs`, readable as YAML 1.1, which Prometheus reads, and as YAML 1.2.
 * `heading` becomes a comment at the top, a line each.
 */
export function printJobs(jobs: readonly Job[], heading: readonly string[]): string {
  const comment = heading.map((line) => `# ${line}\n`).join('');
  return comment + yamlText({ scrape_configs: jobs });
}

/**
 * A value as a YAML document without aliases and folded lines. Strings that YAML 1.1 or 1.2 would read as another
 * type are quoted: Prometheus and others read the one, Muster reads the other.
 */
function yamlText(value: unknown): string {
  const document = new Document(value, { version: '1.1', aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value === 'string' && isOtherInCore(node.value)) node.type = 'QUOTE_DOUBLE';
    },
  });
  return document.toString({ lineWidth: 0 });
}

function isOtherInCore(text: string): boolean {
  return /^[-+.\w~]+$/.test(text) && typeof parse(text, { schema: 'core' }) !== 'string';
}

/** The number of different SD configs in the jobs that need a listing. */
export function countListings(jobs: readonly Job[]): number {
  const configs = jobs.flatMap((job) =>
    Object.entries(job).flatMap(([key, list]) =>
      /_sd_configs$/.test(key) && key !== 'file_sd_configs' && Array.isArray(list)
        ? list.map((config) => JSON.stringify([key, config]))
        : [],
    ),
  );
  return new Set(configs).size;
}

/** The input of a ScrapeConfig manifest. */
export interface ScrapeConfigInput {
  /** The job's name, as Muster publishes it. */
  readonly job: string;
  /** Patterns of the files that the sidecar writes, as in `/muster/targets/web/*.json`. */
  readonly files?: readonly string[];
  /** Instead of files: the URL of the sidecar's list, as in `http://muster:8080/sd/web`. */
  readonly url?: string;
  /** How often the targets are read, as in `30s`. */
  readonly refreshInterval?: string;
  readonly namespace?: string;
  /** Labels by which a Prometheus resource selects it. */
  readonly labels?: Readonly<Record<string, string>>;
  /**
   * The job's scrape config, in Prometheus's words, plain or as `readYaml` gives it. Its name and SD configs are not
   * read.
   */
  readonly scrape?: object;
}

/** A ScrapeConfig manifest. */
export interface ScrapeConfigResource {
  /** The manifest, in YAML. */
  readonly text: string;
  /**
   * Keys that a ScrapeConfig does not have, such as `tls_config.ca_file`: the operator takes credentials from Secrets.
   */
  readonly left: readonly string[];
}

/** Keys whose value stays the same. Source: ScrapeConfigSpec of prometheus-operator 0.93. */
const sameValue: Readonly<Record<string, string>> = {
  metrics_path: 'metricsPath',
  scrape_interval: 'scrapeInterval',
  scrape_timeout: 'scrapeTimeout',
  scrape_protocols: 'scrapeProtocols',
  fallback_scrape_protocol: 'fallbackScrapeProtocol',
  honor_labels: 'honorLabels',
  honor_timestamps: 'honorTimestamps',
  track_timestamps_staleness: 'trackTimestampsStaleness',
  params: 'params',
  enable_compression: 'enableCompression',
  enable_http2: 'enableHTTP2',
  sample_limit: 'sampleLimit',
  target_limit: 'targetLimit',
  label_limit: 'labelLimit',
  label_name_length_limit: 'labelNameLengthLimit',
  label_value_length_limit: 'labelValueLengthLimit',
  keep_dropped_targets: 'keepDroppedTargets',
  body_size_limit: 'bodySizeLimit',
  scrape_native_histograms: 'scrapeNativeHistograms',
  always_scrape_classic_histograms: 'scrapeClassicHistograms',
  convert_classic_histograms_to_nhcb: 'convertClassicHistogramsToNHCB',
  native_histogram_bucket_limit: 'nativeHistogramBucketLimit',
  native_histogram_min_bucket_factor: 'nativeHistogramMinBucketFactor',
  no_proxy: 'noProxy',
  proxy_from_environment: 'proxyFromEnvironment',
};

const tlsKeys: Readonly<Record<string, string>> = {
  insecure_skip_verify: 'insecureSkipVerify',
  server_name: 'serverName',
  min_version: 'minVersion',
  max_version: 'maxVersion',
};

const ruleKeys: Readonly<Record<string, string>> = {
  source_labels: 'sourceLabels',
  separator: 'separator',
  target_label: 'targetLabel',
  regex: 'regex',
  modulus: 'modulus',
  replacement: 'replacement',
  action: 'action',
};

const schemes: Readonly<Record<string, string>> = { legacy: 'Legacy', utf8: 'UTF8' };
const escapings: Readonly<Record<string, string>> = {
  'allow-utf-8': 'AllowUTF8',
  underscores: 'Underscores',
  dots: 'Dots',
  values: 'Values',
};

/**
 * The manifest of a `ScrapeConfig` (monitoring.coreos.com/v1alpha1) that reads a job's targets from files or by HTTP.
 * Throws `config` where neither or both are given.
 */
export function scrapeConfigResource(input: ScrapeConfigInput): ScrapeConfigResource {
  const { job, files = [], url, refreshInterval, namespace, labels, scrape = {} } = input;
  if (files.length > 0 === (url !== undefined))
    throw new MusterError('config', `job ${JSON.stringify(job)}: a ScrapeConfig reads either files or a URL`);
  const bad = files.find((file) => !sdFile.test(file));
  if (bad !== undefined)
    throw new MusterError(
      'config',
      `job ${JSON.stringify(job)}: a ScrapeConfig cannot read ${JSON.stringify(bad)}: it must end in .json or .yml, with a * only in its last part`,
    );
  const refresh = refreshInterval === undefined ? {} : { refreshInterval };
  const { spec, left } = specOf(scrape);
  const text = yamlText({
    apiVersion: 'monitoring.coreos.com/v1alpha1',
    kind: 'ScrapeConfig',
    metadata: { name: resourceName(job), ...(namespace && { namespace }), ...(labels && { labels }) },
    spec: {
      jobName: job,
      ...(url === undefined
        ? { fileSDConfigs: [{ files, ...refresh }] }
        : { httpSDConfigs: [{ url, ...refresh }] }),
      ...spec,
    },
  });
  return { text, left };
}

type Mapping = Readonly<Record<string, unknown>>;

function specOf(scrape: object): { readonly spec: Mapping; readonly left: readonly string[] } {
  const left: string[] = [];
  const entries = Object.entries(scrape).flatMap(([key, given]): [string, unknown][] => {
    if (key === 'job_name' || /_sd_configs$|^static_configs$|^muster$/.test(key)) return [];
    const same = sameValue[key];
    if (same !== undefined) return [[same, plainValue(given)]];
    const [name, made] = otherValue(key, given, left) ?? [];
    if (name !== undefined) return [[name, made]];
    left.push(key);
    return [];
  });
  return { spec: Object.fromEntries(entries), left };
}

/** The translation of a key whose value changes; undefined for keys that a ScrapeConfig does not have. */
function otherValue(key: string, value: unknown, left: string[]): [string, unknown] | undefined {
  switch (key) {
    case 'scheme':
      return ['scheme', scalarText(value)?.toUpperCase()];
    case 'proxy_url':
      return (URL.parse(scalarText(value) ?? '')?.password ?? '') === ''
        ? ['proxyUrl', scalarText(value)]
        : undefined;
    case 'metric_name_validation_scheme':
      return named('nameValidationScheme', schemes[scalarText(value) ?? '']);
    case 'metric_name_escaping_scheme':
      return named('nameEscapingScheme', escapings[scalarText(value) ?? '']);
    case 'relabel_configs':
      return ['relabelings', rulesOf(value)];
    case 'metric_relabel_configs':
      return ['metricRelabelings', rulesOf(value)];
    case 'tls_config': {
      const entries = entriesOf(value);
      const kept = entries.filter(([name]) => tlsKeys[name] !== undefined);
      left.push(...entries.filter(([name]) => tlsKeys[name] === undefined).map(([name]) => `${key}.${name}`));
      return ['tlsConfig', renamed(kept, tlsKeys)];
    }
    default:
      return undefined;
  }
}

function named(key: string, value: string | undefined): [string, string] | undefined {
  return value === undefined ? undefined : [key, value];
}

function rulesOf(value: unknown): readonly Mapping[] {
  return Array.isArray(value) ? value.map((rule) => renamed(entriesOf(rule), ruleKeys)) : [];
}

function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  return isMapping(value) ? Object.entries(value) : [];
}

/** Keys whose value is a string, even where YAML reads another type. */
const stringKeys = ['separator', 'regex', 'replacement', 'target_label', 'server_name'];

/** As in Prometheus, a `replacement:` without a value is the empty string. */
function renamed(
  entries: readonly (readonly [string, unknown])[],
  names: Readonly<Record<string, string>>,
): Mapping {
  return Object.fromEntries(
    entries.map(([key, value]) => [
      names[key] ?? key,
      stringKeys.includes(key) ? (scalarText(value) ?? '') : plainValue(value),
    ]),
  );
}

/** Source: the pattern of SDFile in the definition of ScrapeConfig. */
const sdFile = /^[^*]*(\*[^/]*)?\.(json|yml|yaml|JSON|YML|YAML)$/;

/** The job as an object name: lower-case letters, digits, `-` and `.`, a letter or digit at both ends, at most 253. */
function resourceName(job: string): string {
  const name = job
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .slice(0, 253)
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
    .replace(/\.+-+|-+\.+|\.{2,}/g, '.');
  return name === '' ? 'muster' : name;
}

import { Document, parse, visit } from 'yaml';
import { MusterError } from '../errors.ts';
import type { Job } from './job-keys.ts';

/**
 * The jobs as a document with `scrape_configs`, in YAML that Prometheus's reader, which is of YAML 1.1, takes as it is
 * meant. `heading` becomes a comment at its top.
 */
export function printJobs(jobs: readonly Job[], heading: readonly string[]): string {
  const comment = heading.map((line) => `# ${line}\n`).join('');
  return comment + yamlText({ scrape_configs: jobs });
}

/**
 * A value as a YAML document, without aliases and without folded lines. Texts that YAML 1.1 or 1.2 would take for another
 * value have quotes: Prometheus and others read the one, Muster reads the other.
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

/** How many SD configs that list something the jobs have, equal ones counted once. */
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

/** What a ScrapeConfig of the operator reads the targets of a job from. */
export interface ScrapeConfigInput {
  /** The job's name, as Muster publishes it. */
  readonly job: string;
  /** Patterns of the files that the sidecar writes, as in `/muster/targets/web/*.json`. */
  readonly files?: readonly string[];
  /** Or the URL of the sidecar's list, as in `http://muster:8080/sd/web`. */
  readonly url?: string;
  /** How often they are read, as in `30s`. */
  readonly refreshInterval?: string;
  readonly namespace?: string;
  /** Labels by which a Prometheus resource selects it. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Further keys of its spec, as in `{ metricsPath: '/metrics' }`. */
  readonly spec?: Readonly<Record<string, unknown>>;
}

/**
 * The manifest of a `ScrapeConfig` of the operator (monitoring.coreos.com/v1alpha1) that reads a job's targets from files
 * or by HTTP. Throws `config` where neither or both are given.
 */
export function scrapeConfigResource(input: ScrapeConfigInput): string {
  const { job, files = [], url, refreshInterval, namespace, labels, spec = {} } = input;
  if (files.length > 0 === (url !== undefined))
    throw new MusterError('config', `job ${JSON.stringify(job)}: a ScrapeConfig reads either files or a URL`);
  const bad = files.find((file) => !sdFile.test(file));
  if (bad !== undefined)
    throw new MusterError(
      'config',
      `job ${JSON.stringify(job)}: a ScrapeConfig takes no file ${JSON.stringify(bad)}: it must end in .json or .yml, with a * in its last part alone`,
    );
  const refresh = refreshInterval === undefined ? {} : { refreshInterval };
  return yamlText({
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
}

/** Source: the pattern of SDFile in the definition of ScrapeConfig. */
const sdFile = /^[^*]*(\*[^/]*)?\.(json|yml|yaml|JSON|YML|YAML)$/;

/** The job as the name of an object: small letters, digits, `-` and `.`, a letter or digit at both ends, 253 at most. */
function resourceName(job: string): string {
  const name = job
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .slice(0, 253)
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
    .replace(/\.+-+|-+\.+|\.{2,}/g, '.');
  return name === '' ? 'muster' : name;
}

import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { mechanisms } from '../backends/registry.ts';
import { MusterError } from '../base/errors.ts';
import { isMapping } from '../config/fields.ts';
import type { LeftAlone } from '../config/muster-config.ts';
import type { KeyPath } from '../config/problem.ts';
import { hasSince, type PrometheusVersion, prometheusVersions } from '../config/prometheus-version.ts';
import { readYaml } from '../config/yaml-document.ts';
import { encodeJob } from '../targets/keys.ts';
import { labelsReadBy, labelsReadByRules } from '../targets/relabel.ts';
import type { MovedCredential } from './credentials.ts';
import { type Adopted, musterText } from './muster-text.ts';
import { type Replacement, replaceStanzas } from './replace.ts';
import type { Source, Sources } from './sources.ts';

/** The options of an adoption. */
export interface AdoptOptions {
  /** Full path of the new `muster.yml`. */
  readonly muster: string;
  /** Folder that `muster sync` mirrors into. A relative path starts from the folder of `prometheus.yml`. */
  readonly to: string;
  /** URL of a sidecar, for `http_sd_configs` instead of files. */
  readonly http?: string | undefined;
  /** The version of the Prometheus that reads the targets, as in `3.5.3`. Default: the newest. */
  readonly version?: string | undefined;
  /** The store of `muster.yml`. */
  readonly store?: string | undefined;
  /** Publish only the labels that the rules read, if the rules allow it. */
  readonly needed: boolean;
}

/** A job to adopt, and the replacement of its SD configs. */
interface AdoptedJob extends Adopted {
  readonly replacement: Replacement;
}

/** The files that the adoption would write. */
export interface Plan {
  readonly jobs: readonly AdoptedJob[];
  /** The files of Prometheus that change. */
  readonly files: readonly { readonly source: Source; readonly after: string }[];
  readonly muster: string;
  readonly credentials: readonly MovedCredential[];
  /** Whether credentials stay in `muster.yml`. */
  readonly holdsSecrets: boolean;
  readonly leftAlone: readonly LeftAlone[];
  /** Notes for a person, one line each. */
  readonly notes: readonly string[];
}

/** Plans the new `muster.yml` and the new files of Prometheus. Writes nothing. Throws `config`. */
export function planAdoption({ files, config, value }: Sources, options: AdoptOptions): Plan {
  if (options.http === undefined && /[*?[\]\\]/.test(options.to))
    throw new MusterError(
      'config',
      `--to ${options.to}: the folder may not have *, ?, [, ] or \\ in its name`,
    );
  const main = files[0]?.folder ?? '';
  const jobs = files.flatMap((source) =>
    source.jobs.flatMap((one, index): readonly AdoptedJob[] => {
      const found = new Set(one.job.providers.map(({ mechanism }) => mechanism));
      const keys = mechanisms.filter(({ name }) => found.has(name)).map(({ configKey }) => configKey);
      if (keys.length === 0) return [];
      const adopted = { ...one, source, index, keys, needed: options.needed && allowsNeeded(one) };
      return [{ ...adopted, replacement: replacementOf(adopted, main, options) }];
    }),
  );
  const changed = files.map((source) => {
    const own = jobs.filter((job) => job.source === source);
    const replacements = new Map(own.map(({ index, replacement }) => [index, replacement]));
    return { source, after: replaceStanzas(source, replacements) };
  });
  const { global }: { readonly global?: unknown } = isMapping(value) ? value : {};
  const scheme: { readonly metric_name_validation_scheme?: unknown } = isMapping(global) ? global : {};
  const where = options.http === undefined ? `${options.to}/<job>/*.json` : `${options.http}/sd/<job>`;
  const { text, moved, kept } = musterText(jobs, {
    folder: dirname(options.muster),
    head: [
      `The jobs that Muster discovers; Prometheus has them of ${where}.`,
      'The relabel_configs are copies: Prometheus runs its own. "muster check --prometheus FILE" says where they differ.',
    ],
    store: options.store,
    version: versionFor(jobs, options.version),
    nameScheme: scheme.metric_name_validation_scheme,
  });
  const notes = [
    ...moved.map((one) => `${placeOf(jobs, one)} goes into the file ${one.path}`),
    ...kept.map((one) => `${placeOf(jobs, one)} stays in muster.yml as it is: no key can name a file for it`),
    ...jobs.flatMap((job) => noteOnReading(job, options)),
    ...noteOnLocalServers(jobs),
  ];
  return {
    jobs,
    files: changed.filter(({ source, after }) => source.text !== after),
    muster: text,
    credentials: moved,
    holdsSecrets: kept.length > 0,
    leftAlone: config.leftAlone,
    notes,
  };
}

/**
 * The version for `muster.yml`: its rules do not know newer labels. Undefined for the newest, and if an SD config has
 * a key that this version refuses: then another Prometheus reads it.
 */
function versionFor(jobs: readonly Adopted[], given: string | undefined): PrometheusVersion | undefined {
  const [, major = 0, minor = 0] = /^(\d+)\.(\d+)/.exec(given ?? '') ?? [];
  const [oldest] = prometheusVersions;
  const isOld = given !== undefined && (Number(major) < 3 || (Number(major) === 3 && Number(minor) < 5));
  const version = isOld ? oldest : prometheusVersions.find((one) => one === `${major}.${minor}`);
  const newer = jobs.flatMap(({ job }) => job.providers.flatMap((provider) => provider.newer ?? []));
  return version !== undefined && newer.every(({ since }) => hasSince(version, since)) ? version : undefined;
}

/** Whether `labels: needed` would leave labels out: the job has rules, and they do not read every label. */
export function allowsNeeded({ job }: Pick<Adopted, 'job'>): boolean {
  const { relabel_configs: rules } = job;
  return rules.length > 0 && !labelsReadBy(rules)('__meta_muster_no_such_label');
}

/** File, line and column of a key of a job, and its path. */
function placeOf(
  jobs: readonly Adopted[],
  { job, key }: { readonly job: string; readonly key: KeyPath },
): string {
  const found = jobs.find((one) => one.job.name === job);
  if (found === undefined) return job;
  const { source, index } = found;
  const yaml = readYaml(source.text);
  const list = Array.isArray(yaml.value) ? [] : ['scrape_configs'];
  const { line, column, path } = yaml.problemAt([...list, index, ...key], '');
  return `${source.name}:${line}:${column} ${path}`;
}

/** Warns of rules that read the label that Prometheus adds to targets from files or by HTTP. */
function noteOnReading({ job, ...where }: Adopted, { http }: AdoptOptions): readonly string[] {
  const label = http === undefined ? '__meta_filepath' : '__meta_url';
  const index = job.relabel_configs.findIndex((rule) => labelsReadByRules([rule])(label));
  if (index < 0) return [];
  return [
    `${placeOf([{ job, ...where }], { job: job.name, key: ['relabel_configs', index] })}: reads ${label}, which Prometheus ` +
      'adds to these targets: a labelmap of it makes a new label, and a labeldrop below takes it away',
  ];
}

/** Servers that only the machine of Prometheus can reach. */
const localServer = /^(?:in-cluster$|unix:)|^\w+:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?:[:/]|$)/;

function noteOnLocalServers(jobs: readonly Adopted[]): readonly string[] {
  const found = jobs.flatMap(({ job }) =>
    job.providers.flatMap(({ stanza }) =>
      localServer.test(stanza.server) ? [{ name: job.name, server: stanza.server }] : [],
    ),
  );
  if (found.length === 0) return [];
  const names = [...new Set(found.map(({ name }) => name))].join(', ');
  const servers = [...new Set(found.map(({ server }) => server))].join(', ');
  return [
    `${names}: the server ${servers} can be reached only where Prometheus runs: run Muster there too, or give another ` +
      'address (kubeconfig_file or api_server for Kubernetes)',
  ];
}

function replacementOf(
  { job, keys, source }: Adopted,
  main: string,
  { to, http }: AdoptOptions,
): Replacement {
  const segment = encodeJob(job.name);
  if (http !== undefined)
    return { keys, key: 'http_sd_configs', entry: { url: `${http.replace(/\/+$/, '')}/sd/${segment}` } };
  const folder = isAbsolute(to) ? to : relative(source.folder, resolve(main, to)) || '.';
  return {
    keys,
    key: 'file_sd_configs',
    entry: { files: [`${folder.replace(/\/+$/, '')}/${segment}/*.json`] },
  };
}

import { createHash } from 'node:crypto';
import { MusterError, toMusterError } from '../base/errors.ts';
import { parseDuration } from '../config/fields.ts';
import { encodeJob } from '../targets/keys.ts';
import { checkMonitor, clientsOf, type Lookup, type Monitor, whatIs, within } from './checks.ts';
import { podMonitorJob, serviceMonitorJob } from './endpoint-jobs.ts';
import { fileOf, type HttpContext, type Reference, referencesOf } from './http.ts';
import type { Job, JobInput } from './job-keys.ts';
import { probeJob } from './probe-job.ts';
import {
  type MonitorName,
  type PrometheusSpec,
  podMonitorSpec,
  probeSpec,
  scrapeConfigSpec,
  serviceMonitorSpec,
} from './resources.ts';
import { literal, type Rule } from './rules.ts';
import { scrapeConfigJob } from './scrape-config-job.ts';
import { defaultVersion, globalKeys, parsed, scrapeClassOf, type Translation } from './settings.ts';

/** A Monitor without jobs, and the reason. */
export interface LeftOut extends MonitorName {
  readonly reason: string;
}

/** A file that jobs read, and the reference that it must hold. */
interface NeededFile extends Reference {
  readonly path: string;
}

/** The result of a translation. */
export interface Translated {
  readonly jobs: readonly Job[];
  readonly files: readonly NeededFile[];
  readonly leftOut: readonly LeftOut[];
  /** Keys that this version of Prometheus does not know, one line for each Monitor. */
  readonly notes: readonly string[];
}

/** Decodes the spec of a Monitor. Throws `config` with the path of the bad field. */
export function readMonitor({ kind, namespace, name }: MonitorName, spec: unknown): Monitor {
  switch (kind) {
    case 'ServiceMonitor':
      return { kind, namespace, name, spec: parsed(serviceMonitorSpec, spec) };
    case 'PodMonitor':
      return { kind, namespace, name, spec: parsed(podMonitorSpec, spec) };
    case 'Probe':
      return { kind, namespace, name, spec: parsed(probeSpec, spec) };
    case 'ScrapeConfig':
      return { kind, namespace, name, spec: parsed(scrapeConfigSpec, spec) };
  }
}

/** The keys of Secrets and ConfigMaps that the jobs of a Monitor read. */
export function monitorReferences(monitor: Monitor, settings: PrometheusSpec): readonly Reference[] {
  const scrapeClass = scrapeClassOf(settings, monitor.spec.scrapeClass);
  return [
    ...clientsOf(monitor).flatMap((http) => referencesOf(monitor.namespace, http)),
    ...(scrapeClass === undefined ? [] : referencesOf(monitor.namespace, scrapeClass)),
  ];
}

/**
 * The jobs of all Monitors, sorted by kind and name as in the operator. A Monitor with a fault (an error of kind
 * `config`) is left out, with the reason. Throws only other errors.
 */
export function translate(
  monitors: readonly Monitor[],
  translation: Translation,
  lookup: Lookup,
): Translated {
  const jobs: Job[] = [];
  const files = new Map<string, NeededFile>();
  const leftOut: LeftOut[] = [];
  const named = new Set<string>();
  const notes: string[] = [];
  const newest = { ...translation, settings: { ...translation.settings, version: newestVersion } };
  for (const monitor of [...monitors].sort(inOrder)) {
    const { kind, namespace, name } = monitor;
    try {
      checkMonitor(monitor, translation.settings, lookup);
      const made = jobsOf(monitor, translation, lookup).map((job) => standalone(job, translation));
      const twice = made.find(({ job_name }) => named.has(job_name));
      if (twice !== undefined)
        throw new MusterError('config', `another job has the name ${twice.job_name}: give another --cluster`);
      for (const job of made) named.add(job.job_name);
      jobs.push(...made);
      const lost = keysLost(made, jobsOf(monitor, newest, lookup));
      if (lost.length > 0)
        notes.push(
          `${kind} ${namespace}/${name}: Prometheus ${translation.settings.version ?? defaultVersion} has no ${lost.join(', ')}`,
        );
      for (const reference of monitorReferences(monitor, translation.settings)) {
        const path = fileOf(translation, reference);
        if (made.length > 0 && isRead(made, path)) files.set(path, { ...reference, path });
      }
    } catch (error) {
      const { kind: errorKind, message } = toMusterError(error);
      if (errorKind !== 'config') throw error;
      leftOut.push({ kind, namespace, name, reason: message });
    }
  }
  return { jobs, files: [...files.values()].sort((a, b) => compare(a.path, b.path)), leftOut, notes };
}

/** A version that has all keys. */
const newestVersion = '3.999.0';

/** Keys that the jobs would have in a later version. A renamed key is present under its old name. */
function keysLost(jobs: readonly Job[], later: readonly Job[]): readonly string[] {
  const isThere = (job: Job | undefined, key: string) =>
    job?.[key] !== undefined ||
    (key === 'always_scrape_classic_histograms' && job?.scrape_classic_histograms !== undefined);
  const lost = later.flatMap((job, index) => Object.keys(job).filter((key) => !isThere(jobs[index], key)));
  return [...new Set(lost)];
}

const kindOrder = ['ServiceMonitor', 'PodMonitor', 'Probe', 'ScrapeConfig'];

function inOrder(a: MonitorName, b: MonitorName): number {
  return (
    kindOrder.indexOf(a.kind) - kindOrder.indexOf(b.kind) ||
    compare(`${a.namespace}/${a.name}`, `${b.namespace}/${b.name}`)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function isRead(jobs: readonly Job[], path: string): boolean {
  return jobs.some((job) => JSON.stringify(job).includes(JSON.stringify(path)));
}

function jobsOf(monitor: Monitor, translation: Translation, lookup: Lookup): readonly Job[] {
  const { namespace } = monitor;
  const { settings, cluster, secretsFolder } = translation;
  const http: HttpContext = {
    ...{ settings, cluster, secretsFolder, namespace },
    fileAt: (path, key) => fileHere(translation, path, key),
    textAt(reference) {
      const found = lookup(reference);
      if (typeof found === 'object') return found.text;
      throw new MusterError('config', `${whatIs(reference)} may not be read, but the job needs its text`);
    },
  };
  const input: JobInput = {
    ...{ monitor, translation, http },
    addressAt: (address, key) => addressHere(translation, address, key),
  };
  switch (monitor.kind) {
    case 'ServiceMonitor':
      return monitor.spec.endpoints.map((endpoint, index) =>
        within(`endpoints[${index}]`, () => serviceMonitorJob(monitor.spec, endpoint, index, input)),
      );
    case 'PodMonitor':
      return monitor.spec.podMetricsEndpoints.map((endpoint, index) =>
        within(`podMetricsEndpoints[${index}]`, () => podMonitorJob(monitor.spec, endpoint, index, input)),
      );
    case 'Probe':
      return [probeJob(monitor.spec, input)];
    case 'ScrapeConfig':
      return [scrapeConfigJob(monitor.spec, input)];
  }
}

/** The local path of a file of the operator's Prometheus. Jobs inside the cluster have the same files. */
function fileHere({ files, connection }: Translation, path: string, key: string): string {
  const [best] = [...files.keys()]
    .filter((from) => path === from || path.startsWith(`${from.replace(/\/+$/, '')}/`))
    .sort((a, b) => b.length - a.length);
  const to = best === undefined ? undefined : files.get(best);
  if (best !== undefined && to !== undefined)
    return `${to.replace(/\/+$/, '')}${path.slice(best.replace(/\/+$/, '').length)}` || '/';
  if (Object.keys(connection).length === 0) return path;
  throw new MusterError(
    'config',
    `${key} is ${path}, which exists only in the cluster's own Prometheus: give its local path with --file ${path}=PATH`,
  );
}

/** An address that only the DNS of a cluster knows. */
const insideName = /^(?:[^.:[\]]+|.+\.svc(?:\..+)?|.+\.cluster\.local)\.?(?::\d+)?$/i;

function addressHere({ addresses, connection }: Translation, address: string, key: string): string {
  const to = addresses.get(address);
  if (to !== undefined) return to;
  if (Object.keys(connection).length === 0 || /^localhost(?::|$)/.test(address)) return address;
  if (!insideName.test(address)) return address;
  throw new MusterError(
    'config',
    `${key}: ${address} is an address that only DNS inside the cluster knows: give its local name with --address ${address}=HOST:PORT`,
  );
}

/** The job for a file with other jobs: with a unique name, and with the keys of the operator's global section. */
function standalone(job: Job, { settings, cluster }: Translation): Job {
  const { job_name: name, relabel_configs: rules, ...keys } = job;
  const own = jobName(name, cluster);
  const relabel: readonly Rule[] = [
    // The label `job` keeps the operator's name.
    ...(own === name ? [] : [{ target_label: 'job', replacement: literal(name) }]),
    ...rules,
    ...(cluster === undefined ? [] : [{ target_label: 'cluster', replacement: literal(cluster) }]),
  ];
  const missing = Object.entries(globalKeys(settings)).filter(
    ([key, value]) => value !== undefined && (keys[key] === undefined || keys[key] === 0),
  );
  const merged: Record<string, unknown> = { ...keys, ...Object.fromEntries(missing) };
  const { scrape_interval: interval, scrape_timeout: timeout } = merged;
  // Prometheus cuts a global timeout to the job's interval, and refuses a job's own.
  const every = typeof interval === 'string' ? parseDuration(interval) : undefined;
  const wait = typeof timeout === 'string' ? parseDuration(timeout) : undefined;
  if (every !== undefined && wait !== undefined && wait > every) merged.scrape_timeout = interval;
  const ordered = Object.entries(merged).map(([key, value]) => [key, value] as const);
  const at = Object.keys(job).indexOf('relabel_configs') - 1;
  return {
    job_name: own,
    ...Object.fromEntries(ordered.slice(0, at)),
    relabel_configs: relabel,
    ...Object.fromEntries(ordered.slice(at)),
  };
}

/**
 * The operator's name of a job after that of its cluster. A name that is too long for a key of the bucket is cut, and
 * ends with a digest of the whole name.
 */
export function jobName(name: string, cluster: string | undefined): string {
  const whole = cluster === undefined ? name : `${cluster}/${name}`;
  if (fits(whole)) return whole;
  const tail = `-${createHash('sha256').update(whole).digest('hex').slice(0, 12)}`;
  const characters = Array.from(whole);
  while (!fits(characters.join('') + tail)) characters.pop();
  return characters.join('') + tail;
}

function fits(job: string): boolean {
  try {
    encodeJob(job);
    return true;
  } catch {
    return false;
  }
}

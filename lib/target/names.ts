import { MusterError } from '../errors.ts';

/** Names one provider of one job; the job is its plain name, not yet encoded. */
export interface ProviderId {
  readonly job: string;
  /** `<mechanism>-<index>`, as in `consul-0`. */
  readonly provider: string;
}

/** A key below `targets/`, taken apart. */
export interface TargetsKey extends ProviderId {
  /** The job as it stands in keys and on disk: one path segment. */
  readonly segment: string;
  /** Number of the shard, where a provider is published in several objects. */
  readonly shard?: number;
}

/** Folders of the bucket. Their layout is the public contract. */
export const folders = {
  targets: 'targets/',
  snapshots: 'snapshots/',
  journal: 'journal/',
  status: 'status/',
  metrics: 'metrics/',
} as const;

/** Key of what Prometheus reads. */
export function targetsKey(id: ProviderId, shard?: number): string {
  return `${folders.targets}${path(id)}${shard === undefined ? '' : `.${shard}`}.json`;
}

/** Key of the checkpoint. */
export function snapshotKey(id: ProviderId): string {
  return `${folders.snapshots}${path(id)}.json.gz`;
}

/** Folder of all changes of a provider. */
export function journalFolder(id: ProviderId): string {
  return `${folders.journal}${path(id)}/`;
}

/** Key of one change; the version is padded to 12 digits so that keys sort by version. */
export function journalKey(id: ProviderId, version: number): string {
  return `${journalFolder(id)}${String(version).padStart(12, '0')}.json.gz`;
}

/** Key of the heartbeat. */
export function statusKey(id: ProviderId): string {
  return `${folders.status}${path(id)}.json`;
}

/** Key of a kube-state output, by its name or, of one of several shards, `<name>.<shard>`. */
export function metricsKey(name: string): string {
  return `${folders.metrics}${name}.prom.gz`;
}

/** Key of the heartbeat of a kube-state output. */
export function outputStatusKey(name: string): string {
  return `${folders.metrics}${name}.status.json`;
}

/** The output behind the key of its heartbeat, or undefined where the key is none of ours. */
export function parseOutputStatusKey(key: string): string | undefined {
  const name = key.slice(folders.metrics.length, -'.status.json'.length);
  return isMetricsName(name) && key === outputStatusKey(name) ? name : undefined;
}

/** Key of what tells that a kube-state output was retired on purpose. */
export function outputTombstoneKey(name: string): string {
  return `retired/kube-state/${name}.json`;
}

/** The output, or its shard, behind a key of `metrics/`, or undefined where the key is none of ours. */
export function parseMetricsKey(key: string): string | undefined {
  const name = key.slice(folders.metrics.length, -'.prom.gz'.length);
  return isMetricsName(name) && key === metricsKey(name) ? name : undefined;
}

/** Whether a kube-state output can have the name. */
export function isMetricsName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}(?:\.(?:0|[1-9]\d{0,3}))?$/.test(name);
}

/** The provider behind a key of `status/`, or undefined where the key is none of ours. */
export function parseStatusKey(key: string): ProviderId | undefined {
  const id = parseProviderFile(key, folders.status);
  return id?.shard === undefined ? id : undefined;
}

/** The provider and shard behind a key of `targets/`, or undefined where the key is none of ours. */
export function parseTargetsKey(key: string): TargetsKey | undefined {
  return parseProviderFile(key, folders.targets);
}

/** The version behind a key of `journal/`, or undefined where the key is none of ours. */
export function parseJournalVersion(key: string): number | undefined {
  const version = /\/(\d{12})\.json\.gz$/.exec(key)?.[1];
  return version === undefined ? undefined : Number(version);
}

/**
 * The job as one path segment: percent-encoded, with the leading dot and the characters that shells and globs
 * read encoded as well. Throws (kind `config`) when it would be longer than a file name may be.
 */
export function encodeJob(job: string): string {
  const segment = encodeURIComponent(job.toWellFormed())
    .replace(/[!'()*~]/g, percent)
    .replace(/^\./, percent);
  if (segment.length > 200) {
    throw new MusterError(
      'config',
      `job_name "${job.slice(0, 40)}…" is too long: 200 bytes at most, percent-encoded`,
    );
  }
  return segment;
}

function decodeJob(segment: string): string | undefined {
  try {
    const job = decodeURIComponent(segment);
    return encodeJob(job) === segment ? job : undefined;
  } catch {
    return undefined;
  }
}

function parseProviderFile(key: string, folder: string): TargetsKey | undefined {
  if (!key.startsWith(folder)) return undefined;
  const match = /^([^/]+)\/([a-z][a-z0-9]*-(?:0|[1-9]\d{0,5}))(?:\.(0|[1-9]\d{0,3}))?\.json$/.exec(
    key.slice(folder.length),
  );
  const [, segment, provider, shard] = match ?? [];
  if (segment === undefined || provider === undefined) return undefined;
  const job = decodeJob(segment);
  if (job === undefined || job === '') return undefined;
  return { job, segment, provider, ...(shard === undefined ? {} : { shard: Number(shard) }) };
}

function path({ job, provider }: ProviderId): string {
  return `${encodeJob(job)}/${provider}`;
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

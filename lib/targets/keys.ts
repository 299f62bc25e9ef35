import { MusterError } from '../base/errors.ts';

/** Names one provider of one job; the job is its plain name, not yet encoded. */
export interface ProviderId {
  readonly job: string;
  /**
   * The provider's name: the mechanism and a label, as in `consul-0` or `consul-eu`. It does not depend on what it
   * lists.
   */
  readonly provider: string;
}

/** The parts of a key below `targets/`. */
export interface TargetsKey extends ProviderId {
  /** The job in keys and on disk: one path segment. */
  readonly segment: string;
  /** A whole list in one file, or the manifest of a list in parts. */
  readonly form: 'file' | 'manifest';
}

/** Folders of the bucket. Their layout is the public contract. */
export const folders = {
  targets: 'targets/',
  snapshots: 'snapshots/',
  journal: 'journal/',
  status: 'status/',
  metrics: 'metrics/',
  parts: 'parts/',
  held: 'held/',
  retired: 'retired/',
  removals: 'removals/',
} as const;

/** Key of the document that names the store. */
export const storeKey = 'store.json';

/**
 * Key of a whole list, as Prometheus reads it. Throws like `encodeJob` (kind `config`), as all keys of a provider do.
 */
export function targetsKey(id: ProviderId): string {
  return `${folders.targets}${path(id)}.json`;
}

/**
 * Key of the manifest of a list in parts. It does not end like a file that Prometheus would read. Throws like
 * `targetsKey`.
 */
export function manifestKey(id: ProviderId): string {
  return `${folders.targets}${path(id)}.manifest`;
}

/** Folder of the parts of a list. Throws like `targetsKey`. */
export function partsFolder(id: ProviderId): string {
  return `${folders.parts}${path(id)}/`;
}

/** Key of a part, by its name: `<version, 12 digits>-<SHA-256 in hex>`. Throws like `targetsKey`. */
export function partKey(id: ProviderId, name: string): string {
  return `${partsFolder(id)}${name}`;
}

/** The version in which a part was first written, or undefined if the name is not that of a part. */
export function parsePartName(
  name: string,
): { readonly version: number; readonly digest: string } | undefined {
  const [, version, digest] = /^(\d{12})-([0-9a-f]{64})$/.exec(name) ?? [];
  return version === undefined || digest === undefined ? undefined : { version: Number(version), digest };
}

/** Key of what the gate holds of a provider. Throws like `targetsKey`. */
export function heldKey(id: ProviderId): string {
  return `${folders.held}${path(id)}.json.gz`;
}

/** Key of the tombstone of a retired provider. Throws like `targetsKey`. */
export function retiredKey(id: ProviderId): string {
  return `${folders.retired}${path(id)}.json`;
}

/** Key of the checkpoint. Throws like `targetsKey`. */
export function snapshotKey(id: ProviderId): string {
  return `${folders.snapshots}${path(id)}.json.gz`;
}

/** Folder of all changes of a provider. Throws like `targetsKey`. */
export function journalFolder(id: ProviderId): string {
  return `${folders.journal}${path(id)}/`;
}

/** Key of one change. The version is padded to 12 digits, so that keys sort by version. Throws like `targetsKey`. */
export function journalKey(id: ProviderId, version: number): string {
  return `${journalFolder(id)}${String(version).padStart(12, '0')}.json.gz`;
}

/** Key of the heartbeat. Throws like `targetsKey`. */
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

/** The output behind the key of its heartbeat, or undefined for any other key. */
export function parseOutputStatusKey(key: string): string | undefined {
  const name = key.slice(folders.metrics.length, -'.status.json'.length);
  return isMetricsName(name) && key === outputStatusKey(name) ? name : undefined;
}

/** Key of the tombstone of a kube-state output that was retired on purpose. */
export function outputTombstoneKey(name: string): string {
  return `retired/kube-state/${name}.json`;
}

/** The output, or its shard, behind a key of `metrics/`, or undefined for any other key. */
export function parseMetricsKey(key: string): string | undefined {
  const name = key.slice(folders.metrics.length, -'.prom.gz'.length);
  return isMetricsName(name) && key === metricsKey(name) ? name : undefined;
}

/** Whether a kube-state output can have the name. */
export function isMetricsName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}(?:\.(?:0|[1-9]\d{0,3}))?$/.test(name);
}

/** The provider behind a key of `status/`, or undefined for any other key. */
export function parseStatusKey(key: string): ProviderId | undefined {
  return idOf(parseProviderFile(key, folders.status));
}

/** The provider behind a key of `retired/`, or undefined for any other key. */
export function parseRetiredKey(key: string): ProviderId | undefined {
  return idOf(parseProviderFile(key, folders.retired));
}

/** The provider and form behind a key of `targets/`, or undefined for any other key. */
export function parseTargetsKey(key: string): TargetsKey | undefined {
  return parseProviderFile(key, folders.targets);
}

/** Whether a provider of this mechanism can have the name. */
export function isProviderName(name: string, mechanism: string): boolean {
  return name.startsWith(`${mechanism}-`) && providerName.test(name);
}

/** The version behind a key of `journal/`, or undefined for any other key. */
export function parseJournalVersion(key: string): number | undefined {
  const version = /\/(\d{12})\.json\.gz$/.exec(key)?.[1];
  return version === undefined ? undefined : Number(version);
}

/**
 * The job as one path segment: percent-encoded, with the leading dot and the characters that shells and globs
 * read encoded as well. Throws kind `config` if it would be longer than a file name may be.
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

/** A mechanism, a dash, and a label of at most 60 characters. */
const providerName = /^[a-z][a-z0-9]{0,40}-[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?$/;

function parseProviderFile(key: string, folder: string): TargetsKey | undefined {
  if (!key.startsWith(folder)) return undefined;
  const [, segment, provider, ending] =
    /^([^/]+)\/([^/.]+)\.(json|manifest)$/.exec(key.slice(folder.length)) ?? [];
  if (segment === undefined || provider === undefined || !providerName.test(provider)) return undefined;
  const job = decodeJob(segment);
  if (job === undefined || job === '') return undefined;
  return { job, segment, provider, form: ending === 'manifest' ? 'manifest' : 'file' };
}

function idOf(key: TargetsKey | undefined): ProviderId | undefined {
  return key === undefined || key.form === 'manifest' ? undefined : { job: key.job, provider: key.provider };
}

function path({ job, provider }: ProviderId): string {
  return `${encodeJob(job)}/${provider}`;
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

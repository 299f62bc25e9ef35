import { resolve } from 'node:path';
import type { Stanza } from '../backends/mechanism.ts';
import type { Job, MusterConfig } from '../config/muster-config.ts';
import type { ReadCredential } from '../config/secret.ts';
import type { Provider } from '../discovery/provider.ts';
import type { Discover } from '../target/discover.ts';
import { type LabelSet, type TargetGroup, targetLabels } from '../target/group.ts';
import { labelsReadBy, relabel } from '../target/relabel.ts';
import type { Logger } from '../telemetry/log.ts';
import { openHttpClients } from './http-clients.ts';

/** A provider as configured, ready for a cycle. */
export interface AppProvider extends Provider {
  readonly mechanism: string;
  /** The configuration gives it its name. */
  readonly hasOwnName: boolean;
  /** Milliseconds between two cycles. */
  readonly refreshInterval: number;
  /** Milliseconds that it stays published once it has left the configuration. */
  readonly retireAfter: number;
  /** Set where Muster runs the job's rules before it publishes, so that Prometheus must not. */
  readonly rulesRun?: true;
}

export interface BindInput {
  readonly readCredential: ReadCredential;
  readonly log: Logger;
  /** Folder that relative paths of the configuration start from. */
  readonly directory: string;
}

/** A listing may take this long where the configuration says nothing: milliseconds. */
const defaultDeadline = 60_000;

/** All providers of a configuration, in its order. */
export function bindProviders(
  config: Pick<MusterConfig<Stanza>, 'jobs' | 'journal'>,
  input: BindInput,
): readonly AppProvider[] {
  return config.jobs.flatMap((job) => {
    const transform = transformOf(job);
    return job.providers.map(({ name, named, mechanism, stanza }) => ({
      job: job.name,
      provider: name,
      mechanism,
      hasOwnName: named,
      retireAfter: job.retire_after,
      identity: stanza.identity,
      server: stanza.server,
      refreshInterval: stanza.config.refresh_interval,
      discover: discoverWith(stanza, {
        ...inFolderOf(job, input),
        log: input.log.with({ job: job.name, provider: name }),
      }),
      guard: job.guard,
      shards: job.shards,
      journal: config.journal,
      deadline: job.deadline ?? defaultDeadline,
      ...(transform && { transform }),
      ...(job.relabel === 'publish' && job.relabel_configs.length > 0 && { rulesRun: true }),
    }));
  });
}

/** Relative paths in a job of another file start from the folder of that file, as in Prometheus. */
function inFolderOf({ directory }: Job<Stanza>, input: BindInput): BindInput {
  if (directory === undefined) return input;
  return {
    ...input,
    directory,
    readCredential: (credential, signal) =>
      input.readCredential(
        credential.from === 'file'
          ? { ...credential, path: resolve(directory, credential.path) }
          : credential,
        signal,
      ),
  };
}

/** The mechanism's listing, with HTTP clients that end with it. */
function discoverWith(stanza: Stanza, { readCredential, log, directory }: BindInput): Discover {
  return async function* (input) {
    const warn = (message: string) => log.warn(message);
    await using clients = openHttpClients({ ...input, readCredential, warn });
    const { openHttp } = clients;
    return yield* stanza.discover({ ...input, directory, openHttp, warn });
  };
}

/** What the job's settings do to each group before it is published; undefined when they leave it as it is. */
function transformOf(job: Job<Stanza>): Provider['transform'] {
  if (job.relabel === 'publish') return (group) => relabelGroup(group, job);
  if (job.labels === 'all') return undefined;
  const reads = labelsReadBy(job.relabel_configs);
  return (group) => ({
    source: group.source,
    labels: pick(group.labels, reads),
    targets: group.targets.map((target) => pick(target, reads)),
  });
}

/** Labels that mean something to Prometheus although their names begin with `__`. */
const scrapeLabel = /^__(?:address__$|scheme__$|metrics_path__$|scrape_interval__$|scrape_timeout__$|param_)/;

/**
 * The group after the job's rules: targets that they drop are gone, as are labels that Prometheus sets by itself, that
 * it would make nothing of, and the one without a name that a labelmap can make, for which file_sd has no form.
 */
function relabelGroup(group: TargetGroup, { scrapeLabels, relabel_configs }: Job<Stanza>): TargetGroup {
  const matters = (label: string) => label !== '' && (!label.startsWith('__') || scrapeLabel.test(label));
  const targets = group.targets
    .map((target) => relabel({ ...scrapeLabels, ...targetLabels(group, target) }, relabel_configs))
    .filter((labels) => labels !== undefined)
    .map((labels) => pick(labels, (label) => matters(label) && labels[label] !== scrapeLabels[label]));
  return { source: group.source, labels: {}, targets };
}

function pick(labels: LabelSet, wanted: (name: string) => boolean): LabelSet {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => wanted(name)));
}

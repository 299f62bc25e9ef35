import { resolve } from 'node:path';
import { digestIdentity } from '../backends/identity.ts';
import type { Stanza, TargetListing } from '../backends/mechanism.ts';
import { onAbort } from '../base/deadlines.ts';
import { MusterError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { Job, MusterConfig } from '../config/muster-config.ts';
import type { ReadCredential } from '../config/secret.ts';
import type { Provider } from '../cycle/provider.ts';
import { settingsOf } from '../cycle/settings.ts';
import type { DiscoverInput, Listed } from '../targets/discover.ts';
import { addressLabel, pickLabels, type TargetGroup, targetLabels } from '../targets/group.ts';
import type { ProviderId } from '../targets/keys.ts';
import { labelsReadBy, relabel } from '../targets/relabel.ts';
import { isBadAddress, type NoteTarget, outlivesRules } from '../targets/scrapable.ts';
import { type HttpClients, openHttpClients } from './http-clients.ts';

/** A provider as configured, ready for a cycle. */
export interface AppProvider extends Provider {
  readonly mechanism: string;
  /** The configuration gives it its name. */
  readonly hasOwnName: boolean;
  /** Milliseconds between two cycles. */
  readonly refreshInterval: number;
  /** Set where Muster runs the job's rules before it publishes, so that Prometheus must not. */
  readonly rulesRun?: true;
  /** As of the configuration's provider. */
  readonly copies?: number;
  readonly twin?: number;
  /** What it takes to list it together with others; absent, it is listed by itself. */
  readonly sharing?: Sharing;
}

/** How a listing is shared. */
export interface Sharing {
  /** Providers with the same one ask the same backend in the same way, and are listed at the same time. */
  readonly group: string;
  /** Providers with the same one list the very same, before what their jobs do to it. */
  readonly listing: string;
  readonly discover: (input: ListingInput) => TargetListing;
  /** Lists for several of a group that differ; absent if the mechanism has nothing that they could share. */
  readonly discoverTogether?:
    | ((members: readonly GroupListing[], common: ListingInput) => readonly TargetListing[])
    | undefined;
  readonly stanza: Stanza;
  readonly prometheus: Job<Stanza>['prometheus'];
  /** Takes what the listing warns of. */
  readonly warn: ListingInput['warn'];
}

/** What a listing is given, whose warnings go to all that share it. */
export interface ListingInput extends DiscoverInput {
  readonly warn: (message: string) => void;
}

/** One listing of several of a group. */
export interface GroupListing {
  readonly sharing: Sharing;
  readonly input: ListingInput;
}

/** What binds a configuration to its backends. */
export interface BindInput {
  readonly readCredential: ReadCredential;
  readonly log: Logger;
  /** Folder that relative paths of the configuration start from. */
  readonly directory: string;
}

/** A listing may take this long where the configuration says nothing: milliseconds. */
export const defaultDeadline = 60_000;

/** All providers of a configuration, in its order. */
export function bindProviders(
  config: Pick<MusterConfig<Stanza>, 'jobs' | 'journal'>,
  input: BindInput,
): readonly AppProvider[] {
  return config.jobs.flatMap((job) => {
    const transform = transformOf(job);
    return job.providers.map(({ name, named, mechanism, stanza, copies, twin }) => ({
      ...discoveryOf(stanza, { job, provider: name, mechanism }, input),
      job: job.name,
      provider: name,
      mechanism,
      hasOwnName: named,
      identity: twin === undefined ? stanza.identity : twinIdentity(stanza.identity, twin),
      server: stanza.server,
      settings: settingsOf({
        mechanism,
        server: stanza.server,
        refreshInterval: stanza.config.refresh_interval,
        relabel: job.relabel,
        labels: job.labels,
        guard: job.guard,
        scrapeLabels: job.scrapeLabels,
        rules: job.relabel_configs,
      }),
      refreshInterval: stanza.config.refresh_interval,
      guard: job.guard,
      shards: job.shards,
      journal: config.journal,
      deadline: job.deadline ?? defaultDeadline,
      transform,
      ...(copies !== undefined && { copies }),
      ...(twin !== undefined && { twin }),
      ...(job.relabel === 'publish' && job.relabel_configs.length > 0 && { rulesRun: true }),
    }));
  });
}

/** The store tells providers of one job apart by what they list, and these list the same. */
function twinIdentity(identity: string, twin: number): string {
  return digestIdentity({ identity, twin });
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

/** How a provider is listed, by itself and with others. */
function discoveryOf(
  stanza: Stanza,
  { job, provider, mechanism }: { job: Job<Stanza>; provider: string; mechanism: string },
  input: BindInput,
): Required<Pick<AppProvider, 'discover' | 'sharing'>> {
  const { readCredential, directory } = inFolderOf(job, input);
  const log = input.log.with({ job: job.name, provider });
  const { prometheus } = job;
  const warn = (message: string) => log.warn(message);
  const access: Access = { readCredential, directory };
  const discover = discoverWith(stanza, prometheus, access);
  const { written } = stanza;
  return {
    discover: (given) => discover({ ...given, warn }),
    sharing: {
      group: digestIdentity({ mechanism, directory, group: stanza.group }),
      listing: digestIdentity({ mechanism, directory, prometheus: prometheus ?? '', written }),
      discover,
      discoverTogether: stanza.discoverTogether && discoverTogetherWith(stanza, access),
      ...{ stanza, prometheus, warn },
    },
  };
}

/** What a listing takes of the world. */
type Access = Pick<BindInput, 'readCredential' | 'directory'>;

/** The mechanism's listing, with HTTP clients that end with it. */
function discoverWith(
  stanza: Stanza,
  prometheus: Job<Stanza>['prometheus'],
  access: Access,
): Sharing['discover'] {
  return async function* (input) {
    await using clients = openHttpClients({ ...input, ...access });
    const { openHttp } = clients;
    const listed = yield* stanza.discover({ ...input, ...access, openHttp, prometheus });
    return withRequests(listed, clients);
  };
}

/** The listings of several stanzas, with HTTP clients that end with the last of them. */
function discoverTogetherWith(stanza: Stanza, access: Access): Sharing['discoverTogether'] {
  return (members, common) => {
    const clients = openHttpClients({ ...common, ...access });
    onAbort([common.signal], () => {
      Promise.resolve(clients[Symbol.asyncDispose]()).catch(() => undefined);
    });
    const shared = { ...access, openHttp: clients.openHttp };
    const given = members.map(({ sharing, input }) => ({
      stanza: sharing.stanza,
      input: { ...input, ...shared, prometheus: sharing.prometheus },
    }));
    const listings = stanza.discoverTogether?.(given, { ...common, ...shared }) ?? [];
    return listings.map((listing) => counted(listing, clients));
  };
}

async function* counted(listing: TargetListing, clients: HttpClients): TargetListing {
  return withRequests(yield* listing, clients);
}

/** Of several listings with the same clients each counts what no other has counted. */
function withRequests(listed: Listed | undefined, clients: HttpClients): Listed | undefined {
  const requests = clients.takeRequests();
  return requests === undefined ? listed : { ...listed, requests };
}

/** What the job's settings do to each group before it is published. */
function transformOf(job: Job<Stanza>): NonNullable<Provider['transform']> {
  if (job.relabel === 'publish') return (group, note) => relabelGroup(group, job, note);
  if (job.labels === 'all') return (group, note) => withoutBad(group, job, note);
  const reads = labelsReadBy(job.relabel_configs);
  return (found, note) => {
    const group = withoutBad(found, job, note);
    return {
      source: group.source,
      labels: pickLabels(group.labels, reads),
      targets: group.targets.map((target) => pickLabels(target, reads)),
    };
  };
}

/**
 * The group after the job's rules: targets that they drop are gone, and those that Prometheus would refuse to scrape;
 * so are labels that it sets by itself, that it would make nothing of, and the one without a name that a labelmap can
 * make, for which file_sd has no form.
 */
function relabelGroup(
  group: TargetGroup,
  { scrapeLabels, relabel_configs }: Job<Stanza>,
  note: NoteTarget,
): TargetGroup {
  const targets = group.targets
    .map((target) => relabel({ ...scrapeLabels, ...targetLabels(group, target) }, relabel_configs))
    .filter((labels) => labels !== undefined)
    .filter((labels) => {
      const address = labels[addressLabel];
      if (address === undefined) note('addressless', '');
      else if (isBadAddress(labels)) note('refused', address);
      else return true;
      return false;
    })
    .map((labels) =>
      pickLabels(
        labels,
        (label) => label !== '' && outlivesRules(label) && labels[label] !== scrapeLabels[label],
      ),
    );
  return { source: group.source, labels: {}, targets };
}

/**
 * The group without the targets whose address is bad and stays so under the job's rules. Where no rules are here they
 * may stand in prometheus.yml, as those of a blackbox exporter do: then the target stays.
 */
function withoutBad(
  group: TargetGroup,
  { scrapeLabels, relabel_configs }: Job<Stanza>,
  note: NoteTarget,
): TargetGroup {
  if (!isBadAddress(group.labels) && !group.targets.some(isBadAddress)) return group;
  const targets = group.targets.filter((target) => {
    const labels = targetLabels(group, target);
    if (!isBadAddress(labels)) return true;
    const address = labels[addressLabel] ?? '';
    if (relabel_configs.length === 0) {
      note('bad', address);
      return true;
    }
    const after = relabel({ ...scrapeLabels, ...labels }, relabel_configs);
    // One that the rules drop does no harm in Prometheus, whose own rules may be others by now.
    if (after === undefined || !isBadAddress(after)) return true;
    note('refused', address);
    return false;
  });
  return { ...group, targets };
}

/**
 * Of several providers those that were asked for. Throws (kind `config`) when none is left, and says which there are,
 * and where.
 */
export function selectProviders<P extends ProviderId>(
  providers: readonly P[],
  { job, provider }: { readonly job?: string | undefined; readonly provider?: string | undefined },
  place = 'configuration',
): readonly P[] {
  const selected = providers.filter(
    (one) => (job === undefined || one.job === job) && (provider === undefined || one.provider === provider),
  );
  if (selected.length > 0 || (job === undefined && provider === undefined)) return selected;
  const wanted =
    provider === undefined ? `job ${job}` : `provider ${job === undefined ? '' : `${job}/`}${provider}`;
  const names = providers.map((one) => `${one.job}/${one.provider}`).slice(0, 10);
  throw new MusterError('config', `no ${wanted} in the ${place}; it has ${names.join(', ') || 'none'}`);
}

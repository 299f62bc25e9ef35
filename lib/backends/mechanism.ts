import * as z from 'zod';
import { MusterError } from '../base/errors.ts';
import { isMapping, scalarText } from '../config/fields.ts';
import type { HttpClientConfig } from '../config/http-client.ts';
import type { ReadStanza, StanzaReader } from '../config/muster-config.ts';
import { mechanismsSince } from '../config/prometheus-keys.ts';
import { hasSince, type NewerKey, type PrometheusVersion } from '../config/prometheus-version.ts';
import type { ReadCredential } from '../config/secret.ts';
import { withShape } from '../config/shape.ts';
import type { HttpClient } from '../http/client.ts';
import type { DiscoverInput, Listed } from '../targets/discover.ts';
import { pickLabels, type TargetGroup } from '../targets/group.ts';
import { isProviderName } from '../targets/keys.ts';
import { digestIdentity, identityOf } from './identity.ts';

/** The input of one listing, besides the mechanism's configuration. */
export interface MechanismInput extends DiscoverInput {
  /** Opens a client with these options. The caller closes it when the listing ends. */
  readonly openHttp: (config: HttpClientConfig, options?: OpenHttpOptions) => Promise<HttpClient>;
  /** Reads a credential that does not belong to the HTTP client. */
  readonly readCredential: ReadCredential;
  /** Folder that relative paths of the configuration start from. Default: the working directory. */
  readonly directory?: string;
  /** Logs something odd that does not spoil the listing. */
  readonly warn: (message: string) => void;
  /** The version of Prometheus whose targets are wanted. Default: the newest. */
  readonly prometheus?: PrometheusVersion | undefined;
}

interface OpenHttpOptions {
  /** Path of a Unix socket that takes every request; the host of a URL is then ignored. */
  readonly unixSocket?: string | undefined;
}

/** Labels, and the version of Prometheus that added each. A name that ends in `_` is a prefix. */
export type LabelsSince = Readonly<Record<string, PrometheusVersion>>;

/** The keys that every SD config has. */
export interface SdConfig {
  /** Milliseconds between two cycles. */
  readonly refresh_interval: number;
  readonly muster?: { readonly name?: string | undefined } | undefined;
}

/**
 * A backend: how it reads its stanza and how it lists its targets. A new one is a folder in `lib/backends/` that
 * exports such a value, and an entry in the registry.
 */
export interface Mechanism<Config extends SdConfig = SdConfig> {
  /** First part of its providers' names, as in `consul-0`. */
  readonly name: string;
  /** Key of its SD configs in a scrape config, as in `consul_sd_configs`. */
  readonly configKey: string;
  /** One SD config, with Prometheus's keys, defaults and checks. */
  readonly schema: z.ZodType<Config>;
  /**
   * Its own keys that change how it lists, not what, such as `muster.page_size`. A new value of one keeps the provider.
   * All other keys that differ from their default identify the provider.
   */
  readonly incidental?: readonly string[];
  /** Labels that Prometheus added after 3.5. They are left out where an older version is wanted. */
  readonly labelsSince?: LabelsSince;
  /** The keys of a stanza that Prometheus added after 3.5. */
  readonly newerKeys?: (config: Config) => readonly NewerKey[];
  /**
   * Keys in which the stanzas of one group may differ: what is listed, not who is asked and how. Providers of a group
   * are listed at the same time. Absent: only equal stanzas are a group.
   */
  readonly differing?: readonly string[];
  /** The backend server, without credentials. The gate judges providers with the same server together. */
  readonly server: (config: Config) => string;
  /** Lists all target groups; see `Discover`. */
  readonly discover: (config: Config, input: MechanismInput) => TargetListing;
  /**
   * Lists for several stanzas of one group at the same time, each as `discover` does by itself, so that what more than
   * one needs is asked for once. The signal of `common` fires when the listings of all have ended, its deadline is the
   * last.
   */
  readonly discoverTogether?: (
    members: readonly GroupMember<Config>[],
    common: MechanismInput,
  ) => readonly TargetListing[];
}

/** A listing of target groups under way; see `Discover`. */
export type TargetListing = AsyncGenerator<readonly TargetGroup[], Listed | undefined>;

/** One of several stanzas that are listed together. */
export interface GroupMember<Config> {
  readonly config: Config;
  readonly input: MechanismInput;
}

/** One SD config and its listing, without the mechanism's own types. */
export interface Stanza {
  readonly config: SdConfig;
  /** Digest of the keys that select the listing, 32 hexadecimal digits. Position and credentials do not count. */
  readonly identity: string;
  /** The backend server, without credentials. */
  readonly server: string;
  /** Names what is written, credentials included: two with the same list the same. */
  readonly written: string;
  /** Names the part of it in which the stanzas of one group are the same. */
  readonly group: string;
  readonly discover: (input: MechanismInput) => TargetListing;
  /** As of the mechanism: this one and others of its group. Absent if nothing but equal stanzas share a listing. */
  readonly discoverTogether?: (
    members: readonly { readonly stanza: Stanza; readonly input: MechanismInput }[],
    common: MechanismInput,
  ) => readonly TargetListing[];
}

/**
 * The mechanism as the configuration reads it: its schema yields a stanza that is ready to list. A stanza of another
 * mechanism is a fault of Muster's own (kind `internal`).
 */
export function bindMechanism<Config extends SdConfig>(mechanism: Mechanism<Config>): StanzaReader<Stanza> {
  const { name: mechanismName, configKey, schema, incidental = [], server, newerKeys } = mechanism;
  const differing = new Set(mechanism.differing);
  const since = mechanismsSince[mechanismName];
  const configs = new WeakMap<Stanza, Config>();
  const configOf = (stanza: Stanza): Config => {
    const config = configs.get(stanza);
    if (config === undefined) throw new MusterError('internal', `a stanza is not one of ${mechanismName}`);
    return config;
  };
  const bound = withShape(z.unknown(), { reads: [schema] }).transform(
    (input, context): ReadStanza<Stanza> => {
      const parsed = schema.safeParse(input, { jitless: true });
      if (!parsed.success) {
        context.issues.push(...parsed.error.issues.map((issue) => ({ ...issue, input: undefined })));
        return z.NEVER;
      }
      const config = parsed.data;
      const name = config.muster?.name;
      if (name !== undefined && !isProviderName(name, mechanismName)) {
        const message = `must be ${mechanismName}- followed by lower-case letters, digits and -, as in ${mechanismName}-eu`;
        context.addIssue({ code: 'custom', path: ['muster', 'name'], message });
      }
      const identity = digestIdentity(identityOf(input, { mechanism: mechanismName, schema, incidental }));
      const written = digestWritten(input);
      const isCommon = ([key]: readonly [string, unknown]) => !differing.has(key);
      const group =
        isMapping(input) && differing.size > 0
          ? Object.fromEntries(Object.entries(input).filter(isCommon))
          : input;
      const stanza: Stanza = {
        config,
        identity,
        server: server(config),
        written,
        group: group === input ? written : digestWritten(group),
        discover: (given) => discoverAs(mechanism, config, given),
        ...(mechanism.discoverTogether && {
          discoverTogether: (members, common) =>
            togetherAs(
              mechanism,
              members.map((member) => ({ config: configOf(member.stanza), input: member.input })),
              common,
            ),
        }),
      };
      configs.set(stanza, config);
      return {
        identity,
        written,
        stanza,
        name,
        newer: [...(since === undefined ? [] : [{ path: [], since }]), ...(newerKeys?.(config) ?? [])],
      };
    },
  );
  return { name: mechanismName, configKey, schema: bound };
}

function digestWritten(input: unknown): string {
  return digestIdentity({ written: JSON.stringify(asWritten(input)) });
}

/** The stanza with its scalars as written and its keys in order: equal stanzas give equal values, secrets included. */
function asWritten(input: unknown): unknown {
  if (Array.isArray(input)) return input.map(asWritten);
  if (!isMapping(input)) return scalarText(input) ?? null;
  const entries = Object.entries(input).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, value]) => [key, asWritten(value)]);
}

/** The mechanism's listing, with only the labels that the wanted version of Prometheus has. Throws what it throws. */
export function discoverAs<Config extends SdConfig>(
  { discover, labelsSince }: Mechanism<Config>,
  config: Config,
  input: MechanismInput,
): TargetListing {
  return withLabelsOf(input.prometheus, labelsSince, discover(config, input));
}

function togetherAs<Config extends SdConfig>(
  { discoverTogether, labelsSince }: Mechanism<Config>,
  members: readonly GroupMember<Config>[],
  common: MechanismInput,
): readonly TargetListing[] {
  const listings = discoverTogether?.(members, common) ?? [];
  return listings.map((listing, index) =>
    withLabelsOf(members[index]?.input.prometheus, labelsSince, listing),
  );
}

/** The listing without the labels that came after a version of Prometheus. */
function withLabelsOf(
  version: PrometheusVersion | undefined,
  labelsSince: LabelsSince = {},
  listing: TargetListing,
): TargetListing {
  const newer = Object.entries(labelsSince).flatMap(([label, since]) =>
    hasSince(version, since) ? [] : [label],
  );
  if (newer.length === 0) return listing;
  const names = new Set(newer);
  const prefixes = newer.filter((label) => label.endsWith('_'));
  // It is asked for every label of every target.
  const isOlder = (name: string) => !names.has(name) && !prefixes.some((prefix) => name.startsWith(prefix));
  return pickEach(listing, isOlder);
}

async function* pickEach(listing: TargetListing, isWanted: (name: string) => boolean): TargetListing {
  try {
    for (;;) {
      const next = await listing.next();
      if (next.done) return next.value;
      yield next.value.map(({ source, labels, targets }) => ({
        source,
        labels: pickLabels(labels, isWanted),
        targets: targets.map((target) => pickLabels(target, isWanted)),
      }));
    }
  } finally {
    await listing.return(undefined);
  }
}

/** The servers of one cluster as one name, in any order: sorted, joined by commas. */
export function serverNames(servers: readonly string[]): string {
  return [...new Set(servers)].sort().join(',');
}

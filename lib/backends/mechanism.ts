import * as z from 'zod';
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

/** What a mechanism is given for one listing, beside its configuration. */
export interface MechanismInput extends DiscoverInput {
  /** A client for the given options; it is closed when the listing ends. */
  readonly openHttp: (config: HttpClientConfig, options?: OpenHttpOptions) => Promise<HttpClient>;
  /** The text of a credential that is not the HTTP client's. */
  readonly readCredential: ReadCredential;
  /** Folder that relative paths of the configuration start from; absent, the working directory. */
  readonly directory?: string;
  /** Tells the operator of something odd that does not spoil the listing. */
  readonly warn: (message: string) => void;
  /** The Prometheus whose targets are wanted; absent, the newest. */
  readonly prometheus?: PrometheusVersion | undefined;
}

interface OpenHttpOptions {
  /** Path of a Unix socket to which every request goes, whatever its URL's host. */
  readonly unixSocket?: string;
}

/** Labels and the Prometheus versions in which they appeared. A name that ends in `_` begins the names of many. */
export type LabelsSince = Readonly<Record<string, PrometheusVersion>>;

/** What every SD config has, whatever its mechanism. */
export interface SdConfig {
  /** Milliseconds between two cycles. */
  readonly refresh_interval: number;
  readonly muster?: { readonly name?: string | undefined } | undefined;
}

/**
 * A backend: how its stanza is read and how its targets are listed. Adding one is a folder under `lib/backends/`
 * that exports such a value, and a line in the registry.
 */
export interface Mechanism<Config extends SdConfig = SdConfig> {
  /** Names its providers, as in `consul-0`. */
  readonly name: string;
  /** Key of its SD configs in a scrape config, as in `consul_sd_configs`. */
  readonly configKey: string;
  /** One SD config, with Prometheus's keys, defaults and checks. */
  readonly schema: z.ZodType<Config>;
  /**
   * Keys of its own that say how is listed, not what, as in `muster.page_size`: another value is no other provider. All
   * other keys that differ from their default identify the provider.
   */
  readonly incidental?: readonly string[];
  /** Labels that came after Prometheus 3.5. They are left out where an older version is wanted. */
  readonly labelsSince?: LabelsSince;
  /** The keys of a stanza that came after Prometheus 3.5. */
  readonly newerKeys?: (config: Config) => readonly NewerKey[];
  /**
   * Keys in which the stanzas of one group may differ: what is listed, not who is asked and how. Providers of a group
   * are listed at the same time. Absent: only equal stanzas are a group.
   */
  readonly differing?: readonly string[];
  /** The backend server that is asked, for people: no credentials in it. Providers with the same one fall together. */
  readonly server: (config: Config) => string;
  /** Lists all target groups; see `Discover`. */
  readonly discover: (
    config: Config,
    input: MechanismInput,
  ) => AsyncGenerator<readonly TargetGroup[], Listed | undefined>;
}

/** One SD config together with the listing it configures: whoever runs it need not know the mechanism's types. */
export interface Stanza {
  readonly config: SdConfig;
  /** Digest of what selects the listing, whatever the stanza's place and its credentials' values; 32 hex digits. */
  readonly identity: string;
  /** The backend server that is asked. */
  readonly server: string;
  /** Names what is written, credentials included: two with the same list the same. */
  readonly written: string;
  /** Names the part of it in which the stanzas of one group are the same. */
  readonly group: string;
  readonly discover: (input: MechanismInput) => AsyncGenerator<readonly TargetGroup[], Listed | undefined>;
}

/** The mechanism as the configuration reads it, and as the registry keeps it beside others. */
export function bindMechanism<Config extends SdConfig>(mechanism: Mechanism<Config>): StanzaReader<Stanza> {
  const { name: mechanismName, configKey, schema, incidental = [], server, newerKeys } = mechanism;
  const differing = new Set(mechanism.differing);
  const since = mechanismsSince[mechanismName];
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
        const message = `must be ${mechanismName}- and small letters, digits and -, as in ${mechanismName}-eu`;
        context.addIssue({ code: 'custom', path: ['muster', 'name'], message });
      }
      const identity = digestIdentity(identityOf(input, { mechanism: mechanismName, schema, incidental }));
      const written = digestWritten(input);
      const isCommon = ([key]: readonly [string, unknown]) => !differing.has(key);
      const group =
        isMapping(input) && differing.size > 0
          ? Object.fromEntries(Object.entries(input).filter(isCommon))
          : input;
      return {
        identity,
        written,
        name,
        newer: [...(since === undefined ? [] : [{ path: [], since }]), ...(newerKeys?.(config) ?? [])],
        stanza: {
          config,
          identity,
          server: server(config),
          written,
          group: group === input ? written : digestWritten(group),
          discover: (given) => discoverAs(mechanism, config, given),
        },
      };
    },
  );
  return { name: mechanismName, configKey, schema: bound };
}

function digestWritten(input: unknown): string {
  return digestIdentity({ written: JSON.stringify(asWritten(input)) });
}

/** Scalars as they stand in the file, keys in order: two texts that say the same are equal, secrets included. */
function asWritten(input: unknown): unknown {
  if (Array.isArray(input)) return input.map(asWritten);
  if (!isMapping(input)) return scalarText(input) ?? null;
  const entries = Object.entries(input).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, value]) => [key, asWritten(value)]);
}

/** The mechanism's listing, with the labels of the wanted version of Prometheus alone. */
export async function* discoverAs<Config extends SdConfig>(
  { discover, labelsSince = {} }: Mechanism<Config>,
  config: Config,
  input: MechanismInput,
): AsyncGenerator<readonly TargetGroup[], Listed | undefined> {
  const newer = Object.entries(labelsSince).filter(([, since]) => !hasSince(input.prometheus, since));
  const listing = discover(config, input);
  if (newer.length === 0) return yield* listing;
  const isOlder = (name: string) =>
    !newer.some(([label]) => (label.endsWith('_') ? name.startsWith(label) : name === label));
  try {
    for (;;) {
      const next = await listing.next();
      if (next.done) return next.value;
      yield next.value.map(({ source, labels, targets }) => ({
        source,
        labels: pickLabels(labels, isOlder),
        targets: targets.map((target) => pickLabels(target, isOlder)),
      }));
    }
  } finally {
    await listing.return(undefined);
  }
}

/** Servers that stand in for one another, as one text, whatever their order. */
export function serverNames(servers: readonly string[]): string {
  return [...new Set(servers)].sort().join(',');
}

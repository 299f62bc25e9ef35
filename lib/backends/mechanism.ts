import * as z from 'zod';
import type { HttpClientConfig } from '../config/http-client.ts';
import type { ReadStanza, StanzaReader } from '../config/muster-config.ts';
import type { ReadCredential } from '../config/secret.ts';
import type { HttpClient } from '../http/client.ts';
import type { DiscoverInput, Listed } from '../targets/discover.ts';
import type { TargetGroup } from '../targets/group.ts';
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
}

interface OpenHttpOptions {
  /** Path of a Unix socket to which every request goes, whatever its URL's host. */
  readonly unixSocket?: string;
}

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
  readonly discover: (input: MechanismInput) => AsyncGenerator<readonly TargetGroup[], Listed | undefined>;
}

/** The mechanism as the configuration reads it, and as the registry keeps it beside others. */
export function bindMechanism<Config extends SdConfig>(mechanism: Mechanism<Config>): StanzaReader<Stanza> {
  const { name: mechanismName, configKey, schema, incidental = [], server, discover } = mechanism;
  const bound = z.unknown().transform((input, context): ReadStanza<Stanza> => {
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
    return {
      identity,
      ...(name !== undefined && { name }),
      stanza: { config, identity, server: server(config), discover: (given) => discover(config, given) },
    };
  });
  return { name: mechanismName, configKey, schema: bound };
}

/** Servers that stand in for one another, as one text, whatever their order. */
export function serverNames(servers: readonly string[]): string {
  return [...new Set(servers)].sort().join(',');
}

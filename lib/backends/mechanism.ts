import type { ZodType } from 'zod';
import type { HttpClientConfig } from '../config/http-client.ts';
import type { StanzaReader } from '../config/muster-config.ts';
import type { HttpClient } from '../http/client.ts';
import type { DiscoverInput, Listed } from '../target/discover.ts';
import type { TargetGroup } from '../target/group.ts';

/** What a mechanism is given for one listing, beside its configuration. */
export interface MechanismInput extends DiscoverInput {
  /** A client for the given options; it is closed when the listing ends. */
  readonly openHttp: (config: HttpClientConfig, options?: OpenHttpOptions) => Promise<HttpClient>;
  /** Folder that relative paths of the configuration start from; absent, the working directory. */
  readonly directory?: string;
  /** Tells the operator of something odd that does not spoil the listing. */
  readonly warn: (message: string) => void;
}

export interface OpenHttpOptions {
  /** Path of a Unix socket to which every request goes, whatever its URL's host. */
  readonly unixSocket?: string;
}

/** What every SD config has, whatever its mechanism. */
export interface SdConfig {
  /** Milliseconds between two cycles. */
  readonly refresh_interval: number;
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
  readonly schema: ZodType<Config>;
  /** Lists all target groups; see `Discover`. */
  readonly discover: (
    config: Config,
    input: MechanismInput,
  ) => AsyncGenerator<readonly TargetGroup[], Listed | undefined>;
}

/** One SD config together with the listing it configures: whoever runs it need not know the mechanism's types. */
export interface Stanza {
  readonly config: SdConfig;
  readonly discover: (input: MechanismInput) => AsyncGenerator<readonly TargetGroup[], Listed | undefined>;
}

/** The mechanism as the configuration reads it, and as the registry keeps it beside others. */
export function bindMechanism<Config extends SdConfig>(mechanism: Mechanism<Config>): StanzaReader<Stanza> {
  const { name, configKey, schema, discover } = mechanism;
  const bound = schema.transform(
    (config): Stanza => ({ config, discover: (input) => discover(config, input) }),
  );
  return { name, configKey, schema: bound };
}

import * as z from 'zod';
import { bindMechanism, type Mechanism, type SdConfig, type Stanza } from '../backends/mechanism.ts';
import { MusterError } from '../base/errors.ts';
import { parseConfig } from '../config/load.ts';
import type { MusterConfig, NamedOutput, ReadStanza, StanzaReader } from '../config/muster-config.ts';
import { mechanismKeys, stayingKeys } from '../config/prometheus-keys.ts';
import type { RetireRules } from '../cycle/leaving.ts';
import { type AppProvider, type BindInput, bindProviders } from '../run/providers.ts';
import { retireRulesOf } from '../run/retire-rules.ts';
import { parseStoreUrl, type StoreLocation, s3Url } from '../store/url.ts';
import { isProviderName, type ProviderId } from '../targets/keys.ts';

/** What every function needs to know about a configuration. */
export interface FunctionConfig {
  /** Whether it has no provider of any mechanism, and no kube-state output. */
  readonly isEmpty: boolean;
}

/** The part of a configuration that concerns the function of one mechanism. */
export interface BackendConfig extends FunctionConfig {
  /** The providers of its mechanism. */
  readonly providers: readonly AppProvider[];
  /** The providers of all mechanisms. Which ones left the configuration depends on all. */
  readonly configured: readonly ProviderId[];
  readonly retireRules: RetireRules;
  readonly owner: string | undefined;
}

/** The input for reading the configuration of a function. */
export interface ReadConfigInput extends BindInput {
  /** Names the file in messages. */
  readonly origin: string;
  /** URL of the store that the function writes to. */
  readonly store: string;
}

/**
 * Reads a configuration for one mechanism. The stanzas of other mechanisms are counted but not parsed: a mistake in one
 * of them stops its own function only. Throws a ConfigError, also if the file names another store.
 */
export function readFunctionConfig<Config extends SdConfig>(
  text: string,
  mechanism: Mechanism<Config>,
  input: ReadConfigInput,
): BackendConfig {
  const own = { mechanisms: [bindMechanism(mechanism)], kubeState: z.looseObject({ name: z.string() }) };
  const { config, configured, isEmpty } = parseOwn(text, own, input);
  const providers = bindProviders(onlyOf(mechanism.name, config), input);
  return { providers, configured, isEmpty, retireRules: retireRulesOf(config), owner: config.owner };
}

/** A configuration whose own parts a function has read. */
export interface OwnConfig<Own, KubeState extends NamedOutput> extends FunctionConfig {
  readonly config: MusterConfig<Own | undefined, KubeState>;
  /** All providers. */
  readonly configured: readonly ProviderId[];
}

/**
 * Parses a configuration with these readers, and takes the stanzas of all other mechanisms as they are. Throws a
 * `ConfigError`, and kind `config` if the configuration names another store than the functions.
 */
export function parseOwn<Own, KubeState extends NamedOutput>(
  text: string,
  own: { readonly mechanisms: readonly StanzaReader<Own>[]; readonly kubeState: z.ZodType<KubeState> },
  { origin, store, directory }: Pick<ReadConfigInput, 'origin' | 'store' | 'directory'>,
): OwnConfig<Own, KubeState> {
  const { mechanisms, kubeState } = own;
  const others = otherMechanisms(mechanisms.map(({ configKey }) => configKey));
  const config = parseConfig<Own | undefined, KubeState>(text, {
    ...{ origin, directory, kubeState },
    mechanisms: [...mechanisms, ...others],
    readForeign: (name) => otherMechanism(`${name}_sd_configs`),
  });
  checkStore(config.store, origin, store);
  const configured = config.jobs.flatMap(({ name: job, providers }) =>
    providers.map(({ name: provider }) => ({ job, provider })),
  );
  return { config, configured, isEmpty: configured.length === 0 && config.kube_state_metrics.length === 0 };
}

/** Mechanisms whose stanzas are taken as they are, except for the names that they give. */
function otherMechanisms(ownKeys: readonly string[]): readonly StanzaReader<undefined>[] {
  return [...stayingKeys, ...mechanismKeys].filter((key) => !ownKeys.includes(key)).map(otherMechanism);
}

function otherMechanism(configKey: string): StanzaReader<undefined> {
  const mechanism = configKey.replace(/(?:_sd)?_configs$/, '');
  const schema = z.unknown().transform((stanza): ReadStanza<undefined> => {
    const name = withName.safeParse(stanza).data?.muster.name;
    const isName = name !== undefined && isProviderName(name, mechanism);
    return { stanza: undefined, ...(isName && { name }) };
  });
  return { name: mechanism, configKey, schema };
}

const withName = z.object({ muster: z.object({ name: z.string() }) });

function onlyOf(
  mechanism: string,
  config: MusterConfig<Stanza | undefined, NamedOutput>,
): MusterConfig<Stanza> {
  const jobs = config.jobs.map((job) => ({
    ...job,
    providers: job.providers.flatMap(({ stanza, ...provider }) =>
      provider.mechanism === mechanism && stanza !== undefined ? [{ ...provider, stanza }] : [],
    ),
  }));
  return { ...config, jobs, kube_state_metrics: [] };
}

/** A file without a store, or with a folder for use on one machine, leaves the choice to the deployment. */
function checkStore(configured: StoreLocation, origin: string, store: string): void {
  if (configured.kind === 'file') return;
  const url = s3Url(configured);
  const own = parseStoreUrl(store);
  if (own.kind === 's3' && url === s3Url(own)) return;
  throw new MusterError(
    'config',
    `${origin}: store is ${url}, but these functions write to ${store}: name that one, or deploy with the other`,
  );
}

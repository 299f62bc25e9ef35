import * as z from 'zod';
import { bindMechanism, type Mechanism, type SdConfig, type Stanza } from '../../backends/mechanism.ts';
import { parseConfig } from '../../config/load.ts';
import type { MusterConfig, StanzaReader, StoreConfig } from '../../config/muster-config.ts';
import { mechanismKeys } from '../../config/prometheus-keys.ts';
import { MusterError } from '../../errors.ts';
import type { ProviderId } from '../../target/names.ts';
import { type AppProvider, type BindInput, bindProviders } from '../providers.ts';

/** A configuration as the function of one mechanism sees it. */
export interface FunctionConfig {
  /** The providers of its mechanism. */
  readonly providers: readonly AppProvider[];
  /** Those of all mechanisms: whether the file is empty, and who has left it, depends on them all. */
  readonly configured: readonly ProviderId[];
}

export interface ReadConfigInput extends BindInput {
  /** Names the file in messages. */
  readonly origin: string;
  /** URL of the store that the function writes to. */
  readonly store: string;
}

/**
 * Reads a configuration for one mechanism. The stanzas of other mechanisms are counted but not looked into: a mistake
 * in one of them stops its own function only. Throws a ConfigError, also where the file names another store.
 */
export function readFunctionConfig<Config extends SdConfig>(
  text: string,
  mechanism: Mechanism<Config>,
  { origin, store, ...input }: ReadConfigInput,
): FunctionConfig {
  const config = parseConfig(text, {
    origin,
    mechanisms: [bindMechanism(mechanism), ...otherMechanisms(mechanism.configKey)],
    kubeState: z.looseObject({ name: z.string() }),
    directory: input.directory,
  });
  checkStore(config.store, origin, store);
  const configured = config.jobs.flatMap(({ name: job, providers }) =>
    providers.map(({ name: provider }) => ({ job, provider })),
  );
  return { providers: bindProviders(onlyOf(mechanism.name, config), input), configured };
}

/** Mechanisms whose stanzas are taken as they are. */
function otherMechanisms(ownKey: string): readonly StanzaReader<undefined>[] {
  return mechanismKeys
    .filter((key) => key !== ownKey)
    .map((configKey) => ({
      name: configKey.replace(/_sd_configs$/, ''),
      configKey,
      schema: z.unknown().transform(() => undefined),
    }));
}

function onlyOf(
  mechanism: string,
  config: MusterConfig<Stanza | undefined, { readonly name: string }>,
): MusterConfig<Stanza> {
  const jobs = config.jobs.map((job) => ({
    ...job,
    providers: job.providers.flatMap(({ stanza, ...provider }) =>
      provider.mechanism === mechanism && stanza !== undefined ? [{ ...provider, stanza }] : [],
    ),
  }));
  return { store: config.store, jobs, kube_state_metrics: [] };
}

/** A file without a store, or with a folder for use on one machine, leaves the choice to the deployment. */
function checkStore(configured: StoreConfig, origin: string, store: string): void {
  if (configured.kind === 'file') return;
  const { bucket, prefix } = configured;
  const url = `s3://${bucket}${prefix && `/${prefix}`}`;
  if (url === store.replace(/\/+$/, '')) return;
  throw new MusterError(
    'config',
    `${origin}: store is ${url}, but these functions write to ${store}: name that one, or deploy with the other`,
  );
}

import { mechanisms } from '../backends/registry.ts';
import { createCredentialReader } from '../config/credentials.ts';
import { loadConfig } from '../config/load.ts';
import type { StoreConfig } from '../config/muster-config.ts';
import { isMusterError, MusterError } from '../errors.ts';
import { kubeStateConfig } from '../kubestate/options.ts';
import type { ObjectStore } from '../store/store.ts';
import type { Logger } from '../telemetry/log.ts';
import { createAwsSecrets } from './aws-secrets.ts';
import { bindOutputs, type KubeStateOutput } from './kube-state/outputs.ts';
import { type AppProvider, bindProviders } from './providers.ts';
import { openConfiguredStore, readS3Text } from './store.ts';

/** What an app is given of the world. */
export interface AppInput {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
}

/** A configuration, ready to be run. */
export interface AppConfig {
  readonly providers: readonly AppProvider[];
  readonly outputs: readonly KubeStateOutput[];
  /** Whether it has neither a provider nor an output. */
  readonly isEmpty: boolean;
  readonly storeConfig: StoreConfig;
  /** Folder that relative paths of the configuration start from. */
  readonly directory: string;
}

/** The same with its store open; whoever asked for it closes the store. */
export interface App extends AppConfig {
  readonly store: ObjectStore;
}

/**
 * Reads a configuration from a path or an `s3://` URL and binds its providers. Calls no backend. Throws kind `config`
 * for one that is wrong, missing or not to be read, and what the store throws when it can't be asked.
 */
export async function readApp(location: string, { env, log }: AppInput): Promise<AppConfig> {
  const { config, directory } = await readConfig(location);
  const readCredential = createCredentialReader({ directory, env, resolvers: createAwsSecrets() });
  const input = { readCredential, log, directory };
  const providers = bindProviders(config, input);
  const outputs = bindOutputs(config.kube_state_metrics, input);
  return {
    providers,
    outputs,
    isEmpty: providers.length === 0 && outputs.length === 0,
    storeConfig: config.store,
    directory,
  };
}

/** The same, and opens the store. */
export async function loadApp(location: string, input: AppInput): Promise<App> {
  const app = await readApp(location, input);
  return { ...app, store: openConfiguredStore(app.storeConfig) };
}

async function readConfig(location: string) {
  try {
    return await loadConfig({ location, mechanisms, kubeState: kubeStateConfig, readUrl: readS3Text });
  } catch (error) {
    const unreadable = (['not-found', 'denied', 'malformed', 'too-large'] as const).some((kind) =>
      isMusterError(error, kind),
    );
    if (!unreadable || !isMusterError(error)) throw error;
    throw new MusterError('config', error.message, { cause: error });
  }
}

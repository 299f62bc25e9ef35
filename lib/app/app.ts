import { mechanisms } from '../backends/registry.ts';
import { createCredentialReader } from '../config/credentials.ts';
import { loadConfig } from '../config/load.ts';
import type { RetireRules } from '../discovery/leaving.ts';
import { isMusterError, MusterError } from '../errors.ts';
import type { KubeStateConfig } from '../kubestate/options.ts';
import type { ObjectStore } from '../store/store.ts';
import type { StoreLocation } from '../store/url.ts';
import type { Logger } from '../telemetry/log.ts';
import { createAwsSecrets } from './aws-secrets.ts';
import type { KubeStateOutput } from './kube-state/outputs.ts';
import { type AppProvider, type BindInput, bindProviders } from './providers.ts';
import { retireRulesOf } from './retirement.ts';

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
  readonly retireRules: RetireRules;
  /** Whose the store is, where configured. */
  readonly owner: string | undefined;
  readonly storeConfig: StoreLocation;
  /** Folder that relative paths of the configuration start from. */
  readonly directory: string;
  /** SHA-256 of the text. */
  readonly digest: string;
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
  const { config, directory, digest } = await readConfig(location);
  const readCredential = createCredentialReader({ directory, env, resolvers: createAwsSecrets() });
  const input = { readCredential, log, directory };
  const providers = bindProviders(config, input);
  const outputs = await loadOutputs(config.kube_state_metrics, input);
  return {
    providers,
    outputs,
    isEmpty: providers.length === 0 && outputs.length === 0,
    retireRules: retireRulesOf(config),
    owner: config.owner,
    storeConfig: config.store,
    directory,
    digest,
  };
}

/** The same, and opens the store. */
export async function loadApp(location: string, input: AppInput): Promise<App> {
  const app = await readApp(location, input);
  const { openStore } = await import('../store/open.ts');
  return { ...app, store: openStore(app.storeConfig) };
}

/** What few configurations have is loaded for those alone. */
async function loadOutputs(configs: readonly KubeStateConfig[], input: BindInput) {
  if (configs.length === 0) return [];
  const { bindOutputs } = await import('./kube-state/outputs.ts');
  return bindOutputs(configs, input);
}

async function readConfig(location: string) {
  try {
    return await loadConfig({
      location,
      mechanisms,
      loadKubeState: async () => (await import('../kubestate/options.ts')).kubeStateConfig,
      readUrl: async (url, object) => (await import('./store.ts')).readObjectText(url, object),
    });
  } catch (error) {
    const unreadable = (['not-found', 'denied', 'malformed', 'too-large'] as const).some((kind) =>
      isMusterError(error, kind),
    );
    if (!unreadable || !isMusterError(error)) throw error;
    throw new MusterError('config', error.message, { cause: error });
  }
}

import { bindMechanism, type Stanza } from '../backends/mechanism.ts';
import { mechanisms } from '../backends/registry.ts';
import { heedSignals } from '../base/deadlines.ts';
import { isMusterError, MusterError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { FileJobs } from '../config/assemble.ts';
import { createCredentialReader } from '../config/credentials.ts';
import { loadConfig, loadStoreLocation } from '../config/load.ts';
import type { Job, LeftAlone } from '../config/muster-config.ts';
import { ConfigError } from '../config/problem.ts';
import type { RetireRules } from '../cycle/leaving.ts';
import type { KubeStateConfig } from '../kube-state/options.ts';
import type { KubeStateOutput } from '../kube-state/publish.ts';
import { openStore } from '../store/open.ts';
import type { ObjectStore } from '../store/store.ts';
import type { ObjectLocation, S3Location, StoreLocation } from '../store/url.ts';
import { createAwsSecrets } from './aws-secrets.ts';
import { type AppProvider, type BindInput, bindProviders } from './providers.ts';
import { retireRulesOf } from './retire-rules.ts';

/** What an app is given of the world. */
export interface AppInput {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  /** Ends the wait for a configuration on a disk or a pipe that hangs. */
  readonly signal?: AbortSignal | undefined;
  /** What Muster does not discover is wrong, also where the configuration does not say `strict`. */
  readonly strict?: boolean;
}

/** A configuration, ready to be run. */
export interface AppConfig {
  /** As they stand in the configuration. */
  readonly jobs: readonly Job<Stanza>[];
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
  /** SHA-256 of the text, and of those of its files. */
  readonly digest: string;
  /** The files of `scrape_config_files`, with their jobs. */
  readonly files: readonly FileJobs[];
  /** What Prometheus goes on to discover by itself. */
  readonly leftAlone: readonly LeftAlone[];
  /** Reads the texts again and says whether they are the same, which costs little. Throws as `readApp` does. */
  readonly isUnchanged: () => Promise<boolean>;
}

/** The same with its store open; the caller closes the store. */
export interface App extends AppConfig {
  readonly store: ObjectStore;
}

/**
 * Reads a configuration from a path or an `s3://` URL and binds its providers. Calls no backend. `before` are the files
 * that it had: one that is gone with a job is wrong. Throws kind `config` for a configuration that is wrong, missing or
 * not to be read, and what the store throws when it can't be asked.
 */
export async function readApp(
  location: string,
  { env, log, signal, strict = false }: AppInput,
  before: readonly FileJobs[] = [],
): Promise<AppConfig> {
  const signals = signal === undefined ? [] : [signal];
  const reading = readConfig(location, { strict, before });
  const during = `while ${location} was read`;
  const { config, directory, digest, files, isUnchanged } = await heedSignals(reading, signals, during);
  const readCredential = createCredentialReader({ directory, env, resolvers: createAwsSecrets() });
  const input = { readCredential, log, directory };
  const providers = bindProviders(config, input);
  const outputs = await loadOutputs(config.kube_state_metrics, input);
  return {
    jobs: config.jobs,
    providers,
    outputs,
    isEmpty: providers.length === 0 && outputs.length === 0,
    retireRules: retireRulesOf(config),
    owner: config.owner,
    storeConfig: config.store,
    directory,
    digest,
    files,
    leftAlone: config.leftAlone,
    isUnchanged: () => heedSignals(asConfigError(isUnchanged), signals, during),
  };
}

/** Reads the configuration and opens its store. Throws like `readApp`, and kind `config` for a wrong store. */
export async function loadApp(location: string, input: AppInput): Promise<App> {
  const app = await readApp(location, input);
  const { openStore } = await import('../store/open.ts');
  return { ...app, store: openStore(app.storeConfig) };
}

/** The input of commands that show a store, with or without a configuration. */
export interface StoreView {
  readonly store: ObjectStore;
  /** The providers and outputs that should be there; `undefined` if that is not known. */
  readonly configured: Pick<AppConfig, 'jobs' | 'providers' | 'outputs' | 'leftAlone'> | undefined;
  /** Why it is not known, where it should be. */
  readonly problem: MusterError | undefined;
}

/**
 * Opens the store of a URL, or of the configuration where none is given. A broken configuration names its store all the
 * same, as long as that can be read: just then somebody wants to look at it. Throws as `loadApp` otherwise.
 */
export async function openStoreView(
  { location, url }: { readonly location: string; readonly url: string | undefined },
  input: AppInput,
): Promise<StoreView> {
  const { openStore } = await import('../store/open.ts');
  if (url !== undefined) return { store: openStore(url), configured: undefined, problem: undefined };
  try {
    const app = await loadApp(location, input);
    return { store: app.store, configured: app, problem: undefined };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const where = await loadStoreLocation({ location, readUrl });
    if (where === undefined) throw error;
    return { store: openStore(where), configured: undefined, problem: error };
  }
}

const readUrl = async (url: string, object: ObjectLocation) =>
  (await import('./app.ts')).readObjectText(url, object);

/** What few configurations have is loaded for those alone. */
async function loadOutputs(configs: readonly KubeStateConfig[], input: BindInput) {
  if (configs.length === 0) return [];
  const { bindOutputs } = await import('./kube-state-outputs.ts');
  return bindOutputs(configs, input);
}

const listUrl = async (bucket: ObjectLocation['bucket'], folder: string) =>
  (await import('./app.ts')).listObjectKeys(bucket, folder);

async function readConfig(
  location: string,
  options: { readonly strict: boolean; readonly before: readonly FileJobs[] },
) {
  const load = () =>
    loadConfig({
      ...options,
      location,
      mechanisms,
      loadKubeState: async () => (await import('../kube-state/options.ts')).kubeStateConfig,
      loadBackend: async (path, directory) => {
        const { loadBackendFile } = await import('../backends/foreign.ts');
        return bindMechanism(await loadBackendFile(path, directory));
      },
      readUrl,
      listUrl,
    });
  return asConfigError(load);
}

/** A file that cannot be read is a configuration that is wrong. */
async function asConfigError<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const unreadable = (['not-found', 'denied', 'malformed', 'too-large'] as const).some((kind) =>
      isMusterError(error, kind),
    );
    if (!unreadable || !isMusterError(error)) throw error;
    throw new MusterError('config', error.message, { cause: error });
  }
}

/** Reads the text of an object. Throws kind `not-found`, `malformed`, or what the store throws. */
export async function readObjectText(url: string, { bucket, key }: ObjectLocation): Promise<string> {
  await using store = openStore(bucket);
  try {
    const found = await store.get(key, { maxBytes: 4 << 20 });
    if (found === undefined) throw new MusterError('not-found', `${url}: there is no such object`);
    return new TextDecoder('utf-8', { fatal: true }).decode(found.body);
  } catch (error) {
    if (error instanceof TypeError)
      throw new MusterError('malformed', `${url} is not UTF-8 text`, { cause: error });
    throw error;
  }
}

/** The keys below a folder of a bucket, which ends with `/` or is empty. Throws what the store throws. */
export async function listObjectKeys(bucket: S3Location, folder: string): Promise<readonly string[]> {
  await using store = openStore(bucket);
  return (await store.list(folder)).map(({ key }) => key);
}

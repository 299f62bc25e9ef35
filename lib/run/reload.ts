import { isDeepStrictEqual } from 'node:util';
import { toMusterError } from '../base/errors.ts';
import { formatLeftAlone } from '../config/prometheus-keys.ts';
import { resolveNames } from '../cycle/naming.ts';
import { checkOwnership } from '../cycle/ownership.ts';
import type { ObjectStore } from '../store/store.ts';
import { type AppConfig, type AppInput, readApp } from './app.ts';
import type { AppProvider } from './providers.ts';

/** Milliseconds between two looks at the configuration. */
const interval = 2000;

/** Share of the time for which a wrong configuration is read again and again at most: a large one takes a second. */
const mostOfTime = 0.1;

/** A configuration that is read again when its file changes. */
export interface ReloadingConfig {
  /** What is in force. */
  readonly current: () => Promise<AppConfig>;
  /** Why what the file says now is not in force; empty if it is. */
  readonly problem: () => string;
  /** When what is in force was taken over, in milliseconds of Unix time. */
  readonly loadedAt: () => number;
  /** What of the one in force is left to Prometheus, as `formatLeftAlone` says it. */
  readonly note: () => string;
  /** An operator's order: the next `current` reads it, and takes it over at the first look. */
  readonly reload: () => void;
}

/**
 * A configuration that may change while it is used. It is read again every other second, by a clock that nobody sets; a
 * change takes effect when two looks have read the same text, since an editor may be half done at the first. One that
 * cannot be read, is wrong, lost a file of `scrape_config_files` with a job, or names nothing at all leaves the last
 * good one in force, and is logged once. The store stays the one of the first configuration.
 */
export function reloadingConfig(
  location: string,
  first: AppConfig,
  input: AppInput,
  now: () => number = () => performance.now(),
): ReloadingConfig {
  let current = first;
  /** What the last look found, where that is not in force. */
  let seen: string | undefined;
  let readAt = now();
  let wait = interval;
  let said = '';
  let loadedAt = Date.now();
  let isOrdered = false;
  return {
    reload() {
      isOrdered = true;
      input.log.info('the configuration is read again', { config: location });
    },
    problem: () => said,
    note: () => formatLeftAlone(current.leftAlone),
    loadedAt: () => loadedAt,
    current: read,
  };

  async function read(): Promise<AppConfig> {
    const ordered = isOrdered;
    if (!ordered && now() - readAt < wait) return current;
    isOrdered = false;
    readAt = now();
    wait = interval;
    try {
      const isSame = await current.isUnchanged();
      take(isSame ? current : await readApp(location, input, current.files), ordered);
    } catch (error) {
      wait = Math.max(interval, (now() - readAt) / mostOfTime);
      seen = undefined;
      if (input.signal?.aborted !== true)
        say(`the last good configuration stays in force: ${toMusterError(error).message}`);
    }
    return current;
  }

  function take(app: AppConfig, ordered: boolean): void {
    const isChanged = app.digest !== current.digest;
    // Who gives the order is done with editing.
    const isSeenTwice = ordered || app.digest === seen;
    seen = isChanged ? app.digest : undefined;
    if (isChanged && !isSeenTwice) return;
    if (app.isEmpty && !current.isEmpty) {
      say('the last good configuration stays in force: the new one has no provider and no kube-state output');
      return;
    }
    const isSameStore = isDeepStrictEqual(app.storeConfig, first.storeConfig);
    say(isSameStore ? '' : 'the store changed: restart to use the new one');
    const counts = { providers: app.providers.length, outputs: app.outputs.length };
    if (isChanged) loadedAt = Date.now();
    if (isChanged) input.log.info('the new configuration is in force', { config: location, ...counts });
    current = app;
  }

  function say(message: string): void {
    if (message !== said && message !== '') input.log.error(message, { config: location });
    if (message !== said && message === '')
      input.log.info('the configuration is good again', { config: location });
    said = message;
  }
}

interface NamedInput {
  readonly store: ObjectStore;
  readonly signal: AbortSignal;
}

/** What of a configuration depends on the store. */
interface Nameable {
  readonly providers: readonly AppProvider[];
  readonly owner?: string | undefined;
}

/**
 * A configuration whose providers have the names under which the store knows them. The store is asked when what they
 * list has changed, and whether it belongs to this configuration, too. Throws as `checkOwnership` does.
 */
export function namedConfig<Config extends Nameable>(
  current: () => Promise<Config>,
  { store, signal }: NamedInput,
): () => Promise<Config> {
  let known: { readonly key: string; readonly names: readonly string[] } | undefined;
  let last: { readonly config: Config; readonly named: Config } | undefined;
  return async () => {
    const config = await current();
    if (last?.config === config) return last.named;
    const { providers, owner } = config;
    const key = JSON.stringify(providers.map(({ job, provider, identity }) => [job, provider, identity]));
    if (known?.key !== key) {
      await checkOwnership(providers, { store, signal, owner });
      const resolved = await resolveNames(providers, { store, signal });
      known = { key, names: resolved.map(({ provider }) => provider) };
    }
    const { names } = known;
    const named = {
      ...config,
      providers: providers.map((one, index) => ({ ...one, provider: names[index] ?? one.provider })),
    };
    last = { config, named };
    return named;
  };
}

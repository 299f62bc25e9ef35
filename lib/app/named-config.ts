import { resolveNames } from '../discovery/naming.ts';
import { checkOwnership } from '../discovery/ownership.ts';
import type { ObjectStore } from '../store/store.ts';
import type { AppProvider } from './providers.ts';

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
  return async () => {
    const config = await current();
    const { providers, owner } = config;
    const key = JSON.stringify(providers.map(({ job, provider, identity }) => [job, provider, identity]));
    if (known?.key !== key) {
      await checkOwnership(providers, { store, signal, owner });
      const resolved = await resolveNames(providers, { store, signal });
      known = { key, names: resolved.map(({ provider }) => provider) };
    }
    const { names } = known;
    return {
      ...config,
      providers: providers.map((one, index) => ({ ...one, provider: names[index] ?? one.provider })),
    };
  };
}

import * as z from 'zod';
import type { DocumentOptions } from './document.ts';
import { isMapping } from './fields.ts';
import type { NamedOutput, StanzaReader } from './muster-config.ts';

/** A mechanism by its key; the rest of it is loaded once a configuration has that key. */
export interface MechanismLoader<Stanza> extends Pick<StanzaReader<Stanza>, 'name' | 'configKey'> {
  readonly load: () => Promise<StanzaReader<Stanza>>;
}

export interface ReaderLoaders<Stanza, KubeState extends NamedOutput> {
  /** The mechanisms whose SD configs may stand in a scrape config. */
  readonly mechanisms: readonly MechanismLoader<Stanza>[];
  /** Loads the schema of an entry of `kube_state_metrics`; without it there may be none. */
  readonly loadKubeState?: () => Promise<z.ZodType<KubeState>>;
}

interface Sections {
  readonly scrape_configs?: unknown;
  readonly kube_state_metrics?: unknown;
}

/** Loads what it takes to read the document with this value, and nothing else: a command that starts is waited for. */
export async function loadReaders<Stanza, KubeState extends NamedOutput>(
  document: unknown,
  { mechanisms, loadKubeState }: ReaderLoaders<Stanza, KubeState>,
): Promise<Pick<DocumentOptions<Stanza, KubeState>, 'mechanisms' | 'kubeState'>> {
  const { scrape_configs: jobs, kube_state_metrics: outputs }: Sections = isMapping(document) ? document : {};
  const keys = new Set((Array.isArray(jobs) ? jobs : []).filter(isMapping).flatMap(Object.keys));
  const kubeState = outputs === undefined ? undefined : await loadKubeState?.();
  return {
    mechanisms: await Promise.all(
      mechanisms.map(({ name, configKey, load }) =>
        keys.has(configKey) ? load() : { name, configKey, schema: z.never() },
      ),
    ),
    kubeState,
  };
}

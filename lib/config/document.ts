import * as z from 'zod';
import { bool, duration, int, leaf, list } from './fields.ts';
import { builtInSettings, jobSettings, overrideSettings } from './job-settings.ts';
import type { MusterConfig, NamedOutput, StanzaReader } from './muster-config.ts';
import { globalKeys, nameScheme, withNameScheme } from './name-scheme.ts';
import { prometheusKeys } from './prometheus-keys.ts';
import { neededRules, publishableRules } from './publishable.ts';
import { isMapping } from './scalar.ts';
import { scrapeConfig, scrapeLabels } from './scrape.ts';
import { section } from './section.ts';
import { storeConfig } from './store-config.ts';
import { uniqueBy } from './unique.ts';

export interface DocumentOptions<Stanza, KubeState extends NamedOutput> {
  /** The mechanisms whose SD configs may stand in a scrape config. */
  readonly mechanisms: readonly StanzaReader<Stanza>[];
  /** One entry of `kube_state_metrics`; without it there may be none. */
  readonly kubeState?: z.ZodType<KubeState>;
  /** Folder that relative paths start from. */
  readonly directory: string;
  /** Names one job in the problem of another. Default: by its place in the list. */
  readonly nameJob?: (index: number, from: number) => string;
}

/** The whole of `muster.yml`. Prometheus's own top-level keys are left alone, so that a prometheus.yml pastes over. */
export function documentSchema<Stanza, KubeState extends NamedOutput = never>({
  mechanisms,
  kubeState,
  directory,
  nameJob,
}: DocumentOptions<Stanza, KubeState>) {
  const kubeStateEntry: z.ZodType<KubeState> =
    kubeState ?? z.never({ error: 'is not supported by this program' });
  return section(
    {
      global: globalKeys,
      scrape_configs: list(scrapeConfig(mechanisms)).check(
        uniqueBy('job_name', { caseAlone: 'jobs', caseMatters: mayHaveProviders, nameEntry: nameJob }),
      ),
      kube_state_metrics: list(kubeStateEntry).check(uniqueBy('name')),
      store: storeConfig(directory),
      strict: bool(false),
      owner: ownerName.optional(),
      journal: section({ keep: duration('90d'), min_versions: int({ min: 1 }, 100) }).prefault({}),
      defaults: jobSettings.prefault({}),
    },
    { ignored: prometheusKeys },
  )
    .check(publishableRules)
    .check(neededRules<Stanza>())
    .transform((document): Omit<MusterConfig<Stanza, KubeState>, 'leftAlone'> => {
      const { scrape_configs, kube_state_metrics, store, owner, journal, defaults, global } = document;
      const settings = overrideSettings(builtInSettings, defaults);
      const jobs = scrape_configs.map((config) => ({
        name: config.job_name,
        providers: config.providers,
        relabel_configs: withNameScheme(config.relabel_configs, nameScheme(config, global)),
        scrapeLabels: scrapeLabels(config),
        ...overrideSettings(settings, config.muster),
      }));
      return {
        store,
        ...(owner !== undefined && { owner }),
        defaults: settings,
        journal,
        jobs,
        kube_state_metrics,
      };
    });
}

const ownerName = leaf('a name of letters, digits, ., - and _, 100 at most', (source) =>
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(source) ? source : undefined,
);

/** Only jobs with providers have folders. */
function mayHaveProviders(job: unknown): boolean {
  return !(
    isMapping(job) &&
    'providers' in job &&
    Array.isArray(job.providers) &&
    job.providers.length === 0
  );
}

import { labelsReadByRules } from '../target/relabel.ts';
import type { RelabelConfig } from '../target/relabel-config.ts';
import type { JobSettings, Provider } from './muster-config.ts';
import { legacyProblem, type NameSchemeKeys, nameScheme } from './name-scheme.ts';
import { type ScrapeKeys, scrapeLabels } from './scrape.ts';
import { findings } from './section.ts';

interface Jobs {
  readonly scrape_configs: readonly ScrapeConfig[];
  readonly defaults: Relabel;
  readonly global: NameSchemeKeys;
}

interface ScrapeConfig extends ScrapeKeys, NameSchemeKeys {
  readonly relabel_configs: readonly RelabelConfig[];
  readonly muster: Relabel;
}

interface Relabel {
  readonly relabel?: JobSettings['relabel'] | undefined;
  readonly labels?: JobSettings['labels'] | undefined;
}

/** The condition that rules which run before the targets are published come out there as they would in Prometheus. */
export const publishableRules = findings<Jobs, keyof Jobs>(
  ['scrape_configs', 'defaults', 'global'],
  ({ scrape_configs, defaults, global }) =>
    scrape_configs.flatMap((job, index) => {
      if ((job.muster.relabel ?? defaults.relabel) !== 'publish') return [];
      const legacy = nameScheme(job, global) === 'legacy';
      return job.relabel_configs.flatMap((rule, place) => {
        const why = whyNot(rule, job);
        const message = why === undefined ? legacy && legacyProblem(rule) : `${why}: ${instead}`;
        const path = ['scrape_configs', index, 'relabel_configs', place];
        return message ? [{ path, message }] : [];
      });
    }),
);

/**
 * The condition that `labels: needed` knows the rules whose labels are needed: without any, each target would be
 * published with its address alone, and rules in prometheus.yml would drop them all.
 */
export function neededRules<Stanza>() {
  return findings<JobsWithProviders<Stanza>, keyof Jobs>(
    ['scrape_configs', 'defaults'],
    ({ scrape_configs, defaults }) =>
      scrape_configs.flatMap(({ muster, relabel_configs, providers }, index) => {
        const relabel = muster.relabel ?? defaults.relabel;
        const labels = muster.labels ?? defaults.labels;
        if (relabel === 'publish' || labels !== 'needed' || providers.length === 0) return [];
        const path = ['scrape_configs', index, 'muster', 'labels'];
        return relabel_configs.length > 0 ? [] : [{ path, message: noRules }];
      }),
  );
}

interface JobsWithProviders<Stanza> extends Jobs {
  readonly scrape_configs: readonly (ScrapeConfig & { readonly providers: readonly Provider<Stanza>[] })[];
}

const noRules =
  '"needed" needs the job\'s relabel_configs here: copy them from prometheus.yml, or publish "all" labels';

const instead = 'such rules must run there, with "relabel: prometheus"';

/** Labels whose values stand in Prometheus's own configuration, perhaps for all jobs at once. */
const prometheusOwn = [
  '__scrape_interval__',
  '__scrape_timeout__',
  '__convert_classic_histograms_to_nhcb__',
  '__always_scrape_classic_histograms__',
  '__scrape_native_histograms__',
];

function whyNot(rule: RelabelConfig, job: ScrapeKeys): string | undefined {
  const read = prometheusOwn.find(labelsReadByRules([rule]));
  if (read !== undefined) return `reads ${read}, which Prometheus alone knows`;
  const removed = Object.keys(scrapeLabels(job)).find((name) => removes(rule, name));
  return removed === undefined ? undefined : `removes ${removed}, which Prometheus would set again`;
}

/** Whether the rule is there to remove that label. Others may leave it empty, on some targets: that can't be foreseen. */
function removes({ action, regex, target_label, replacement }: RelabelConfig, name: string): boolean {
  switch (action) {
    case 'labeldrop':
      return regex.pattern.matches(name);
    case 'labelkeep':
      return !regex.pattern.matches(name);
    case 'replace':
      return target_label === name && replacement === '';
    default:
      return false;
  }
}

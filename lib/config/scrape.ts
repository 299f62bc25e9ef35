import * as z from 'zod';
import { isMusterError } from '../errors.ts';
import { type LabelSet, withoutEmpty } from '../target/group.ts';
import { encodeJob } from '../target/names.ts';
import { list, mapOf, nonEmptyText, stringList, text } from './fields.ts';
import { jobSettings } from './job-settings.ts';
import type { Provider, StanzaReader } from './muster-config.ts';
import { nameSchemeKey } from './name-scheme.ts';
import { mechanismKeys, scrapeKeys, stayingKeys } from './prometheus-keys.ts';
import { relabelConfigs } from './relabel.ts';
import { enumerate, section } from './section.ts';

/**
 * One entry of `scrape_configs`: what Muster reads of it, and its providers. Keys that concern the scrape alone are
 * left to Prometheus.
 */
export function scrapeConfig<Stanza>(mechanisms: readonly StanzaReader<Stanza>[]) {
  const configKeys = mechanisms.map(({ configKey }) => configKey);
  const job = section(
    {
      job_name: jobName(),
      relabel_configs: relabelConfigs,
      // Left to Prometheus as well, but its rules see them.
      scheme: text('http'),
      metrics_path: text('/metrics'),
      params: mapOf(stringList()),
      metric_name_validation_scheme: nameSchemeKey,
      muster: jobSettings.prefault({}),
    },
    { ignored: [...scrapeKeys, ...configKeys], hint: (key) => hintOnMechanism(key, configKeys) },
  );
  // An intersection refuses only the keys which both sides refuse: those that neither the job nor a mechanism has.
  return z.intersection(job, providersOf(mechanisms));
}

/** What Prometheus sets on a target where discovery has not. Source: prometheus/scrape, PopulateDiscoveredLabels. */
export function scrapeLabels({ job_name, scheme, metrics_path, params }: ScrapeKeys): LabelSet {
  const first = Object.entries(params).map(([name, [value = '']]) => [`__param_${name}`, value]);
  return withoutEmpty({
    job: job_name,
    __scheme__: scheme,
    __metrics_path__: metrics_path,
    ...Object.fromEntries(first),
  });
}

/** Keys of a scrape config that give its targets labels. */
export interface ScrapeKeys {
  readonly job_name: string;
  readonly scheme: string;
  readonly metrics_path: string;
  readonly params: Readonly<Record<string, readonly string[]>>;
}

/** The SD configs of all mechanisms, in the mechanisms' order. */
function providersOf<Stanza>(mechanisms: readonly StanzaReader<Stanza>[]) {
  const fields = Object.fromEntries(mechanisms.map(({ configKey, schema }) => [configKey, list(schema)]));
  return section(fields).transform((stanzas) => ({
    providers: mechanisms.flatMap(({ name, configKey }): readonly Provider<Stanza>[] =>
      (stanzas[configKey] ?? []).map((stanza, index) => ({
        name: `${name}-${index}`,
        mechanism: name,
        stanza,
      })),
    ),
  }));
}

function jobName() {
  return nonEmptyText().check(
    z.superRefine((name, context) => {
      try {
        encodeJob(name);
      } catch (error) {
        if (!isMusterError(error)) throw error;
        context.addIssue({ code: 'custom', message: 'is too long: 200 bytes at most, percent-encoded' });
      }
    }),
  );
}

function hintOnMechanism(key: string, supported: readonly string[]): string | undefined {
  if (stayingKeys.includes(key)) return 'stays in prometheus.yml: Prometheus reads these targets by itself';
  if (!mechanismKeys.includes(key)) return undefined;
  return `Muster has no backend for it; it has ${enumerate(supported)}`;
}

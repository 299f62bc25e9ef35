import * as z from 'zod';
import { isMusterError } from '../base/errors.ts';
import { type LabelSet, withoutEmpty } from '../targets/group.ts';
import { encodeJob } from '../targets/keys.ts';
import * as field from './fields.ts';
import type { JobSettings, Provider, ReadStanza, StanzaReader } from './muster-config.ts';
import { publishesAll, scrapeKeys, sdKeys, stayingKeys } from './prometheus-keys.ts';
import { prometheusVersion } from './prometheus-version.ts';
import { nameSchemeKey, relabelConfigs } from './relabel.ts';
import { rule, type SectionOf, section } from './section.ts';

/**
 * One entry of `scrape_configs`: what Muster reads of it, and its providers. Keys that concern only the scrape, and the
 * SD configs of other mechanisms, are left to Prometheus.
 */
export function scrapeConfig<Stanza>(mechanisms: readonly StanzaReader<Stanza>[]) {
  const configKeys = mechanisms.map(({ configKey }) => configKey);
  const job = section(
    {
      job_name: field.nonEmptyText(),
      relabel_configs: relabelConfigs,
      // Prometheus uses them, but the rules of the job see them too.
      scheme: field.text('http'),
      metrics_path: field.text('/metrics'),
      params: field.mapOf(field.stringList()),
      metric_name_validation_scheme: nameSchemeKey,
      muster: section({ ...fields, publish: field.oneOf(['all']).optional() }).prefault({}),
    },
    { ignored: [...scrapeKeys, ...sdKeys, ...configKeys] },
  );
  // An intersection refuses only the keys that both sides refuse: those that neither the job nor a mechanism has.
  return z.intersection(job, providersOf(mechanisms)).check(nameFits);
}

/**
 * Labels that Prometheus sets on a target if discovery has not. Source: prometheus/scrape, PopulateDiscoveredLabels.
 */
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
  const fields = Object.fromEntries(
    mechanisms.map(({ configKey, schema }) => [configKey, field.list(schema).check(namesUnique)]),
  );
  return z.preprocess(withoutStaying, section(fields)).transform((stanzas) => ({
    providers: mechanisms.flatMap(({ name, configKey }) =>
      named({ name, configKey }, stanzas[configKey] ?? []),
    ),
  }));
}

/** The job without the SD configs that are left to Prometheus unless the job asks for them. */
function withoutStaying(job: unknown): unknown {
  if (!field.isMapping(job) || publishesAll(job)) return job;
  return Object.fromEntries(Object.entries(job).filter(([key]) => !stayingKeys.includes(key)));
}

/** The condition that no two SD configs of a job have the same name. */
const namesUnique: z.core.$ZodCheck<readonly ReadStanza<unknown>[]> = z.superRefine((stanzas, context) => {
  for (const [index, { name }] of stanzas.entries()) {
    const namesake = name === undefined ? -1 : stanzas.findIndex((other) => other.name === name);
    if (namesake < 0 || namesake === index) continue;
    const message = `must be unique, [${namesake}] has the same`;
    context.addIssue({ code: 'custom', path: [index, 'muster', 'name'], message });
  }
});

/**
 * The providers of one mechanism. No other provider gets a name that the configuration gives. Equal SD configs are one
 * provider. SD configs that list the same from the same server, but differ in an inline credential for instance, are
 * told apart by their order.
 */
function named<Stanza>(
  { name: mechanism, configKey }: Pick<StanzaReader<Stanza>, 'name' | 'configKey'>,
  stanzas: readonly ReadStanza<Stanza>[],
): readonly Provider<Stanza>[] {
  const given = new Set(stanzas.map(({ name }) => name));
  const nameless = stanzas.filter(({ name }) => name === undefined);
  return stanzas.flatMap((one, index): readonly Provider<Stanza>[] => {
    const { name, stanza, written, identity, newer = [] } = one;
    const common = {
      ...{ mechanism, stanza },
      ...(newer.length > 0 && {
        newer: newer.map(({ path, since }) => ({ path: [configKey, index, ...path], since })),
      }),
    };
    if (name !== undefined) return [{ name, named: true, ...common }];
    const copies = nameless.filter((other) => written !== undefined && other.written === written);
    if (copies.length > 0 && copies[0] !== one) return [];
    let number = index;
    // In steps of their count, so that the number is not that of another SD config.
    while (given.has(`${mechanism}-${number}`)) number += stanzas.length;
    const before = stanzas.filter((other, place) => other.name !== undefined || place < index);
    const alike = before.filter((other) => other.identity === identity);
    const twins = new Set(alike.map((other) => other.written)).size;
    return [
      {
        ...{ name: `${mechanism}-${number}`, named: false, ...common },
        ...(copies.length > 1 && { copies: copies.length }),
        ...(identity !== undefined && twins > 0 && { twin: twins + 1 }),
      },
    ];
  });
}

/** A job without a provider has no folder, so it may have any name that Prometheus allows. */
const nameFits = rule<
  { readonly job_name: string; readonly providers?: readonly Provider<unknown>[] | undefined },
  'job_name' | 'providers'
>(['job_name', 'providers'], ({ job_name, providers }) => {
  // If an SD config is wrong, there are none yet.
  if (providers === undefined || providers.length === 0) return undefined;
  try {
    encodeJob(job_name);
    return undefined;
  } catch (error) {
    if (!isMusterError(error)) throw error;
    return 'is too long: 200 bytes at most, percent-encoded';
  }
});

/** The default settings of a job. */
export const builtInSettings: JobSettings = {
  guard: { max_removed: 0.5, min_targets: 10, confirm_after: 900_000, confirm_empty_after: 3_600_000 },
  relabel: 'prometheus',
  labels: 'all',
  shards: 'auto',
  retire_after: 900_000,
};

const guardFields = {
  max_removed: field.number({ min: 0, max: 1 }).optional(),
  min_targets: field.int({ min: 0 }).optional(),
  // In older files a number counted cycles.
  confirm_after: field
    .leaf('a duration such as 15m, not a number of cycles', longerThanZero, field.durationShape)
    .optional(),
  confirm_empty_after: field
    .leaf(
      'a duration such as 1h, or never',
      (source) => (source === 'never' ? source : longerThanZero(source)),
      { anyOf: [field.durationShape, { enum: ['never'] }] },
    )
    .optional(),
};

const partCount = /^\+?[1-9]\d{0,3}$/;

const fields = {
  guard: section(guardFields).prefault({}),
  relabel: field.oneOf(['prometheus', 'publish']).optional(),
  labels: field.oneOf(['all', 'needed']).optional(),
  shards: field
    .leaf(
      '"auto", or a whole number from 1 to 1000',
      (source) => (source === 'auto' ? source : wholeUpTo(source, 1000)),
      {
        anyOf: [
          { enum: ['auto'] },
          { type: ['integer', 'string'], pattern: partCount.source, minimum: 1, maximum: 1000 },
        ],
      },
    )
    .optional(),
  deadline: field.duration().optional(),
  retire_after: field.duration(undefined, { zero: true }).optional(),
  prometheus: prometheusVersion.optional(),
};

/** `defaults:` of the file, and most of `muster:` of a job. */
export const jobSettings = section(fields);

/** The settings, replaced by those that `over` configures. */
export function overrideSettings(settings: JobSettings, over: SectionOf<typeof fields>): JobSettings {
  const deadline = over.deadline ?? settings.deadline;
  const prometheus = over.prometheus ?? settings.prometheus;
  return {
    guard: {
      max_removed: over.guard.max_removed ?? settings.guard.max_removed,
      min_targets: over.guard.min_targets ?? settings.guard.min_targets,
      confirm_after: over.guard.confirm_after ?? settings.guard.confirm_after,
      confirm_empty_after: over.guard.confirm_empty_after ?? settings.guard.confirm_empty_after,
    },
    relabel: over.relabel ?? settings.relabel,
    labels: over.labels ?? settings.labels,
    shards: over.shards ?? settings.shards,
    retire_after: over.retire_after ?? settings.retire_after,
    deadline,
    prometheus,
  };
}

function wholeUpTo(source: string, most: number): number | undefined {
  const number = partCount.test(source) ? Number(source) : 0;
  return number >= 1 && number <= most ? number : undefined;
}

function longerThanZero(source: string): number | undefined {
  const milliseconds = field.parseDuration(source);
  return milliseconds === 0 ? undefined : milliseconds;
}

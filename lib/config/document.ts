import * as z from 'zod';
import { isMusterError } from '../base/errors.ts';
import { parseStoreUrl, type StoreLocation } from '../store/url.ts';
import { labelsReadByRules } from '../targets/relabel.ts';
import type { RelabelConfig } from '../targets/relabel-config.ts';
import * as field from './fields.ts';
import type { JobSettings, MusterConfig, NamedOutput, Provider, StanzaReader } from './muster-config.ts';
import { expected } from './problem.ts';
import { prometheusKeys } from './prometheus-keys.ts';
import { keysOfVersion } from './prometheus-version.ts';
import { globalKeys, legacyProblem, type NameSchemeKeys, nameScheme, withNameScheme } from './relabel.ts';
import {
  builtInSettings,
  jobSettings,
  overrideSettings,
  type ScrapeKeys,
  scrapeConfig,
  scrapeLabels,
} from './scrape.ts';
import { findings, rule, section } from './section.ts';
import { scalarShape, withShape } from './shape.ts';

/** The inputs of the schema of a `muster.yml`. */
export interface DocumentOptions<Stanza, KubeState extends NamedOutput> {
  /** The mechanisms whose SD configs a scrape config may have. */
  readonly mechanisms: readonly StanzaReader<Stanza>[];
  /** One entry of `kube_state_metrics`; without it there may be none. */
  readonly kubeState?: z.ZodType<KubeState> | undefined;
  /** Folder that relative paths start from. */
  readonly directory: string;
  /** The name of a job in the problem of another job. Default: its position in the list. */
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
      scrape_configs: field
        .list(scrapeConfig(mechanisms))
        .check(
          uniqueBy('job_name', { caseAlone: 'jobs', caseMatters: mayHaveProviders, nameEntry: nameJob }),
        ),
      kube_state_metrics: field.list(kubeStateEntry).check(uniqueBy('name')),
      store: storeConfig(directory),
      // Files with code. The program that reads the document has loaded them, or ignores them.
      backends: field.list(field.nonEmptyText()),
      strict: field.bool(false),
      owner: ownerName.optional(),
      journal: section({ keep: field.duration('90d'), min_versions: field.int({ min: 1 }, 100) }).prefault(
        {},
      ),
      defaults: jobSettings.prefault({}),
    },
    { ignored: prometheusKeys },
  )
    .check(publishableRules)
    .check(neededRules<Stanza>())
    .check(keysOfVersion)
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
        owner,
        defaults: settings,
        journal,
        jobs,
        kube_state_metrics,
      };
    });
}

const ownerName = field.leaf('a name of letters, digits, ., - and _, 100 at most', (source) =>
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(source) ? source : undefined,
);

/** Only jobs with providers have folders. */
function mayHaveProviders(job: unknown): boolean {
  return !(
    field.isMapping(job) &&
    'providers' in job &&
    Array.isArray(job.providers) &&
    job.providers.length === 0
  );
}

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

/** The condition that rules have the same result before publication as in Prometheus. */
const publishableRules = findings<Jobs, keyof Jobs>(
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
 * The condition that a job with `labels: needed` has rules: without any, each target would be published with its
 * address alone, and rules in prometheus.yml would drop them all.
 */
function neededRules<Stanza>() {
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

/** Labels whose values come from Prometheus's own configuration, perhaps for all jobs at once. */
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

/**
 * Whether the rule always removes that label. Other rules may leave it empty on some targets, which is unknown here.
 */
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

interface UniqueOptions {
  /** What the entries are, if names must differ in more than the case of letters: some disks ignore case. */
  readonly caseAlone?: string;
  /** The entries that this concerns. Default: all. */
  readonly caseMatters?: (entry: unknown) => boolean;
  /** Names the entry at `index` in the problem of the one at `from`. Default: `[index]`. */
  readonly nameEntry?: ((index: number, from: number) => string) | undefined;
}

/**
 * The condition that no two entries of a list have the same text at the key. It is checked even if entries have other
 * problems.
 */
function uniqueBy(
  key: string,
  { caseAlone, caseMatters = () => true, nameEntry = (index) => `[${index}]` }: UniqueOptions = {},
): z.core.$ZodCheck<readonly unknown[]> {
  return z.superRefine(
    (entries, context) => {
      const first = new Map<string, number>();
      const folded = new Map<string, number>();
      for (const [index, entry] of entries.entries()) {
        const name = textAt(entry, key);
        if (name === undefined) continue;
        // File names have other letters percent-encoded.
        const inLowerCase = name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
        const matters = caseAlone !== undefined && caseMatters(entry);
        const same = first.get(name);
        const alike = matters ? folded.get(inLowerCase) : undefined;
        if (same === undefined) first.set(name, index);
        if (matters && alike === undefined) folded.set(inLowerCase, index);
        if (same !== undefined) {
          const message = `must be unique, ${nameEntry(same, index)} has the same`;
          context.addIssue({ code: 'custom', path: [index, key], message });
        } else if (alike !== undefined) {
          const message = `differs from ${nameEntry(alike, index)} in case alone: some disks have one folder for both, so ${caseAlone} need other names`;
          context.addIssue({ code: 'custom', path: [index, key], message });
        }
      }
    },
    { when: ({ value }) => Array.isArray(value) },
  );
}

function textAt(entry: unknown, key: string): string | undefined {
  if (!field.isMapping(entry)) return undefined;
  return field.scalarText(new Map<string, unknown>(Object.entries(entry)).get(key));
}

/** The store of a file without `store`. */
const defaultStore = '.muster/store';

/**
 * `store`: a URL alone, or a mapping of `url` and the options of the S3 client, which win over those in the URL's
 * query. Folders are relative to `directory`.
 */
export function storeConfig(directory: string): z.ZodType<StoreLocation> {
  const location = storeUrl(directory);
  const withOptions = section({
    url: location.prefault(defaultStore),
    endpoint: field.unlessEmpty(field.url()),
    region: field.text(''),
    force_path_style: field.bool().optional(),
  })
    .check(
      rule(['endpoint', 'url'], (store) => onlyS3(store, store.endpoint !== undefined)),
      rule(['region', 'url'], (store) => onlyS3(store, store.region !== '')),
      rule(['force_path_style', 'url'], (store) => onlyS3(store, store.force_path_style !== undefined)),
    )
    .transform(({ url: where, endpoint, region, force_path_style }): StoreLocation => {
      if (where.kind === 'file') return where;
      return {
        ...where,
        ...(endpoint && { endpoint: endpoint.href }),
        ...(region && { region }),
        force_path_style,
      };
    });
  return withShape(z.unknown(), { reads: [location, withOptions] })
    .transform((input, context) => {
      const parsed = (field.scalarText(input) === undefined ? withOptions : location).safeParse(input);
      if (parsed.success) return parsed.data;
      context.issues.push(...parsed.error.issues.map((issue) => ({ ...issue, input: undefined })));
      return z.NEVER;
    })
    .prefault(defaultStore);
}

const storeForms = 's3://bucket/prefix, file:///folder or a folder';

function storeUrl(directory: string): z.ZodType<StoreLocation> {
  return withShape(z.unknown(), { what: storeForms, json: scalarShape }).transform((input, context) => {
    const source = field.scalarText(input);
    try {
      if (source !== undefined) return parseStoreUrl(source, directory);
      context.addIssue({
        code: 'custom',
        message: expected(storeForms, input),
      });
    } catch (error) {
      if (!isMusterError(error, 'config')) throw error;
      context.addIssue({ code: 'custom', message: error.message });
    }
    return z.NEVER;
  });
}

function onlyS3(store: { readonly url: StoreLocation }, configured: boolean): string | undefined {
  return configured && store.url.kind !== 's3' ? 'is for s3:// stores only' : undefined;
}

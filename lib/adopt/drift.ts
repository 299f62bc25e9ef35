import { isDeepStrictEqual } from 'node:util';
import { mechanisms } from '../backends/registry.ts';
import { isMusterError } from '../base/errors.ts';
import { loadConfig } from '../config/load.ts';
import type { Job } from '../config/muster-config.ts';
import { ConfigError, type ConfigProblem, inFileOrder, type KeyPath } from '../config/problem.ts';
import { metaPrefix } from '../targets/group.ts';
import { labelsReadBy, labelsReadByRules } from '../targets/relabel.ts';
import type { RelabelConfig } from '../targets/relabel-config.ts';

/** What Muster and Prometheus no longer have in common: places in the files of Prometheus. */
export interface Drift {
  readonly origin: string;
  /** In the order of the files, one of each job. */
  readonly problems: readonly ConfigProblem[];
}

type AnyJob = Omit<Job<unknown>, 'providers'> & { readonly providers: readonly unknown[] };

/**
 * Where the jobs of a `prometheus.yml`, and of its `scrape_config_files`, have other rules than the jobs of `muster.yml`
 * with the same names. Throws a `ConfigError` for a `prometheus.yml` that is wrong, and `config` where there is none.
 */
export async function findDrift(jobs: readonly AnyJob[], location: string): Promise<Drift> {
  const { config, origin, problemAt } = await loadPrometheus(location);
  const places = new Map(config.jobs.map((job, index) => [job.name, { job, index }]));
  const problems = jobs.flatMap((ours): readonly ConfigProblem[] => {
    if (ours.providers.length === 0) return [];
    const theirs = places.get(ours.name);
    if (theirs === undefined)
      return [
        problemAt(['scrape_configs'], `there is no job ${JSON.stringify(ours.name)}, which Muster publishes`),
      ];
    const found = driftOf(ours, theirs.job);
    return found === undefined
      ? []
      : [problemAt(['scrape_configs', theirs.index, ...found.path], found.message)];
  });
  return { origin, problems: inFileOrder(problems) };
}

async function loadPrometheus(location: string) {
  try {
    return await loadConfig<unknown>({ location, mechanisms });
  } catch (error) {
    if (error instanceof ConfigError || !isMusterError(error, 'not-found')) throw error;
    throw new ConfigError(location, [{ line: 1, column: 1, path: '', message: 'there is no such file' }]);
  }
}

interface Found {
  readonly path: KeyPath;
  readonly message: string;
}

function driftOf(ours: AnyJob, theirs: AnyJob): Found | undefined {
  const name = JSON.stringify(ours.name);
  if (ours.relabel === 'publish') {
    const index = theirs.relabel_configs.findIndex((rule) => readsMeta(rule));
    if (index < 0) return undefined;
    return {
      path: ['relabel_configs', index],
      message:
        `Muster runs the rules of ${name} (relabel: publish), and this one as well reads __meta_ labels, which are gone: ` +
        'take the rules out here',
    };
  }
  const index = firstDifference(ours.relabel_configs, theirs.relabel_configs);
  if (index === undefined) return driftOfScrape(ours, theirs);
  const path = index < theirs.relabel_configs.length ? ['relabel_configs', index] : ['relabel_configs'];
  const lacking =
    ours.labels === 'needed' ? lackingLabel(ours.relabel_configs, theirs.relabel_configs) : undefined;
  if (lacking !== undefined)
    return {
      path: ['relabel_configs', lacking.index],
      message: `reads ${lacking.label}, which Muster does not publish of ${name} (labels: needed): copy the rule to muster.yml`,
    };
  const message =
    index < theirs.relabel_configs.length
      ? `is not the rule that ${name} has there in muster.yml`
      : `the rules of ${name} end here, and go on in muster.yml`;
  return { path, message };
}

/** The keys of the scrape that the rules read: Muster judges by them whether a target can be scraped. */
function driftOfScrape(ours: AnyJob, theirs: AnyJob): Found | undefined {
  const reads = labelsReadByRules(ours.relabel_configs);
  const labels = new Set([...Object.keys(ours.scrapeLabels), ...Object.keys(theirs.scrapeLabels)]);
  const label = [...labels].find((one) => reads(one) && ours.scrapeLabels[one] !== theirs.scrapeLabels[one]);
  if (label === undefined) return undefined;
  const key = label.startsWith('__param_') ? 'params' : label.replace(/^__|__$/g, '');
  return {
    path: [key],
    message: `is not what ${JSON.stringify(ours.name)} has in muster.yml, and its rules read it`,
  };
}

function firstDifference(
  ours: readonly RelabelConfig[],
  theirs: readonly RelabelConfig[],
): number | undefined {
  for (let index = 0; index < Math.max(ours.length, theirs.length); index++)
    if (!isDeepStrictEqual(plainRule(ours[index]), plainRule(theirs[index]))) return index;
  return undefined;
}

/** A rule without what was compiled of it. */
function plainRule(rule: RelabelConfig | undefined): unknown {
  return rule && { ...rule, regex: rule.regex.source, names: rule.names ?? 'utf8' };
}

function lackingLabel(ours: readonly RelabelConfig[], theirs: readonly RelabelConfig[]) {
  const isThere = labelsReadBy(ours);
  const maps = new Set(ours.filter(({ action }) => action === 'labelmap').map(({ regex }) => regex.source));
  for (const [index, { action, regex, source_labels, target_label }] of theirs.entries()) {
    const names = action.endsWith('equal') ? [...source_labels, target_label] : source_labels;
    const label = names.find((name) => !isThere(name));
    if (label !== undefined) return { index, label };
    if (action === 'labelmap' && !maps.has(regex.source) && mayReadMeta(regex.source))
      return { index, label: `what fits ${JSON.stringify(regex.source)}` };
  }
  return undefined;
}

function readsMeta({ action, regex, source_labels, target_label }: RelabelConfig): boolean {
  const names = action.endsWith('equal') ? [...source_labels, target_label] : source_labels;
  return (
    names.some((name) => name.startsWith(metaPrefix)) || (action === 'labelmap' && mayReadMeta(regex.source))
  );
}

/** Whether an expression may fit a name that begins with `__meta_`: not where it begins with other letters. */
function mayReadMeta(regex: string): boolean {
  const [plain = ''] = /^\w*(?![?*{|])/.exec(regex) ?? [];
  return metaPrefix.startsWith(plain.slice(0, metaPrefix.length));
}

import { isDeepStrictEqual } from 'node:util';
import { mechanisms } from '../backends/registry.ts';
import { isMusterError } from '../base/errors.ts';
import { loadConfig } from '../config/load.ts';
import type { Job } from '../config/muster-config.ts';
import { ConfigError, type ConfigProblem, inFileOrder, type KeyPath } from '../config/problem.ts';
import { metaPrefix } from '../targets/group.ts';
import { labelsReadBy, labelsReadByRules } from '../targets/relabel.ts';
import type { RelabelConfig } from '../targets/relabel-config.ts';

/** Differences between the jobs of Muster and of Prometheus, as problems in the files of Prometheus. */
export interface Drift {
  readonly origin: string;
  /** At most one for each job, in the order of the files. */
  readonly problems: readonly ConfigProblem[];
}

type AnyJob = Omit<Job<unknown>, 'providers'> & { readonly providers: readonly unknown[] };

/**
 * Compares the rules of the jobs in a `prometheus.yml` and its `scrape_config_files` with the jobs of the same names in
 * `muster.yml`. Throws a `ConfigError` for a `prometheus.yml` that is invalid or missing.
 */
export async function findDrift(jobs: readonly AnyJob[], location: string): Promise<Drift> {
  const { config, origin, problemAt } = await loadPrometheus(location);
  const jobsByName = new Map(config.jobs.map((job, index) => [job.name, { job, index }]));
  const problems = jobs.flatMap((ours): readonly ConfigProblem[] => {
    if (ours.providers.length === 0) return [];
    const theirs = jobsByName.get(ours.name);
    if (theirs === undefined)
      return [
        problemAt(
          ['scrape_configs'],
          `there is no job ${JSON.stringify(ours.name)}, but Muster publishes it`,
        ),
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
        `Muster runs the rules of ${name} (relabel: publish), and this rule reads __meta_ labels, which are gone: ` +
        'remove the rules here',
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
      message: `reads ${lacking.label}, which Muster does not publish for ${name} (labels: needed): copy the rule to muster.yml`,
    };
  const message =
    index < theirs.relabel_configs.length
      ? `is not the rule that ${name} has there in muster.yml`
      : `the rules of ${name} end here, and go on in muster.yml`;
  return { path, message };
}

/** Compares the scrape keys that the rules read: Muster decides by them whether a target can be scraped. */
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

/** A rule as plain data, for comparison. */
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

/** Whether an expression may match a name that begins with `__meta_`: not when it begins with other letters. */
function mayReadMeta(regex: string): boolean {
  const [plain = ''] = /^\w*(?![?*{|])/.exec(regex) ?? [];
  return metaPrefix.startsWith(plain.slice(0, metaPrefix.length));
}

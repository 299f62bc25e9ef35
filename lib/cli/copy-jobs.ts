import { stat } from 'node:fs/promises';
import { isMap } from 'yaml';
import { indented } from '../adopt/muster-text.ts';
import { jobNodes, valuesOfJobs } from '../adopt/sources.ts';
import { columnOf, pairOf } from '../adopt/spans.ts';
import { mechanisms } from '../backends/registry.ts';
import { isMusterError } from '../base/errors.ts';
import { readText } from '../base/files.ts';
import { nameOf } from '../config/assemble.ts';
import { loadReaders, parseConfig } from '../config/load.ts';
import { ConfigError, formatProblems } from '../config/problem.ts';
import { sdKeyOf, stayingKeys } from '../config/prometheus-keys.ts';
import { parseYaml, readYaml } from '../config/yaml-document.ts';
import { readApp } from '../run/app.ts';
import type { Io } from './command.ts';

/** The jobs of a prometheus.yml that Muster can list. */
export interface CopiedJobs {
  /** Elements of `scrape_configs`, indented by two; the whole text where `isWhole`. */
  readonly text: string;
  /** Whether the file is copied as a whole. */
  readonly isWhole: boolean;
  /** Names of all jobs of the file. */
  readonly names: readonly string[];
  /** The providers, as `job/provider`. */
  readonly providers: readonly string[];
  /** Permissions of the file, which may hold secrets. */
  readonly mode: number;
  /** Keys of the SD configs that are read, as in `consul_sd_configs`. */
  readonly configKeys: readonly string[];
}

/** Largest prometheus.yml, in bytes. */
const maxBytes = 4 * 1024 * 1024;

/**
 * Copies the jobs of a prometheus.yml as they are written, with their comments. A file whose parts need each other
 * (anchors, `global`, files with jobs) is copied as a whole. Returns the reason where there is nothing to copy. Throws
 * only unknown errors.
 */
export async function copyJobs(path: string, io: Io): Promise<CopiedJobs | { readonly missed: string }> {
  try {
    const text = (await readText(path, { maxBytes, signal: io.signal }))
      .replace(/^\uFEFF/, '')
      .replaceAll('\r\n', '\n');
    const app = await readApp(path, io);
    if (app.providers.length === 0) return { missed: `${path}: it has no job whose targets Muster can list` };
    const names = valuesOfJobs(readYaml(text).value).flatMap((job) => nameOf(job) ?? []);
    const found = {
      names,
      mode: (await stat(path)).mode & 0o777,
      providers: app.providers.map(({ job, provider }) => `${job}/${provider}`),
      configKeys: [...new Set(app.providers.map(({ mechanism }) => sdKeyOf(mechanism)))],
    };
    const jobs = sliceJobs(text);
    const isSame =
      jobs !== undefined && (await identities(`scrape_configs:\n${jobs}`)) === (await identities(text));
    return isSame ? { ...found, text: jobs, isWhole: false } : { ...found, text, isWhole: true };
  } catch (error) {
    if (error instanceof ConfigError)
      return { missed: `${path} is not valid: ${formatProblems(path, error.problems.slice(0, 1))}` };
    if (!isMusterError(error)) throw error;
    return { missed: error.message };
  }
}

/** The lines of the jobs that have an SD config of a backend; `undefined` where they cannot stand alone. */
function sliceJobs(text: string): string | undefined {
  // An alias, a merge key or an anchor ties one part of a file to another, and so does `global`.
  if (/[&*]\w|<<:|scrape_config_files|metric_name_validation_scheme/.test(text)) return undefined;
  const { contents } = parseYaml(text).document ?? {};
  if (!isMap(contents)) return undefined;
  const keys = mechanisms.map(({ configKey }) => configKey).filter((key) => !stayingKeys.includes(key));
  const slices = jobNodes(contents).flatMap((job) => {
    if (!isMap(job) || !keys.some((key) => pairOf(job, key) !== undefined)) return [];
    return [sliceOf(text, job.range[0], job.range[1])];
  });
  return slices.includes(undefined) || slices.length === 0 ? undefined : slices.join('');
}

/** The range of the text as an element of a list; `undefined` where its lines are indented less than the first. */
function sliceOf(text: string, from: number, to: number): string | undefined {
  const margin = ' '.repeat(columnOf(text, from));
  const [first = '', ...lines] = text.slice(from, to).trimEnd().split('\n');
  const isOdd = (line: string) =>
    line.trim() !== '' && !line.trimStart().startsWith('#') && !line.startsWith(margin);
  if (lines.some(isOdd)) return undefined;
  const moved = lines.map((line) => (line.startsWith(margin) ? line.slice(margin.length) : line.trimStart()));
  return indented([first, ...moved].join('\n'), '  - ');
}

/** What the jobs of a text list, in a form that can be compared. Throws a `ConfigError`. */
async function identities(text: string): Promise<string> {
  const { jobs } = await readConfigText(text);
  return JSON.stringify(
    jobs.flatMap(({ name, providers, relabel_configs }) =>
      providers.map(({ name: provider, stanza }) => [
        ...[name, provider, stanza.identity],
        relabel_configs.map((rule) => ({ ...rule, modulus: `${rule.modulus}`, regex: rule.regex.source })),
      ]),
    ),
  );
}

/** Reads the configuration of a text, without the files that it names. Throws a `ConfigError`. */
export async function readConfigText(text: string) {
  const loadKubeState = async () => (await import('../kube-state/options.ts')).kubeStateConfig;
  const readers = await loadReaders(readYaml(text).value, { mechanisms, loadKubeState });
  return parseConfig(text, { ...readers, origin: 'muster.yml', directory: '.' });
}

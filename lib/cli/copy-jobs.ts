import { stat } from 'node:fs/promises';
import { isMap, isPair, isScalar, isSeq } from 'yaml';
import { mechanisms } from '../backends/registry.ts';
import { isMusterError } from '../base/errors.ts';
import { readText } from '../base/files.ts';
import { nameOf } from '../config/assemble.ts';
import { isMapping } from '../config/fields.ts';
import { loadReaders, parseConfig } from '../config/load.ts';
import { ConfigError, formatProblems } from '../config/problem.ts';
import { parseYaml, readYaml } from '../config/yaml-document.ts';
import { readApp } from '../run/app.ts';
import type { Io } from './command.ts';

/** The jobs of a prometheus.yml which Muster can discover. */
export interface CopiedJobs {
  /** Elements of `scrape_configs`, indented by two; of a file that must stay whole, all of its text. */
  readonly text: string;
  readonly isWhole: boolean;
  /** Names of all jobs of the file. */
  readonly names: readonly string[];
  /** As `job/provider`. */
  readonly providers: readonly string[];
  /** Permissions of the file, which may hold secrets. */
  readonly mode: number;
  /** Keys of the SD configs that are read, as in `consul_sd_configs`. */
  readonly configKeys: readonly string[];
}

/** Largest prometheus.yml. */
const maxBytes = 4 * 1024 * 1024;

/**
 * Takes the jobs out of a prometheus.yml, as they stand there, with their comments. A file in which one place needs
 * another (anchors, `global`, files with jobs) is taken whole. Gives the reason where there is nothing to take.
 */
export async function copyJobs(path: string, io: Io): Promise<CopiedJobs | { readonly missed: string }> {
  try {
    const text = (await readText(path, { maxBytes, signal: io.signal }))
      .replace(/^\uFEFF/, '')
      .replaceAll('\r\n', '\n');
    const app = await readApp(path, io);
    if (app.providers.length === 0) return { missed: `${path}: it has no job whose targets Muster can list` };
    const names = listOf(scrapeConfigsOf(readYaml(text).value)).flatMap((job) => nameOf(job) ?? []);
    const found = {
      names,
      mode: (await stat(path)).mode & 0o777,
      providers: app.providers.map(({ job, provider }) => `${job}/${provider}`),
      configKeys: [...new Set(app.providers.map(({ mechanism }) => `${mechanism}_sd_configs`))],
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
  const { document } = parseYaml(text);
  // An alias, a merge key or an anchor ties one place to another, and so does `global`.
  if (document === undefined || /[&*]\w|<<:|scrape_config_files|metric_name_validation_scheme/.test(text))
    return undefined;
  const { contents } = document;
  if (!isMap(contents)) return undefined;
  const list = contents.items.find(
    (pair) => isPair(pair) && isScalar(pair.key) && pair.key.value === 'scrape_configs',
  );
  if (!isSeq(list?.value)) return undefined;
  const slices = list.value.items.flatMap((item) => {
    if (!isMap(item) || !item.items.some(({ key }) => isScalar(key) && isBackendKey(key.value))) return [];
    return [item.range ? sliceOf(text, item.range[0], item.range[1]) : undefined];
  });
  return slices.includes(undefined) ? undefined : slices.join('');
}

/** The text from one offset to another as an element of a list; `undefined` where its lines do not go together. */
function sliceOf(text: string, from: number, to: number): string | undefined {
  const indent = from - (text.lastIndexOf('\n', from - 1) + 1);
  const [first = '', ...lines] = text.slice(from, to).trimEnd().split('\n');
  const isOdd = (line: string) =>
    line.trim() !== '' && !line.trimStart().startsWith('#') && !line.startsWith(' '.repeat(indent));
  if (lines.some(isOdd)) return undefined;
  const moved = lines.map((line) =>
    line.startsWith(' '.repeat(indent)) ? line.slice(indent) : line.trimStart(),
  );
  return [`  - ${first}`, ...moved.map((line) => (line === '' ? '' : `    ${line}`))]
    .map((line) => `${line}\n`)
    .join('');
}

function isBackendKey(key: unknown): boolean {
  return mechanisms.some(({ configKey }) => configKey === key);
}

/** What the jobs of a text list, as one text. Throws a `ConfigError`. */
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

/** The configuration of a text, without the files that it names. Throws a `ConfigError`. */
export async function readConfigText(text: string) {
  const loadKubeState = async () => (await import('../kube-state/options.ts')).kubeStateConfig;
  const readers = await loadReaders(readYaml(text).value, { mechanisms, loadKubeState });
  return parseConfig(text, { ...readers, origin: 'muster.yml', directory: '.' });
}

function scrapeConfigsOf(value: unknown): unknown {
  return isMapping(value) && 'scrape_configs' in value ? value.scrape_configs : value;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

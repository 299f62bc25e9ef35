import { access, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isMap, stringify } from 'yaml';
import { indented } from '../adopt/muster-text.ts';
import { jobNodes, valuesOfJobs } from '../adopt/sources.ts';
import { columnOf, pairOf } from '../adopt/spans.ts';
import { mechanisms } from '../backends/registry.ts';
import { isMusterError, MusterError } from '../base/errors.ts';
import { readText } from '../base/files.ts';
import { nameOf } from '../config/assemble.ts';
import { formatDuration } from '../config/fields.ts';
import { loadReaders, parseConfig } from '../config/load.ts';
import { ConfigError, formatProblems } from '../config/problem.ts';
import { sdKeyOf, stayingKeys } from '../config/prometheus-keys.ts';
import { builtInSettings } from '../config/scrape.ts';
import { parseYaml, readYaml } from '../config/yaml-document.ts';
import { readApp } from '../run/app.ts';
import { defineCommand, exitCodes, type Io, UsageError } from './command.ts';
import { type FoundBackend, lookAround } from './look-around.ts';
import { shared } from './options.ts';

/** `muster init` */
export const init = defineCommand({
  name: 'init',
  description:
    'Writes a commented muster.yml that works, from what it finds: the jobs of a prometheus.yml beside it, a kubeconfig,\n' +
    "the variables of Consul's, Nomad's and Docker's commands, and Docker's socket. It asks nothing, calls no backend,\n" +
    'writes no secret of the environment, and never overwrites a file. It reports what it found and what it did not find.',
  examples: ['muster init', 'muster init --dry-run', 'muster init -c deploy/muster.yml'],
  options: {
    config: { ...shared.config, help: 'The file to write.' },
    'dry-run': { help: 'Print what would be written, and write nothing.' },
  },
  async run({ config, 'dry-run': isDry }, io) {
    if (/^[a-z][a-z0-9+.-]+:/i.test(config))
      throw new UsageError(`--config is the path of a file to write, not ${config}`);
    if (!isDry && (await isThere(config))) throw alreadyThere(config);
    const { text, found, missed, mode } = await compose(dirname(config), io);
    for (const line of found) io.err(`Found ${line}\n`);
    for (const line of missed) io.err(`Not found: ${line}\n`);
    if (text === undefined) {
      io.err(
        'muster init: nothing was found, so nothing is written: set one of these, or start from the README\n',
      );
      return exitCodes.failed;
    }
    if (isDry) {
      await io.out(text);
      return exitCodes.good;
    }
    await writeNew(config, text, mode);
    io.err(`Wrote ${config}; next: muster check -c ${config}, then muster dev -c ${config}\n`);
    return exitCodes.good;
  },
});

interface Composed {
  /** Undefined if there is nothing to write. */
  readonly text: string | undefined;
  /** A line for each thing that was found. */
  readonly found: readonly string[];
  readonly missed: readonly string[];
  /** Permissions of the file. */
  readonly mode: number;
}

async function compose(folder: string, io: Io): Promise<Composed> {
  const path = join(folder, 'prometheus.yml');
  const copied = await copyJobs(path, io);
  const jobs = 'missed' in copied ? undefined : copied;
  const missed = 'missed' in copied ? [copied.missed] : [];
  const found = jobs === undefined ? [] : [`${path}: ${jobs.providers.join(', ')}`];
  const parts: string[] = [];
  const taken = new Set(jobs?.names);
  for (const look of await lookAround(io.env, io.signal)) {
    const reason = 'missed' in look ? look.missed : await whyNot(look, jobs);
    if ('missed' in look || reason !== undefined) {
      missed.push(reason ?? '');
      continue;
    }
    const name = unused(look.job, taken);
    taken.add(name);
    parts.push(formatJob(name, look));
    found.push(`${look.from}: job ${name}`);
  }
  const mode = jobs?.mode ?? 0o644;
  if (found.length === 0) return { text: undefined, found, missed, mode };
  const text = jobs?.isWhole ? formatWhole(jobs, path) : formatFile(jobs, path, parts);
  return { text, found, missed, mode };
}

/** Why a backend that was found gets no job; undefined if it gets one. */
async function whyNot(backend: FoundBackend, jobs: CopiedJobs | undefined): Promise<string | undefined> {
  const { from, configKey } = backend;
  if (jobs?.configKeys.includes(configKey)) return `${from}: prometheus.yml has ${configKey} already`;
  if (jobs?.isWhole) return `${from}: prometheus.yml is taken whole, add a job of ${configKey} by hand`;
  try {
    await readConfigText(`scrape_configs:\n${formatJob(backend.job, backend)}`);
    return undefined;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const [problem] = error.problems;
    return `${from}: ${problem?.path.replace(/^.*\./, '') ?? configKey} ${problem?.message ?? 'is wrong'}`;
  }
}

const header = `# Muster's configuration, made by "muster init". It speaks Prometheus: keys that it does not read are left to Prometheus.
#   muster check                       every problem with its line
#   muster targets --job JOB           list once, print, write nothing
#   muster dev                         list on schedule, and print the stanza for prometheus.yml
#   muster schema --format markdown    all keys
`;

const { guard, retire_after } = builtInSettings;
const emptyAfter = guard.confirm_empty_after;
const guardText = stringify(
  {
    ...guard,
    confirm_after: formatDuration(guard.confirm_after),
    confirm_empty_after: emptyAfter === 'never' ? emptyAfter : formatDuration(emptyAfter),
  },
  { collectionStyle: 'flow', lineWidth: 0 },
).trimEnd();

const storeLines = `
# Where Muster keeps what it knows: a folder beside this file, or a bucket that all can reach.
store: .muster/store
# store: s3://my-bucket/muster

# Of all jobs; these are the defaults.
# defaults:
#   guard: ${guardText}
#   retire_after: ${formatDuration(retire_after)}
`;

function formatFile(jobs: CopiedJobs | undefined, path: string, parts: readonly string[]): string {
  const copied =
    jobs === undefined
      ? []
      : [
          `  # From ${path}. There, these jobs get file_sd_configs in place of their SD configs: "muster dev" prints them.\n${jobs.text}`,
        ];
  return `${header}${storeLines}\nscrape_configs:\n${[...copied, ...parts].join('\n')}`;
}

/** A file that is copied as a whole gets only comments; its store is the default. */
function formatWhole(jobs: CopiedJobs, path: string): string {
  return `${header}#\n# All of ${path}: parts of it need each other. The store is the folder .muster/store beside this file.\n\n${jobs.text}`;
}

function formatJob(
  name: string,
  { comment, from, configKey, config, relabel_configs }: FoundBackend,
): string {
  const given = Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
  const job = { job_name: name, [configKey]: [given], relabel_configs };
  const lines = stringify([job], { lineWidth: 0 }).trimEnd().split('\n');
  return [`# ${comment}`, `# From ${from}.`, ...lines].map((line) => `  ${line}\n`).join('');
}

function unused(name: string, taken: ReadonlySet<string>): string {
  let free = name;
  for (let number = 2; taken.has(free); number += 1) free = `${name}-${number}`;
  return free;
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function writeNew(path: string, text: string, mode: number): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx', mode });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST') throw alreadyThere(path);
    throw new MusterError('storage', `${path} cannot be written (${String(code)})`, { cause: error });
  }
}

function alreadyThere(path: string): MusterError {
  return new MusterError(
    'conflict',
    `${path} exists and stays as it is; --dry-run prints what would be in it`,
  );
}

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

/** The lines of the jobs that have an SD config of a backend; `undefined` if they depend on other parts of the file. */
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

/** The range of the text as an element of a list; `undefined` if its lines are indented less than the first. */
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

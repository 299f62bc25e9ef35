import { dirname, posix, resolve } from 'node:path';
import * as z from 'zod';
import { isMapping, scalarText } from './fields.ts';
import { type ConfigProblem, expected, type KeyPath, problemsOf } from './problem.ts';
import type { ScrapeFile } from './scrape-files.ts';
import { section } from './section.ts';
import { readYaml, type YamlFile } from './yaml-document.ts';

/** The jobs that a file of `scrape_config_files` had when it was read. */
export interface FileJobs {
  readonly pattern: string;
  readonly path: string;
  readonly jobs: readonly string[];
  /** Whether the file has no document at all: an editor or a copy is still writing it. */
  readonly isEmpty: boolean;
}

/** A configuration and its files as one document, in which each job knows its file. */
export interface Assembled {
  /** The document with the jobs of all files, those of the configuration itself first. */
  readonly value: unknown;
  /** Problems with the form of a file. */
  readonly problems: readonly ConfigProblem[];
  /** The problem with file and place of the path. */
  readonly problemAt: (path: KeyPath, message: string) => ConfigProblem;
  /** Names one job in the problem of another. */
  readonly nameJob: (index: number, from: number) => string;
  /** Folder that the relative paths in a job start from. */
  readonly directoryOf: (index: number) => string;
  readonly files: readonly FileJobs[];
}

/** Where the configuration comes from, for messages and for relative paths. */
export interface ConfigOrigin {
  readonly origin: string;
  /** Folder that relative paths in the configuration itself start from. */
  readonly directory: string;
}

interface Part {
  /** Name of the file in problems; `undefined` for the configuration itself. */
  readonly origin: string | undefined;
  readonly directory: string;
  readonly yaml: YamlFile;
  readonly jobs: readonly unknown[];
  /** The path of the list of its jobs. */
  readonly place: KeyPath;
}

/** Puts the configuration and its files together. A file that is only a list is read as `scrape_configs`. */
export function assemble(
  main: YamlFile,
  files: readonly ScrapeFile[],
  { origin, directory }: ConfigOrigin,
): Assembled {
  const isBare = Array.isArray(main.value);
  const document = isBare ? { scrape_configs: main.value } : main.value;
  const own = jobsIn(document, main);
  const problems = [...main.problems, ...own.problems];
  const parts: Part[] = [
    { origin: undefined, directory, yaml: main, jobs: own.jobs, place: isBare ? [] : ['scrape_configs'] },
  ];
  for (const { path, text } of files) {
    const yaml = readYaml(text);
    const name = originOf(origin, path);
    const found = readJobs(yaml);
    problems.push(...[...yaml.problems, ...found.problems].map((problem) => ({ ...problem, file: name })));
    const folder = isRemote(origin) ? directory : dirname(resolve(directory, path));
    parts.push({ origin: name, directory: folder, yaml, jobs: found.jobs, place: ['scrape_configs'] });
  }
  // For each job, the file that has it and its position there.
  const jobs = parts.flatMap((part) => part.jobs.map((_, index) => ({ part, index })));
  const merged = parts.flatMap((part) => part.jobs);
  return {
    value: isMapping(document) ? { ...document, scrape_configs: merged } : document,
    problems,
    problemAt(path, message) {
      const [key, index, ...rest] = path;
      const job = key === 'scrape_configs' && typeof index === 'number' ? jobs[index] : undefined;
      if (job === undefined) return main.problemAt(isBare ? path.slice(1) : path, message);
      const { part } = job;
      const problem = part.yaml.problemAt([...part.place, job.index, ...rest], message);
      return part.origin === undefined ? problem : { ...problem, file: part.origin };
    },
    nameJob(index, from) {
      const job = jobs[index];
      if (job === undefined || job.part === jobs[from]?.part) return `[${job?.index ?? index}]`;
      return `scrape_configs[${job.index}] of ${job.part.origin ?? origin}`;
    },
    directoryOf: (index) => jobs[index]?.part.directory ?? directory,
    files: files.map(({ pattern, path }, index) => ({
      pattern,
      path,
      jobs: (parts[index + 1]?.jobs ?? []).flatMap((job) => nameOf(job) ?? []),
      isEmpty: parts[index + 1]?.yaml.value === null,
    })),
  };
}

/** The `job_name` of a scrape config. */
export function nameOf(job: unknown): string | undefined {
  return isMapping(job) && 'job_name' in job ? scalarText(job.job_name) : undefined;
}

/**
 * A problem for each file that is gone, or has become empty, with a job that no file has now: who deletes a job takes
 * it out of its file, or the pattern out of the configuration. A file that vanishes is more likely a mistake, or a disk
 * that is not there yet. A file that was renamed has its jobs elsewhere.
 */
export function problemsOfLostFiles(
  before: readonly FileJobs[],
  { value, files, problemAt }: Pick<Assembled, 'files' | 'value' | 'problemAt'>,
): readonly ConfigProblem[] {
  const { scrape_configs: jobs, scrape_config_files: patterns }: Lists = isMapping(value) ? value : {};
  const names = new Set(listOf(jobs).map(nameOf));
  const texts = listOf(patterns).map(scalarText);
  return before.flatMap(({ pattern, path, jobs }) => {
    const index = texts.indexOf(pattern);
    const isThere = files.some((file) => file.path === path && !file.isEmpty);
    const [lost] = jobs.filter((job) => !names.has(job));
    if (index < 0 || isThere || lost === undefined) return [];
    const message =
      `${path} was named last time, with job ${JSON.stringify(lost)}, and is gone or empty: put it back, ` +
      'or write scrape_configs: [] in it before it is deleted';
    return [problemAt(['scrape_config_files', index], message)];
  });
}

interface Lists {
  readonly scrape_configs?: unknown;
  readonly scrape_config_files?: unknown;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The scrape configs of a document, or the problem with their list. */
function jobsIn(document: unknown, yaml: YamlFile) {
  const { scrape_configs: jobs = null }: Lists = isMapping(document) ? document : {};
  if (jobs === null || Array.isArray(jobs)) return { jobs: listOf(jobs), problems: [] };
  return { jobs: [], problems: [yaml.problemAt(['scrape_configs'], expected('a list', jobs))] };
}

/** A file of `scrape_config_files` holds nothing else. Source: ScrapeConfigs of prometheus/config. */
const fileSchema = section({ scrape_configs: z.unknown().optional() });

function readJobs(yaml: YamlFile) {
  if (yaml.value === undefined || yaml.value === null) return { jobs: [], problems: [] };
  if (Array.isArray(yaml.value)) {
    const message = 'must be a mapping: put "scrape_configs:" above the list';
    return { jobs: [], problems: [yaml.problemAt([], message)] };
  }
  const parsed = fileSchema.safeParse(yaml.value, { jitless: true });
  const issues = parsed.success ? [] : parsed.error.issues.flatMap(problemsOf);
  const { jobs, problems } = jobsIn(yaml.value, yaml);
  return {
    jobs,
    problems: [...issues.map(({ path, message }) => yaml.problemAt(path, message)), ...problems],
  };
}

/** An object has no folder on this machine. */
function isRemote(origin: string): boolean {
  return /^(?!file:)[a-z][a-z0-9+.-]+:/i.test(origin);
}

/** The name of a file in messages: like that of the configuration, in its folder. */
function originOf(origin: string, path: string): string {
  if (path.startsWith('/')) return path;
  if (!/^[a-z][a-z0-9+.-]+:/i.test(origin)) return posix.join(posix.dirname(origin), path);
  const plain = origin.replace(/[?#].*$/s, '');
  return `${plain.slice(0, plain.lastIndexOf('/') + 1)}${path}`;
}

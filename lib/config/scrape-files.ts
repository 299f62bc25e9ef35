import { posix } from 'node:path';
import * as z from 'zod';
import { isMusterError, type MusterError } from '../base/errors.ts';
import { isMapping, scalarText } from './fields.ts';
import type { ConfigProblem } from './problem.ts';
import { expected } from './problem.ts';
import { maxConfigBytes, type YamlFile } from './yaml-document.ts';

/** A file that `scrape_config_files` names, as it was read. */
export interface ScrapeFile {
  /** The pattern that names it, as written in the configuration. */
  readonly pattern: string;
  /** Position of the pattern in the list, from 0. */
  readonly index: number;
  /** Relative to the folder of the configuration, or absolute. */
  readonly path: string;
  readonly text: string;
}

/** The place that has such files. Paths are relative to the folder of the configuration (`.`), or absolute. */
export interface FileAccess {
  /** Whether absolute paths and paths with `..` are possible. In a bucket they are not. */
  readonly anywhere: boolean;
  /** The names in a folder; empty if there is no such folder. */
  readonly list: (folder: string) => Promise<readonly string[]>;
  /** Throws `not-found`, `denied`, `malformed` or `too-large` for a file that cannot be read. */
  readonly read: (path: string) => Promise<string>;
}

/** Largest sum of all files of a configuration, in bytes. */
const maxAllBytes = 4 * maxConfigBytes;

/**
 * Reads the files of `scrape_config_files` as Prometheus does: a pattern is one of Go's `filepath.Glob`, with `*` in
 * its last part only. Unlike in Prometheus, a file that is named without a pattern must exist: otherwise its jobs would
 * count as deleted. Throws what is not the fault of the configuration, such as a store that does not answer.
 */
export async function readScrapeFiles(
  main: YamlFile,
  access: FileAccess,
): Promise<{ readonly files: readonly ScrapeFile[]; readonly problems: readonly ConfigProblem[] }> {
  const files: ScrapeFile[] = [];
  const problems: ConfigProblem[] = [];
  const { patterns, problems: bad } = readPatterns(main, access.anywhere);
  let bytes = 0;
  for (const { pattern, index } of patterns) {
    const at = (message: string) => main.problemAt([filesKey, index], message);
    try {
      for (const path of await expandPattern(pattern, access)) {
        // Otherwise all files would be in memory.
        if (bytes > maxAllBytes) return { files, problems: [...bad, ...problems] };
        try {
          const text = await access.read(path);
          bytes += Buffer.byteLength(text);
          files.push({ pattern, index, path, text });
          if (bytes > maxAllBytes) problems.push(at(`the files are over ${maxAllBytes / 1024 / 1024} MiB`));
        } catch (error) {
          problems.push(at(unreadable(error).message));
        }
      }
    } catch (error) {
      problems.push(at(unreadable(error).message));
    }
  }
  return { files, problems: [...bad, ...problems] };
}

/** Whether the configuration names files with scrape configs. */
export function namesFiles(value: unknown): boolean {
  return isMapping(value) && filesKey in value && value[filesKey] !== null;
}

const filesKey = 'scrape_config_files';

interface Pattern {
  readonly pattern: string;
  readonly index: number;
}

function readPatterns(main: YamlFile, anywhere: boolean) {
  const patterns: Pattern[] = [];
  const problems: ConfigProblem[] = [];
  const given = isMapping(main.value) && filesKey in main.value ? (main.value[filesKey] ?? []) : [];
  if (!Array.isArray(given)) problems.push(main.problemAt([filesKey], expected('a list', given)));
  for (const [index, entry] of (Array.isArray(given) ? given : []).entries()) {
    const pattern = scalarText(entry);
    const problem = pattern === undefined ? expected('text', entry) : patternProblem(pattern, anywhere);
    if (problem !== undefined) problems.push(main.problemAt([filesKey, index], problem));
    else if (pattern !== undefined) patterns.push({ pattern, index });
  }
  return { patterns, problems };
}

/** Source of the form: patRulePath of prometheus/config. */
function patternProblem(pattern: string, anywhere: boolean): string | undefined {
  if (pattern === '') return 'is empty, must be the path of a file or a pattern such as jobs/*.yml';
  if (!/^[^*]*(?:\*[^/]*)?$/s.test(pattern)) return 'may have * in its last part only, as in jobs/*.yml';
  if (pattern.split('/').some((part) => matcherOf(part) === undefined))
    return 'is no pattern: a [ without its ], or a backslash at the end';
  if (!anywhere && (pattern.startsWith('/') || posix.normalize(pattern).startsWith('..')))
    return 'must be relative to the folder of the configuration and lie below it';
  return undefined;
}

/**
 * The paths that the pattern names, in the order of Go's `filepath.Glob`. A pattern without a wildcard names itself.
 */
export async function expandPattern(
  pattern: string,
  { list }: Pick<FileAccess, 'list'>,
): Promise<readonly string[]> {
  if (!hasWildcard(pattern)) return [posix.normalize(pattern)];
  const slash = pattern.lastIndexOf('/');
  const folder = slash < 0 ? '.' : pattern.slice(0, slash) || '/';
  const matches = matcherOf(pattern.slice(slash + 1));
  const folders = hasWildcard(folder) ? await expandPattern(folder, { list }) : [folder];
  const found: string[] = [];
  for (const one of folders) {
    const names = (await list(posix.normalize(one))).filter((name) => matches?.test(name) === true);
    found.push(...names.sort().map((name) => posix.join(one, name)));
  }
  return found;
}

function hasWildcard(pattern: string): boolean {
  return /[*?[\\]/.test(pattern);
}

/** An expression for one part of a pattern; `undefined` if it is not a pattern. Source: Go's path/filepath, Match. */
function matcherOf(part: string): RegExp | undefined {
  let source = '';
  let rest = part;
  while (rest !== '') {
    const token = /^(?:\*|\?|\[(\^?)((?:\\.|[^\\\]])+)\]|\\(.)|([^\\[]))/su.exec(rest);
    if (token === null) return undefined;
    const [whole, negated = '', set, escaped, plain] = token;
    rest = rest.slice(whole.length);
    if (whole === '*') source += '[^/]*';
    else if (whole === '?') source += '[^/]';
    else if (set === undefined) source += literal(escaped ?? plain ?? '');
    else {
      const ranges = rangesOf(set);
      if (ranges === undefined) return undefined;
      source += `[${negated}${ranges}]`;
    }
  }
  return new RegExp(`^${source}$`, 'su');
}

/** The inside of a character class; `undefined` if a range lacks an end or runs backwards. */
function rangesOf(set: string): string | undefined {
  let source = '';
  let rest = set;
  while (rest !== '') {
    const range = /^(\\.|[^\\-])(?:-(\\.|[^\\-]))?/su.exec(rest);
    if (range === null) return undefined;
    const [whole, low = '', high = low] = range;
    const [from, to] = [low, high].map((end) => end.replace(/^\\(?=.)/su, ''));
    if (from === undefined || to === undefined || (from.codePointAt(0) ?? 0) > (to.codePointAt(0) ?? 0))
      return undefined;
    source += `${literal(from)}-${literal(to)}`;
    rest = rest.slice(whole.length);
  }
  return source;
}

function literal(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

/** The message of an error for a file that cannot be read. Throws other errors again. */
function unreadable(error: unknown): MusterError {
  for (const kind of ['not-found', 'denied', 'malformed', 'too-large', 'config'] as const)
    if (isMusterError(error, kind)) return error;
  throw error;
}

const packed = z.object({
  text: z.string(),
  files: z.array(z.object({ pattern: z.string(), index: z.number(), path: z.string(), text: z.string() })),
});

const packedHead = '{"muster_config_files":1,';

/** A configuration with its files as one text. Without files it is the text of the configuration itself. */
export function packFiles(text: string, files: readonly ScrapeFile[]): string {
  return files.length === 0 ? text : `${packedHead}${JSON.stringify({ text, files }).slice(1)}`;
}

/** The configuration and the files in a packed text. */
export function unpackFiles(source: string): {
  readonly text: string;
  readonly files: readonly ScrapeFile[];
} {
  return source.startsWith(packedHead) ? packed.parse(JSON.parse(source)) : { text: source, files: [] };
}

/**
 * The key of a path below a folder of a bucket. The folder ends with `/` or is empty; so does a key that ends with `/`.
 */
export function keyBelow(folder: string, path: string, end: '' | '/' = ''): string {
  return path === '.' ? folder : `${folder}${path}${end}`;
}

/** The names in a folder of a bucket: the next parts of the keys below it. */
export function namesBelow(folder: string, keys: readonly string[]): readonly string[] {
  return [...new Set(keys.map((key) => key.slice(folder.length).replace(/\/.*$/s, '')))];
}

import type { z } from 'zod';
import { MusterError, oneLine } from '../base/errors.ts';

/** Keys and list indices from the top of the file. */
export type KeyPath = readonly (string | number)[];

/** A problem of a configuration, and where it is. */
export interface ConfigProblem {
  /** The file that has it, if it is not the configuration itself. */
  readonly file?: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** As in `scrape_configs[0].job_name`; empty for the file itself. */
  readonly path: string;
  readonly message: string;
}

/** Everything that is wrong with one configuration. The message shows the first problem and counts the others. */
export class ConfigError extends MusterError {
  readonly origin: string;
  /** In the order of the file; never empty. */
  readonly problems: readonly ConfigProblem[];

  constructor(origin: string, problems: readonly ConfigProblem[]) {
    super('config', summary(origin, problems));
    this.origin = origin;
    this.problems = problems;
  }
}

/** The most problems that are shown. The others are counted. */
export const maxShownProblems = 100;

/** One line for each problem: `muster.yml:12:7 scrape_configs[0].job_name: is required`; the first 100 are shown. */
export function formatProblems(origin: string, problems: readonly ConfigProblem[]): string {
  const lines = problems.slice(0, maxShownProblems).map((problem) => formatProblem(origin, problem));
  const more = problems.length - lines.length;
  return [...lines, ...(more > 0 ? [`and ${more.toLocaleString('en-US')} more`] : [])].join('\n');
}

/**
 * The path as text; a key that is not a plain word stands in quotes, up to its first odd character: a key such as
 * `password=secret` is a slip.
 */
export function formatKeyPath(path: KeyPath): string {
  return path
    .map((key, index) => {
      if (typeof key === 'number') return `[${key}]`;
      if (!/^[A-Za-z_][\w-]*$/.test(key)) return `[${JSON.stringify(shorten(key))}]`;
      return `${index === 0 ? '' : '.'}${shorten(key)}`;
    })
    .join('');
}

/** The problems in the order of the file, each once; those of the files that it names after its own. */
export function inFileOrder(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  const distinct = new Map(
    problems.map((problem) => [`${problem.file ?? ''}\n${problem.path}: ${problem.message}`, problem]),
  );
  const files = [...new Set(problems.map(({ file }) => file ?? ''))].sort();
  const place = new Map(files.map((file, index) => [file, index]));
  const order = ({ file = '' }: ConfigProblem) => place.get(file) ?? 0;
  return [...distinct.values()].sort((a, b) => order(a) - order(b) || a.line - b.line || a.column - b.column);
}

function formatProblem(
  origin: string,
  { file = origin, line, column, path, message }: ConfigProblem,
): string {
  return oneLine(`${file}:${line}:${column} ${path === '' ? '' : `${path}: `}${message}`);
}

function summary(origin: string, problems: readonly ConfigProblem[]): string {
  const [first] = problems;
  if (first === undefined) return `${origin}: the configuration is wrong`;
  const others = problems.length - 1;
  const rest = others === 0 ? '' : ` (and ${others} more ${others === 1 ? 'problem' : 'problems'})`;
  return `${formatProblem(origin, first)}${rest}`;
}

function shorten(key: string): string {
  const shown = /^[\w./-]{0,60}/.exec(key)?.[0] ?? '';
  return shown === key ? key : `${shown}…`;
}

/** A zod issue in the words of the configuration. An issue with several unknown keys becomes one problem for each. */
export function problemsOf(
  issue: z.core.$ZodIssue,
): readonly { readonly path: KeyPath; readonly message: string }[] {
  const path = issue.path.map((key) => (typeof key === 'number' ? key : String(key)));
  if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
  const messages = issue.message.split('\n');
  return issue.keys.map((key, index) => ({
    path: [...path, key],
    message: messages[index] ?? 'unknown key',
  }));
}

/** The message for a value of the wrong form. It never quotes the value, which may be a misplaced secret. */
export function expected(what: string, input: unknown): string {
  if (input === undefined) return 'is required';
  return input === null ? `is empty, must be ${what}` : `must be ${what}`;
}

/** `a, b and c`. */
export function enumerate(names: readonly string[], word = 'and'): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} ${word} ${names.at(-1)}`;
}

/** The candidate that the word most likely means, or `undefined` when none is similar enough. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  // If more than a third of the letters differ, it is another word. Long keys are cut: nobody mistypes a page of text.
  const limit = Math.max(1, Math.floor(Math.min(word.length, 60) / 3));
  let best: { readonly name: string; readonly distance: number } | undefined;
  for (const name of candidates) {
    if (Math.abs(name.length - word.length) > limit) continue;
    const distance = editDistance(word, name);
    if (distance <= limit && (best === undefined || distance < best.distance)) best = { name, distance };
  }
  return best?.name;
}

/** The number of letters to add, drop, change or swap with a neighbour to turn one word into the other. */
export function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const change = from[i - 1] === to[j - 1] ? 0 : 1;
      let cost = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + change);
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1])
        cost = Math.min(cost, at(beforeLast, j - 2) + 1);
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return at(last, to.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}

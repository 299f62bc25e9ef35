import { MusterError, oneLine } from '../errors.ts';

/** Keys and list indices from the top of the file. */
export type KeyPath = readonly (string | number)[];

/** One thing that is wrong with a configuration, and where. */
export interface ConfigProblem {
  /** The file that it is in, where that is another than the configuration itself. */
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

/** More problems are counted, not shown. */
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

import type { ErrorCode } from 'yaml';
import { type ConfigProblem, formatKeyPath, type KeyPath } from './problem.ts';
import { parseYaml } from './yaml-parse.ts';
import { buildTree, type Place } from './yaml-tree.ts';

/** A YAML file that was read, right or wrong. */
export interface YamlFile {
  /** Mappings, lists, texts, `YamlScalar`s and nulls; nothing where the syntax is broken. */
  readonly value: unknown;
  readonly problems: readonly ConfigProblem[];
  /** The problem with the place of the path, or of the nearest thing above it that is there. */
  readonly problemAt: (path: KeyPath, message: string) => ConfigProblem;
}

/** Largest configuration. Reading takes about two seconds for each MiB of the smallest possible lines. */
export const maxConfigBytes = 4 * 1024 * 1024;

/** Reads one YAML 1.2 document. Messages never quote the file, which may hold secrets. */
export function readYaml(text: string): YamlFile {
  if (Buffer.byteLength(text) > maxConfigBytes) return broken([tooLarge]);
  const { document, errors, lines } = parseYaml(text);
  const problemAtOffset = (offset: number, path: KeyPath, message: string): ConfigProblem => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1), path: formatKeyPath(path), message };
  };
  if (document === undefined)
    return broken(errors.map(({ offset, code }) => problemAtOffset(offset, [], explain(code))));
  const tree = buildTree(document.contents);
  return {
    value: tree.value,
    problems: tree.problems.map(({ offset, path, message }) => problemAtOffset(offset, path, message)),
    problemAt: (path, message) => problemAtOffset(offsetOf(tree.place, path), path, message),
  };
}

function offsetOf(root: Place, path: KeyPath): number {
  let place = root;
  for (const key of path) {
    const next = place.entries.get(key);
    if (next === undefined) break;
    place = next;
  }
  return place.offset;
}

const tooLarge = { line: 1, column: 1, path: '', message: `is over ${maxConfigBytes / 1024 / 1024} MiB` };

function broken(problems: readonly ConfigProblem[]): YamlFile {
  return {
    value: undefined,
    problems,
    problemAt: (path, message) => ({ line: 1, column: 1, path: formatKeyPath(path), message }),
  };
}

function explain(code: ErrorCode): string {
  return explanations[code] ?? 'is not YAML from here on';
}

/** The library's own messages quote the file. */
const explanations: Readonly<Partial<Record<ErrorCode, string>>> = {
  BAD_DQ_ESCAPE: 'unknown escape within double quotes; single quotes keep a backslash as it is',
  BAD_INDENT: 'wrong indentation, or a closing bracket or brace is missing',
  BAD_SCALAR_START: 'text that begins with this character must be quoted',
  BLOCK_AS_IMPLICIT_KEY: 'no mapping can begin here; text that holds ": " must be quoted',
  MISSING_CHAR: 'a quote, bracket, brace, comma or colon is missing',
  MULTILINE_IMPLICIT_KEY: 'a key must stand on one line; is a colon missing?',
  MULTIPLE_DOCS: 'a second YAML document begins here, only one is allowed',
  RESOURCE_EXHAUSTION: 'nested too deeply',
  TAB_AS_INDENT: 'a tab can not indent, use spaces',
  TAG_RESOLVE_FAILED: 'unknown tag, or a value that does not fit it; text that begins with ! must be quoted',
};

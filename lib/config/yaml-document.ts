import {
  Composer,
  type CST,
  type Document,
  type ErrorCode,
  Lexer,
  LineCounter,
  type ParsedNode,
  Parser,
} from 'yaml';
import { type ConfigProblem, formatKeyPath, type KeyPath } from './problem.ts';
import { buildTree, type Place } from './yaml-tree.ts';

/** A YAML file that was read, valid or not. */
export interface YamlFile {
  /** Mappings, lists, strings, `YamlScalar`s and nulls; undefined if the syntax is broken. */
  readonly value: unknown;
  readonly problems: readonly ConfigProblem[];
  /** The problem with the position of its path, or of the nearest existing path above it. */
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
  TAB_AS_INDENT: 'a tab cannot indent, use spaces',
  TAG_RESOLVE_FAILED: 'unknown tag, or a value that does not fit it; text that begins with ! must be quoted',
};

/** An error of the syntax, and where it is. */
interface YamlError {
  readonly offset: number;
  readonly code: ErrorCode;
}

/** The result of parsing: the first document, or the errors. */
interface ParsedYaml {
  readonly document: Document.Parsed<ParsedNode> | undefined;
  /** Empty if there is a document. */
  readonly errors: readonly YamlError[];
  readonly lines: LineCounter;
}

/** One mistake makes many errors, and each costs time. The first ones are enough. */
const maxErrors = 5;

/** The most collections that may be open at once. The library's time to find their ends grows with their number. */
const maxOpen = 200;

/**
 * Parses YAML 1.2. A text that this does not take is read once more as Go's YAML reads it: lines within brackets may be
 * indented by anything, tabs too, and brackets may stand right below their key.
 */
export function parseYaml(text: string): ParsedYaml {
  const strict = parseOnce(text, tokensOf);
  if (strict.document !== undefined || !/[[{]/.test(text)) return strict;
  const lenient = parseOnce(text, tokensAsInGo);
  return lenient.document === undefined ? strict : lenient;
}

type Tokens = (text: string, parser: Parser) => Generator<CST.Token>;

function parseOnce(text: string, tokens: Tokens): ParsedYaml {
  const lines = new LineCounter();
  lines.addNewLine(0);
  const parser = new Parser(lines.addNewLine);
  const composer = new Composer<ParsedNode>({
    // The tree reports duplicate keys and merges, because it knows their paths.
    uniqueKeys: false,
    merge: false,
    // Also below a %YAML 1.1 directive.
    schema: 'core',
    resolveKnownTags: false,
    logLevel: 'error',
    prettyErrors: false,
  });
  const errors: YamlError[] = [];
  // The library would continue, and report an error for each line of a large file.
  Reflect.set(composer, 'onError', (source: ErrorSource, code: ErrorCode) => {
    if (errors.length < maxErrors) errors.push({ offset: errorOffset(source), code });
    // The library may catch this and report it as one more error.
    if (errors.length === maxErrors) throw enough;
  });
  try {
    const [document, second] = composer.compose(tokens(text, parser), true, text.length);
    if (second !== undefined) errors.push({ offset: second.range[0], code: 'MULTIPLE_DOCS' });
    return { document: errors.length > 0 ? undefined : document, errors, lines };
  } catch (error) {
    if (error === tooDeep) errors.push({ offset: parser.offset, code: 'RESOURCE_EXHAUSTION' });
    else if (error !== enough) throw error;
    return { document: undefined, errors, lines };
  }
}

const tooDeep = new Error('nested too deeply');
const enough = new Error('enough errors');

/** The library's form of the position of an error. */
type ErrorSource = number | readonly number[] | { readonly offset: number };

function errorOffset(source: ErrorSource): number {
  if (typeof source === 'number') return source;
  return 'offset' in source ? source.offset : (source[0] ?? 0);
}

/** The lexer's token for the end of brackets that no bracket closes. */
const brokenOff = '\x18';

function* tokensOf(text: string, parser: Parser): Generator<CST.Token> {
  let broken = 0;
  for (const lexeme of new Lexer().lex(text)) {
    yield* next(parser, lexeme);
    if (lexeme === brokenOff && ++broken === maxErrors) break;
  }
  yield* parser.end();
}

function* next(parser: Parser, lexeme: string): Generator<CST.Token> {
  yield* parser.next(lexeme);
  if (parser.stack.length > maxOpen) throw tooDeep;
}

/** The lexer's token before a plain or a block text. Source: the package yaml, parse/cst. */
const textFollows = '\x1f';

function* tokensAsInGo(text: string, parser: Parser): Generator<CST.Token> {
  const lexer = new Lexer();
  let before = '';
  let level = 0;
  let indentation: unknown;
  // After `key:` and a line break.
  let afterColon = false;
  let onNewLine = false;
  for (const lexeme of lexer.lex(text)) {
    const isText = before === textFollows;
    const opens = !isText && (lexeme === '[' || lexeme === '{');
    const closes = !isText && level > 0 && (lexeme === ']' || lexeme === '}');
    if (opens && level === 0) {
      if (afterColon && onNewLine) {
        // The parser reads it as the value of the key if it is indented by one more.
        yield* next(parser, ' ');
        parser.offset -= 1;
      }
      // The lexer ends brackets at a line that is indented by less than this.
      indentation = Reflect.get(lexer, 'indentNext');
      Reflect.set(lexer, 'indentNext', 0);
    }
    if (closes && level === 1) Reflect.set(lexer, 'indentNext', indentation);
    level += Number(opens) - Number(closes);
    if (/^\r?\n/.test(lexeme) && !isText) onNewLine = true;
    else if (!/^[ \t#]/.test(lexeme) || isText) {
      afterColon = !isText && level === 0 && lexeme === ':';
      onNewLine = false;
    }
    before = lexeme;
    yield* next(parser, lexeme);
  }
  yield* parser.end();
}

import { isAscii } from 'node:buffer';
import { addressLabel, metaPrefix } from '../../targets/group.ts';
import {
  backslash,
  escapeFinder,
  type Finder,
  finderOf,
  firstOf,
  isAt,
  type LinePiece,
  nowhere,
  patternFinder,
  quote,
} from './pieces.ts';
import { type Clause, fitsValue, isAbsence, type Query, type Term } from './query.ts';

/** How the lines of a piece are judged as they stand there, as most can be without decoding them. */
export interface QueryTest {
  /** Where the next line may be that fits: a position in it. */
  readonly next: Finder;
  /** Whether all targets of the line fit, or none. */
  readonly test: LineTest;
}

type LineTest = (line: Line) => Verdict;

/** Where a line of one group is. */
export interface Line {
  readonly piece: LinePiece;
  readonly start: number;
  readonly end: number;
  /** From the first quote of the addresses to the last. */
  readonly addresses: number;
  readonly addressesEnd: number;
  /** Whether it has just one address, which stands there without an escape. */
  readonly isOne: boolean;
}

/** `undefined`: it has to be decoded. */
export type Verdict = boolean | undefined;

/** A part of a test. */
interface Part {
  /** Where the next line may be; absent if it can be any. */
  readonly next?: Finder | undefined;
  /** Bytes of the text that `next` looks for: the longer, the fewer lines have it. */
  readonly telling: number;
  readonly test: LineTest;
}

/** The test of a query. */
export function testOf(query: Query, names: NameFinders): QueryTest {
  if (query.length === 0) return { next: anyLine, test: () => true };
  const clauses = query.map((clause) => clausePart(clause, names)).sort((a, b) => b.telling - a.telling);
  const escapes = escapeFinder(query.some((clause) => clause.some(hasSlash)));
  const next = clauses[0]?.next;
  return {
    next: next === undefined ? anyLine : firstOf([next, escapes]),
    test(line) {
      if (escapes(line.piece, line.start) < line.end) return undefined;
      let all: Verdict = true;
      for (const { test } of clauses) {
        const verdict = test(line);
        if (verdict === false) return false;
        if (verdict === undefined) all = undefined;
      }
      return all;
    },
  };
}

const anyLine: Finder = (_, from) => from;

function hasSlash(term: Term): boolean {
  return term.text.includes('/') || (term.kind !== 'word' && term.name.includes('/'));
}

/** Finds names of labels: what several parts of a search look for is looked for once. */
export interface NameFinders {
  /** Finds where a label may have the name: what comes before it may belong to a longer one. */
  readonly key: (name: string) => Finder;
  /** Whether no label had the name so far: then its values are not looked for where it is not. */
  readonly isMissing: (name: string) => boolean;
}

/** Finders for a file. `missing` loses the names that are found. */
export function nameFinders(missing: ReadonlySet<string>): NameFinders {
  const finders = new Map<string, Finder>();
  return {
    key(name) {
      const finder = finders.get(name) ?? finderOf(keyText(name));
      finders.set(name, finder);
      return finder;
    },
    isMissing: (name) => missing.has(name),
  };
}

/** No text within JSON can hold a bare quote, so that this is the end of a name. */
function keyText(name: string): string {
  return `${quoted(name)}":"`;
}

/** As it stands within the quotes of JSON. */
function quoted(text: string): string {
  return JSON.stringify(text.toWellFormed()).slice(1, -1);
}

function clausePart(clause: Clause, names: NameFinders): Part {
  const parts = clause.map((term) => ({ ...termPart(term, names), not: term.not }));
  const nexts = parts.flatMap(({ next, not }) => (next === undefined || not ? [] : [next]));
  const isTelling = nexts.length === parts.length;
  return {
    next: isTelling ? firstOf(nexts) : undefined,
    telling: isTelling ? Math.min(...parts.map(({ telling }) => telling)) : -1,
    test(line) {
      let any: Verdict = false;
      for (const { test, not } of parts) {
        const found = test(line);
        if (found === !not) return true;
        if (found === undefined) any = undefined;
      }
      return any;
    },
  };
}

function termPart(term: Term, names: NameFinders): Part {
  if (term.kind === 'word') return wordPart(term.text);
  if (term.name === 'address' || term.name === addressLabel) return addressPart(term, names);
  return labelPart(term, names);
}

/** The longest run of characters that stand in JSON as they are. */
function longestPlain(text: string): string {
  return (text.match(/[ !#-[\]-~]+/g) ?? []).reduce((a, b) => (b.length > a.length ? b : a), '');
}

/**
 * The text in any case, in a file read byte by byte. Two letters have a form beyond ASCII that becomes them in lower case:
 * the Kelvin sign, and the I with a dot, whose dot stays behind.
 */
function inAnyCase(text: string): RegExp {
  const escaped = text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  return new RegExp(escaped.replace(/k/g, '(?:k|\\xe2\\x84\\xaa)').replace(/i$/, '(?:i|\\xc4\\xb0)'), 'gi');
}

function wordPart(word: string): Part {
  const text = word.toLowerCase();
  const plain = longestPlain(text);
  // What is not ASCII in lower case is not either as it stands.
  const isForeign = /[^\0-\x7f]/.test(text);
  // Between two strings stands only punctuation, so that a word with a letter or digit is within one.
  const isWhole = plain === text && /[a-z0-9]/.test(text);
  // The name of the address is not searched, even if a label has it.
  const unsearched = addressLabel.includes(text) ? finderOf(`"${keyText(addressLabel)}`) : undefined;
  const find = plain === '' ? anyLine : patternFinder(inAnyCase(plain));
  const next: Finder = (piece, from) => (isForeign && piece.isAscii() ? nowhere : find(piece, from));
  return {
    next,
    telling: plain.length,
    test({ piece, start, end, addresses, addressesEnd, isOne }) {
      if (isForeign && (piece.isAscii() || isAscii(piece.bytes.subarray(start, end)))) return false;
      if (plain === '') return undefined;
      let found: Verdict = false;
      for (let at = next(piece, addresses); at < end; at = next(piece, at + 1)) {
        const inLabels = at >= addressesEnd + afterTargets.length;
        if (!inLabels && at >= addressesEnd) continue;
        found = undefined;
        if (!isWhole || !(inLabels || isOne) || !isPlainAt(piece.bytes, at, plain.length)) continue;
        if (unsearched === undefined || unsearched(piece, addressesEnd) >= end) return true;
      }
      return found;
    },
  };
}

/** What stands between the addresses and the labels. */
export const afterTargets = Buffer.from('],"labels":{');

/** Whether bytes are ASCII and none of an escape, as the `n` of a line break would be, or the digits of a code. */
function isPlainAt(bytes: Buffer, at: number, length: number): boolean {
  if (bytes[at - 1] === backslash) return false;
  for (let before = at - 2; before >= at - 5; before -= 1)
    if (bytes[before] === backslash && bytes[before + 1] === letterU) return false;
  for (let index = 0; index < length; index += 1) if ((bytes[at + index] ?? 0) > 0x7f) return false;
  return true;
}

const letterU = 0x75;

type Compared = Term & { readonly kind: 'equals' | 'matches' };

/** An address, or a label that is called so. */
function addressPart(term: Compared, names: NameFinders): Part {
  const byLabel = labelPart(term, names).test;
  const fits = createFit(term);
  const byAddress: LineTest = ({ piece, addresses, addressesEnd, isOne }) =>
    isOne ? fits(piece.bytes, addresses + 1, addressesEnd - 1) : undefined;
  if (isAbsence(term))
    return {
      telling: -1,
      test: (line) => not(either(not(byAddress(line)), not(byLabel(line)))),
    };
  const text = `"${quoted(term.text)}"`;
  const isExact = term.kind === 'equals';
  return {
    next: isExact ? finderOf(text) : undefined,
    telling: isExact ? Buffer.byteLength(text) : -1,
    test: (line) => either(byAddress(line), byLabel(line)),
  };
}

function either(a: Verdict, b: Verdict): Verdict {
  if (a === true || b === true) return true;
  return a === undefined || b === undefined ? undefined : false;
}

function not(verdict: Verdict): Verdict {
  return verdict === undefined ? undefined : !verdict;
}

function labelPart(term: Compared, names: NameFinders): Part {
  const { name, text } = term;
  if (!isFindable(name)) return { telling: -1, test: () => undefined };
  if (isAbsence(term)) return { telling: -1, test: absenceTest(name, names.key(name)) };
  return term.kind === 'equals' ? equalsPart(name, text, names) : matchesPart(term, names.key(name));
}

function equalsPart(name: string, value: string, names: NameFinders): Part {
  const text = `${keyText(name)}${quoted(value)}"`;
  const [find, findKey] = [finderOf(text), names.key(name)];
  const next: Finder = (piece, from) =>
    names.isMissing(name) && findKey(piece, 0) === nowhere ? nowhere : find(piece, from);
  return { next, telling: Buffer.byteLength(text), test: labelTest(name, next, () => true) };
}

function matchesPart(term: Compared, key: Finder): Part {
  const length = Buffer.byteLength(keyText(term.name));
  const fits = createFit(term);
  const test = labelTest(term.name, key, (bytes, at) => {
    const start = at + length;
    const end = valueEnd(bytes, start);
    return end === -1 ? undefined : fits(bytes, start, end);
  });
  return { next: key, telling: length, test };
}

/** A label that is there has a value: an empty one means that it is not. */
function absenceTest(name: string, key: Finder): LineTest {
  const length = Buffer.byteLength(keyText(name));
  const test = labelTest(name, key, (bytes, at) => bytes[at + length] !== quote);
  return (line) => not(test(line));
}

/** Whether a label of this name is as wanted; `find` gives the places where one may be, by the end of its name. */
function labelTest(name: string, find: Finder, fits: (bytes: Buffer, at: number) => Verdict): LineTest {
  const isLong = name !== 'address';
  return ({ piece, addressesEnd, end }) => {
    let any: Verdict = false;
    for (let at = find(piece, addressesEnd); at < end; at = find(piece, at + 1)) {
      const isMeant = isNameAt(piece.bytes, at, isLong);
      if (isMeant === false) continue;
      const found = isMeant && fits(piece.bytes, at);
      if (found === true) return true;
      if (found === undefined) any = undefined;
    }
    return any;
  };
}

/**
 * Reads the values of labels, as they stand in JSON, in the order of their names; an empty one where there is none.
 * `undefined` if the line has to be decoded.
 */
export function valueReader(names: readonly string[]): (line: Line) => readonly string[] | undefined {
  const escapes = escapeFinder(names.some((name) => name.includes('/')));
  const keys = names.map((name) => `"${keyText(name)}`);
  const labels = keys.map((key) => ({ find: finderOf(key), length: Buffer.byteLength(key) }));
  return ({ piece, start, addressesEnd, end }) => {
    if (escapes(piece, start) < end) return undefined;
    const values: string[] = [];
    for (const { find, length } of labels) {
      const at = find(piece, addressesEnd);
      if (at < end && piece.bytes[at - 1] === backslash) return undefined;
      values.push(at < end ? rawValue(piece.bytes, at + length) : '');
    }
    return values;
  };
}

function rawValue(bytes: Buffer, start: number): string {
  let end = start;
  while (end < bytes.length && bytes[end] !== quote) end += bytes[end] === backslash ? 2 : 1;
  return bytes.toString('utf8', start, end);
}

/** Whether a name can be looked for: one of nothing but punctuation can seem to stand between two strings. */
export function isFindable(name: string): boolean {
  return /[^\s,:{}[\]]/.test(name);
}

/** Whether the name that goes on there is meant by the rest of it, as `__meta_consul_service` is by `service`. */
function isNameAt(bytes: Buffer, at: number, isLong: boolean): Verdict {
  let start = at - 1;
  while (start > 0 && bytes[start] !== quote && bytes[start] !== backslash) start -= 1;
  // An escape, be it of a quote, or before the name's end.
  if (bytes[start] === backslash || bytes[start - 1] === backslash) return undefined;
  return start === at - 1 || (isLong && bytes[at - 1] === underscore && isAt(bytes, start + 1, metaBytes));
}

const metaBytes = Buffer.from(metaPrefix);
const underscore = 0x5f;

/** The end of a value, before its quote; -1 where an escape is in it, or the file ends. */
function valueEnd(bytes: Buffer, start: number): number {
  let end = start;
  while (end < bytes.length && bytes[end] !== quote && bytes[end] !== backslash) end += 1;
  return bytes[end] === quote ? end : -1;
}

/** Whether the value between two positions fits a term. Values repeat, most of all from one line to the next. */
function createFit(term: Compared): (bytes: Buffer, start: number, end: number) => boolean {
  const known = new Map<string, boolean>();
  let last = Buffer.alloc(0);
  let lastFits = fitsValue(term, '');
  return (bytes, start, end) => {
    if (end - start === last.length && isAt(bytes, start, last)) return lastFits;
    const value = bytes.toString('latin1', start, end);
    lastFits = known.get(value) ?? fitsValue(term, bytes.toString('utf8', start, end));
    last = Buffer.from(value, 'latin1');
    if (known.size >= mostKnown) known.clear();
    known.set(value, lastFits);
    return lastFits;
  };
}

/** A few, as most of the values of a label that has many are asked for once. */
const mostKnown = 1000;

import { addressLabel } from '../../targets/group.ts';
import { type Clause, fitsName, fitsValue, isAbsence, type Query, type Term } from './query.ts';

/**
 * Judges a line of a target file as it stands there, as most lines can be without decoding them: whether all of its
 * targets fit, none does, or only decoding it tells.
 */
export type LineTest = (line: Line) => Verdict;

/** A line of one group. */
interface Line {
  /** The list of addresses, without its brackets. One character for each byte. */
  readonly addresses: string;
  /** From the brace before the labels on. */
  readonly labels: string;
}

/** `undefined`: it has to be decoded. */
export type Verdict = boolean | undefined;

/** The test of a query. */
export function lineTestOf(query: Query): LineTest {
  const clauses = query.map(clauseTest);
  return (line) => {
    let all: Verdict = true;
    for (const test of clauses) {
      const verdict = test(line);
      if (verdict === false) return false;
      if (verdict === undefined) all = undefined;
    }
    return all;
  };
}

function clauseTest(clause: Clause): LineTest {
  const tests = clause.map((term) => ({ test: termTest(term), not: term.not }));
  const [only] = tests;
  if (only !== undefined && tests.length === 1 && !only.not) return only.test;
  return (line) => {
    let any: Verdict = false;
    for (const { test, not } of tests) {
      const found = test(line);
      if (found === !not) return true;
      if (found === undefined) any = undefined;
    }
    return any;
  };
}

function termTest(term: Term): LineTest {
  if (term.kind === 'word') return wordTest(term.text);
  if (term.name === 'address' || term.name === addressLabel) return addressTest(term);
  return labelTest(term);
}

/** Text that every line with such a target has, in this case or in any; undefined if there is none. */
export function tellingText(term: Term): { readonly text: string; readonly exact: boolean } | undefined {
  if (term.not || isAbsence(term)) return undefined;
  if (term.kind === 'word') {
    const text = longestPlain(term.text);
    return text === '' ? undefined : { text, exact: false };
  }
  const isAddress = term.name === 'address' || term.name === addressLabel;
  if (term.kind === 'equals')
    return {
      text: bytesOf(isAddress ? `"${quoted(term.text)}"` : `${quoted(term.name)}":"${quoted(term.text)}"`),
      exact: true,
    };
  return isAddress ? undefined : { text: bytesOf(`${quoted(term.name)}":"`), exact: true };
}

/** The longest run of characters that stand in JSON as they are, and whose case is folded byte by byte. */
function longestPlain(text: string): string {
  return (text.match(/[ !#-[\]-~]+/g) ?? []).reduce((a, b) => (b.length > a.length ? b : a), '');
}

function bytesOf(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** As it stands within the quotes of JSON. */
function quoted(text: string): string {
  return JSON.stringify(text.toWellFormed()).slice(1, -1);
}

/** A literal text as an expression that finds it in any case. */
export function literal(text: string, flags: string): RegExp {
  return new RegExp(text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'), flags);
}

function wordTest(text: string): LineTest {
  const plain = longestPlain(text);
  if (plain === '') return () => undefined;
  const expression = literal(plain, 'i');
  // Between two strings stands only punctuation, so that a word with a letter or digit is within one.
  const isWhole = plain === text && /[a-z0-9]/i.test(text);
  return ({ addresses, labels }) => {
    const inLabels = expression.exec(labels);
    if (inLabels !== null) return isWhole && !isEscaped(labels, inLabels.index) ? true : undefined;
    if (!expression.test(addresses)) return false;
    return isWhole && isOne(addresses) ? true : undefined;
  };
}

/** Whether a piece of text may be one of an escape: the `n` of a line break, or the digits of a code. */
function isEscaped(text: string, at: number): boolean {
  return text.charCodeAt(at - 1) === backslash || text.slice(Math.max(0, at - 5), at).includes('\\u');
}

/** Whether it is a list of one address without an escape. */
function isOne(addresses: string): boolean {
  return !addresses.includes('","') && !addresses.includes('\\');
}

function addressTest(term: Term & { readonly kind: 'equals' | 'matches' }): LineTest {
  if (isAbsence(term)) return () => undefined;
  return ({ addresses }) => {
    if (!isOne(addresses)) return undefined;
    return fitsValue(term, textOf(addresses.slice(1, -1)));
  };
}

function labelTest(term: Term & { readonly kind: 'equals' | 'matches' }): LineTest {
  const key = bytesOf(`${quoted(term.name)}":"`);
  const isPlain = /^[\w.-]+$/.test(term.name);
  const known = new Map<string, boolean>();
  const fits = (value: string): boolean => {
    const before = known.get(value);
    if (before !== undefined) return before;
    const found = isAbsence(term) ? value !== '' : fitsValue(term, textOf(value));
    if (known.size >= mostKnown) known.clear();
    known.set(ownCopy(value), found);
    return found;
  };
  return ({ labels }) => {
    for (let at = labels.indexOf(key); at !== -1; at = labels.indexOf(key, at + 1)) {
      if (!isPlain) return undefined;
      const quote = labels.lastIndexOf('"', at - 1);
      if (labels.charCodeAt(quote - 1) === backslash) return undefined;
      if (!fitsName(term.name, labels.slice(quote + 1, at + term.name.length))) continue;
      const start = at + key.length;
      const value = labels.slice(start, labels.indexOf('"', start));
      // A value with an escape in it may not end there.
      if (value.includes('\\')) return undefined;
      if (fits(value)) return !isAbsence(term);
    }
    return isAbsence(term);
  };
}

/** Values whose fit is remembered: there are few of most labels. */
const mostKnown = 20_000;
const backslash = 0x5c;

/** The same text apart: a slice, kept, would keep the whole piece of the file that it was cut from. */
function ownCopy(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('latin1');
}

function textOf(bytes: string): string {
  return /[\x80-\xff]/.test(bytes) ? Buffer.from(bytes, 'latin1').toString() : bytes;
}

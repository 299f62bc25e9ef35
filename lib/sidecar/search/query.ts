import type { FileSdGroup } from '../../targets/file-sd.ts';
import { metaPrefix } from '../../targets/group.ts';

/**
 * One condition on a target.
 *
 * - `word`: the address, or the name or value of a label, contains it in any case.
 * - `equals`, `holds`: a label of this name has the value, or contains it in any case. The name may be short:
 *   `service` stands for any `__meta_…_service` too, `address` for the address.
 */
export type Term =
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'equals' | 'holds'; readonly name: string; readonly text: string };

/** All of the terms must hold; none of them is true of every target. */
export type Query = readonly Term[];

/** A label, or the address, as a target is searched. */
export type Field = readonly [name: string, value: string];

const longestQuery = 500;
const mostTerms = 10;

/** Reads `web-1 zone=eu "two words" tags~prod team="a b"`. Whatever else stands there is words. */
export function parseQuery(text: string): Query {
  const tokens = text
    .slice(0, longestQuery)
    .matchAll(/([^\s="~]+)([=~])(?:"([^"]*)"?|(\S*))|"([^"]*)"?|(\S+)/gu);
  return [...tokens].slice(0, mostTerms).flatMap(([, name, operator, quoted, bare, phrase, word]): Term[] => {
    if (name !== undefined)
      return [{ kind: operator === '=' ? 'equals' : 'holds', name, text: quoted ?? bare ?? '' }];
    const content = phrase ?? word ?? '';
    return content === '' ? [] : [{ kind: 'word', text: content }];
  });
}

/** Terms that are left to check in a file of this job and provider; `undefined` when no target in it can fit. */
export function narrowQuery(
  query: Query,
  file: { readonly job: string; readonly provider: string },
): Query | undefined {
  const own: Readonly<Record<string, string>> = { job: file.job, provider: file.provider };
  const rest: Term[] = [];
  for (const term of query) {
    const value = term.kind !== 'word' && Object.hasOwn(own, term.name) ? own[term.name] : undefined;
    if (value === undefined) rest.push(term);
    else if (!fitsValue(term, value)) return undefined;
  }
  return rest;
}

/** Indices of the addresses of a group that fit. */
export function fittingTargets(query: Query, { targets, labels }: FileSdGroup): readonly number[] {
  const fields = Object.entries(labels);
  // What the labels satisfy, all targets of the group satisfy.
  const rest = query.filter((term) => !fields.some((field) => fitsField(term, field)));
  return targets.flatMap((address, index) =>
    rest.every((term) => fitsField(term, ['__address__', address])) ? [index] : [],
  );
}

/** Whether a label or the address satisfies the term. */
export function fitsField(term: Term, [name, value]: Field): boolean {
  if (term.kind === 'word')
    return holds(value, term.text) || (name !== '__address__' && holds(name, term.text));
  return fitsName(term.name, name) && fitsValue(term, value);
}

/** Text that a line must have somewhere, in this case or in any. */
export interface Telling {
  readonly text: string;
  readonly exact: boolean;
}

/**
 * Texts that every line with a fitting target has, the longest first, to find these lines without decoding the others.
 * None where the query has no such text.
 */
export function tellingTexts(query: Query): readonly Telling[] {
  return query
    .map(tellingText)
    .filter(({ text }) => text !== '')
    .sort((a, b) => b.text.length - a.text.length);
}

function tellingText(term: Term): Telling {
  if (term.kind !== 'equals') {
    // The case of other letters is not folded byte by byte.
    const runs = term.text.match(/[ !#-[\]-~]+/g) ?? [];
    return { text: runs.reduce((a, b) => (b.length > a.length ? b : a), ''), exact: false };
  }
  const value = `"${quoted(term.text)}"`;
  const isAddress = term.name === 'address' || term.name === '__address__';
  return { text: isAddress ? value : `${quoted(term.name)}":${value}`, exact: true };
}

function fitsName(wanted: string, name: string): boolean {
  if (wanted === name) return true;
  if (wanted === 'address') return name === '__address__';
  return name.startsWith(metaPrefix) && name.endsWith(`_${wanted}`);
}

function fitsValue(term: Term, value: string): boolean {
  return term.kind === 'equals' ? value === term.text : holds(value, term.text);
}

function holds(value: string, text: string): boolean {
  return value.toLowerCase().includes(text.toLowerCase());
}

/** As it stands within the quotes of JSON. */
function quoted(text: string): string {
  return JSON.stringify(text.toWellFormed()).slice(1, -1);
}

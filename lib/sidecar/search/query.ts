import { RE2JS, RE2JSException } from 're2js';
import { MusterError } from '../../base/errors.ts';
import type { FileSdGroup } from '../../targets/file-sd-reader.ts';
import { addressLabel, metaPrefix } from '../../targets/group.ts';

/**
 * One condition on a target. `not` turns it round.
 *
 * - `word`: the address, or the name or value of a label, contains it in any case.
 * - `equals`: a label of this name has the value; an empty value means that there is no such label.
 * - `matches`: the value of a label of this name has the regular expression (RE2) somewhere in it, in any case.
 *
 * A name may be short: `service` stands for any `__meta_…_service` too, `address` for the address.
 */
export type Term =
  | { readonly kind: 'word'; readonly text: string; readonly not: boolean }
  | {
      readonly kind: 'equals' | 'matches';
      readonly name: string;
      readonly text: string;
      readonly not: boolean;
    };

/** Alternatives: one of these terms must hold. */
export type Clause = readonly Term[];

/** All of the clauses must hold; none of them is true of every target. Plain data, so that a thread can be given it. */
export type Query = readonly Clause[];

/** A label, or the address, as a target is searched. */
export type Field = readonly [name: string, value: string];

const longestQuery = 500;
const mostTerms = 20;

/**
 * An operator with its value, quoted or bare; a phrase; or a word. Each may be turned round by `-` or `!` before it.
 */
const token = /([-!](?=[^\s]))?(?:([^\s="~!]+)(=~|!=|!~|=|~)(?:"([^"]*)"?|(\S*))|"([^"]*)"?|(\S+))/gu;

/**
 * Reads `web-1 zone=eu team!="a b" tags~^prod -canary service=web OR service=api`. `OR` binds what stands on both sides
 * of it. Everything else is words. Throws kind `config` for a wrong regular expression of RE2.
 */
export function parseQuery(text: string): Query {
  const clauses: Term[][] = [];
  let terms = 0;
  let joins = false;
  for (const [whole, turned, name, operator = '', quoted, bare, phrase, word] of text
    .slice(0, longestQuery)
    .matchAll(token)) {
    if (whole === 'OR') {
      joins = clauses.length > 0;
      continue;
    }
    const term = termOf({ turned, name, operator, value: quoted ?? bare ?? '', word: phrase ?? word ?? '' });
    if (term === undefined) continue;
    terms += 1;
    if (terms > mostTerms) break;
    const last = clauses.at(-1);
    if (joins && last !== undefined) last.push(term);
    else clauses.push([term]);
    joins = false;
  }
  return clauses;
}

interface Token {
  readonly turned: string | undefined;
  readonly name: string | undefined;
  readonly operator: string;
  readonly value: string;
  readonly word: string;
}

function termOf({ turned, name, operator, value, word }: Token): Term | undefined {
  const not = (turned !== undefined) !== operator.startsWith('!');
  if (name === undefined) return word === '' ? undefined : { kind: 'word', text: word, not };
  if (!operator.endsWith('~')) return { kind: 'equals', name, text: value, not };
  compiled(value);
  return { kind: 'matches', name, text: value, not };
}

/** Compiled expressions: a query asks the same of each label. */
const expressions = new Map<string, RE2JS>();
const mostExpressions = 100;

function compiled(source: string): RE2JS {
  const found = expressions.get(source);
  if (found !== undefined) return found;
  try {
    const expression = RE2JS.compile(source, RE2JS.CASE_INSENSITIVE);
    if (expressions.size >= mostExpressions) expressions.clear();
    expressions.set(source, expression);
    return expression;
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    throw new MusterError('config', `${source} is not a regular expression of RE2: ${error.message}`);
  }
}

/** Clauses that are left to check in a file of this job and provider; `undefined` when no target in it can fit. */
export function narrowQuery(
  query: Query,
  { job, provider }: { readonly job: string; readonly provider: string },
): Query | undefined {
  const own: Readonly<Record<string, string>> = { job, provider, mechanism: providerMechanism(provider) };
  const rest: Clause[] = [];
  for (const clause of query) {
    const known = clause.map((term) => {
      const value = term.kind !== 'word' && Object.hasOwn(own, term.name) ? own[term.name] : undefined;
      return value === undefined ? term : fitsValue(term, value) !== term.not;
    });
    if (known.includes(true)) continue;
    const open = known.filter((one) => typeof one !== 'boolean');
    if (open.length === 0) return undefined;
    rest.push(open);
  }
  return rest;
}

/** The mechanism of a provider, by its name: `consul` of `consul-eu`. */
export function providerMechanism(provider: string): string {
  return provider.split('-', 1)[0] ?? '';
}

/** Indices of the addresses of a group that fit. */
export function fittingTargets(query: Query, { targets, labels }: FileSdGroup): readonly number[] {
  const fields = Object.entries(labels);
  // What the labels satisfy, all targets of the group satisfy.
  const judged = query.map((clause) => clause.map((term) => ({ term, byLabels: holdsIn(term, fields) })));
  return targets.flatMap((address, index) =>
    judged.every((clause) =>
      clause.some(({ term, byLabels }) => {
        const byAddress = holdsIn(term, [[addressLabel, address]]);
        return (isAbsence(term) ? byLabels && byAddress : byLabels || byAddress) !== term.not;
      }),
    )
      ? [index]
      : [],
  );
}

/** Whether a target with these labels, its address among them, fits. */
export function fitsLabels(query: Query, fields: readonly Field[]): boolean {
  return query.every((clause) => clause.some((term) => holdsIn(term, fields) !== term.not));
}

function holdsIn(term: Term, fields: readonly Field[]): boolean {
  if (isAbsence(term)) return !fields.some(([name, value]) => value !== '' && fitsName(term.name, name));
  return fields.some((field) => fitsField(term, field));
}

/** Whether the term asks for a label that is not there. */
export function isAbsence(term: Term): term is Term & { readonly kind: 'equals' } {
  return term.kind === 'equals' && term.text === '';
}

/** Whether a label or the address satisfies the term, if it is not turned round. */
export function fitsField(term: Term, [name, value]: Field): boolean {
  if (term.kind === 'word')
    return holds(value, term.text) || (name !== addressLabel && holds(name, term.text));
  return fitsName(term.name, name) && fitsValue(term, value);
}

/** Whether a name of a query means the label of this name. */
export function fitsName(wanted: string, name: string): boolean {
  if (wanted === name) return true;
  if (wanted === 'address') return name === addressLabel;
  return name.startsWith(metaPrefix) && name.endsWith(`_${wanted}`);
}

/** Whether a value is as the term says, if it is not turned round. */
export function fitsValue({ kind, text }: Term, value: string): boolean {
  if (kind === 'equals') return value === text;
  return kind === 'word' ? holds(value, text) : compiled(text).test(value);
}

function holds(value: string, text: string): boolean {
  return value.toLowerCase().includes(text.toLowerCase());
}

/** What of a field to mark: the pieces that made it fit. */
export function foundIn(query: Query, field: Field): readonly string[] {
  return query.flat().flatMap((term) => {
    if (term.not || !fitsField(term, field)) return [];
    if (term.kind !== 'matches') return [term.text];
    const matcher = compiled(term.text).matcher(field[1]);
    return matcher.find() ? [matcher.group() ?? ''] : [];
  });
}

/** The names of labels that a query asks for. */
export function namesIn(query: Query): readonly string[] {
  return [...new Set(query.flat().flatMap((term) => (term.kind === 'word' ? [] : [term.name])))];
}

/** A condition as it is typed, as in `service="a b"`. */
export function termText(name: string, value: string): string {
  return `${name}=${/[\s"]/.test(value) || value === '' ? `"${value}"` : value}`;
}

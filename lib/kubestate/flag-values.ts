import * as z from 'zod';
import { leaf, list, mapOf } from '../config/fields.ts';
import { isMapping } from '../config/scalar.ts';
import { type JsonSchema, scalarShape, withShape } from '../config/shape.ts';
import { type LabelLists, parseLabelList } from './text/label-list.ts';

/**
 * A list as one of kube-state-metrics's flags takes it: a text is split at its commas, and what is empty is left out.
 * Taken too are a list of such texts, and the mapping that its configuration file has, whose keys count. `read` makes a
 * value of each; `undefined` means that it is not `what` it should be. Source: pkg/options, types.
 */
export function flagList<Value>(
  what: string,
  read: (text: string) => Value | undefined,
): z.ZodType<readonly Value[]> {
  const several = leaf(what, (source) => {
    const values: Value[] = [];
    for (const text of splitFlag(source)) {
      const value = read(text);
      if (value === undefined) return undefined;
      values.push(value);
    }
    return values;
  });
  const texts = withShape(list(several), { what: `a list, each ${what}`, json: flagShape });
  return z.preprocess(asList, texts).transform((found) => found.flat());
}

const flagShape: JsonSchema = {
  anyOf: [scalarShape, { type: 'array', items: scalarShape }, { type: 'object' }],
};

/** Names that are taken as they are. */
export function flagNames(what: string): z.ZodType<readonly string[]> {
  return flagList(what, (text) => text);
}

/**
 * Regular expressions, as ECMAScript has them; options such as `(?i)` may stand in front. Source: kube-state-metrics,
 * pkg/allowdenylist.
 */
export function flagPatterns(): z.ZodType<readonly RegExp[]> {
  return flagList('a regular expression', readPattern);
}

/**
 * Labels by resource: a text such as `pods=[app,team],nodes=[*]`, a list of such texts, or a mapping as in
 * `{pods: [app, team]}`.
 */
export function labelLists(): z.ZodType<LabelLists> {
  const texts = list(leaf('a list of labels, as in pods=[app,team] or nodes=[*]', parseLabelList)).transform(
    (lists): LabelLists => Object.assign({}, ...lists),
  );
  const mapping: z.ZodType<LabelLists> = mapOf(
    list(leaf('a label, with one * at most', (key) => (isLabelPattern(key) ? key.trim() : undefined))),
  );
  const labels = 'labels by resource, as in pods=[app,team]';
  return withShape(z.unknown(), { what: labels, json: flagShape }).transform((input, context) => {
    const schema = isMapping(input) ? mapping : texts;
    const parsed = schema.safeParse(isMapping(input) ? input : asList(input));
    if (parsed.success) return parsed.data;
    for (const { message, path } of parsed.error.issues)
      context.addIssue({ code: 'custom', message, path: [...path] });
    return z.NEVER;
  });
}

function isLabelPattern(key: string): boolean {
  return key.trim() !== '' && key.split('*').length <= 2;
}

function asList(input: unknown): unknown {
  if (Array.isArray(input) || input === undefined) return input;
  return isMapping(input) ? Object.keys(input) : [input];
}

/** A comma between the two numbers of a repetition, as in `a{1,3}`, is none of the list's. */
function splitFlag(source: string): readonly string[] {
  return source
    .split(/,(?!\d*\})/)
    .map((text) => text.trim())
    .filter((text) => text !== '');
}

function readPattern(source: string): RegExp | undefined {
  const [options = '', letters = ''] = /^\(\?([imns]+)\)/.exec(source) ?? [];
  try {
    // Without groups that are read, `n`, which names them alone, changes nothing.
    return new RegExp(source.slice(options.length), [...new Set(letters)].join('').replace('n', ''));
  } catch {
    return undefined;
  }
}

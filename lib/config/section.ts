import * as z from 'zod';
import { isMapping, scalarText } from './fields.ts';
import { enumerate, expected, type KeyPath, maxShownProblems, nearest } from './problem.ts';
import { withShape } from './shape.ts';

/** The keys of a section, each with the schema of its value. */
export type Fields = Readonly<Record<string, z.ZodType>>;

/** What a section with these keys is after parsing. */
export type SectionOf<F extends Fields> = z.output<z.ZodObject<F, z.core.$strict>>;

/** What a section accepts beside its keys, and its messages for other keys. */
export interface SectionOptions {
  /** Keys that are accepted and ignored. */
  readonly ignored?: readonly string[];
  /** A message for an unknown key that is better than the nearest known key. */
  readonly hint?: (key: string) => string | undefined;
}

/**
 * A mapping with these keys and no others. A key without a value counts as absent. Its problems: not a mapping; an
 * unknown key, with the nearest known one.
 */
export function section<const F extends Fields>(fields: F, { ignored = [], hint }: SectionOptions = {}) {
  const known = [...Object.keys(fields), ...ignored];
  const error: z.core.$ZodErrorMap = (issue) => {
    if (issue.code !== 'unrecognized_keys') return expected('a mapping', issue.input);
    // The issue has all keys: `problemsOf` makes a problem of each.
    // Searching the nearest key for a hundred thousand keys takes seconds, and only these are shown.
    return issue.keys
      .map((key, at) => hint?.(key) ?? (at < maxShownProblems ? unknownKey(key, known) : 'unknown key'))
      .join('\n');
  };
  return z.preprocess(
    (input) => {
      if (!isMapping(input)) return scalarText(input) ?? input;
      const isKept = ([key, value]: readonly [string, unknown]) =>
        Object.hasOwn(fields, key) ? value !== null : !ignored.includes(key);
      return Object.fromEntries(Object.entries(input).filter(isKept));
    },
    withShape(z.strictObject(fields, { error }), { ignored }),
  );
}

/**
 * A condition between keys of one section, for `.check(…)`. `find` says what is wrong, if anything; it runs once all
 * the keys that it reads are valid, even if others are not. The problem is put at the first of the
 * keys that is there.
 */
export function rule<Config, const Key extends keyof Config & string>(
  reads: readonly Key[],
  find: (config: Pick<Config, Key>) => string | undefined,
): z.core.$ZodCheck<Config> {
  return findings<Config, Key>(reads, (config) => {
    const message = find(config);
    const key = reads.find((name) => config[name] !== undefined) ?? reads[0];
    return message === undefined ? [] : [{ path: key === undefined ? [] : [key], message }];
  });
}

/** The same for a condition that may fail in several places below the section. */
export function findings<Config, const Key extends keyof Config & string>(
  reads: readonly Key[],
  find: (config: Pick<Config, Key>) => readonly { readonly path: KeyPath; readonly message: string }[],
): z.core.$ZodCheck<Config> {
  return z.superRefine<Config>(
    (config, context) => {
      for (const { path, message } of find(config))
        context.addIssue({
          code: 'custom',
          message,
          path: [...path],
          continue: true,
          params: { rule: true },
        });
    },
    { when: ({ issues }) => !issues.some((issue) => spoils(issue, reads)) },
  );
}

/** The condition that at most one of the keys is there. A key with an empty text counts as absent, as in Prometheus. */
export function atMostOne<Config, const Key extends keyof Config & string>(
  ...keys: readonly Key[]
): z.core.$ZodCheck<Config> {
  return rule<Config, Key>(keys, (config) => {
    const present = keys.filter((key) => config[key] !== undefined && config[key] !== '');
    return present.length > 1 ? `at most one of ${enumerate(keys)} may be configured` : undefined;
  });
}

function unknownKey(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  return near === undefined ? 'unknown key' : `unknown key, did you mean "${near}"?`;
}

/** Whether the issue makes one of the keys unreadable. Unknown keys and other rules' findings do not. */
function spoils(issue: z.core.$ZodRawIssue, reads: readonly string[]): boolean {
  const path = issue.path ?? [];
  if (path.length === 0) return issue.code !== 'unrecognized_keys';
  if (path.length === 1 && issue.code === 'custom' && issue.params?.rule === true) return false;
  return reads.some((key) => key === path[0]);
}

import type { ZodType } from 'zod';
import * as z from 'zod';
import { MusterError } from '../base/errors.ts';

/**
 * The JSON of a body, checked by the schema. Throws `malformed`; the message says what arrived instead, or the path of
 * the first bad field, and never quotes the body.
 */
export function decodeJson<T>(body: Uint8Array, contentType: string | undefined, schema: ZodType<T>): T {
  return checkShape(schema, parseJson(decodeText(body), contentType, body.length), 'JSON');
}

/**
 * The value, checked by the schema. Throws `malformed` with the path of the first bad field. `format` names what was
 * read.
 */
export function checkShape<T>(schema: ZodType<T>, value: unknown, format: 'JSON' | 'XML'): T {
  const result = checked(schema, value);
  if (result.success) return result.data;
  const [path, message] = worstIssue(result.error.issues, []);
  const place = showPath(path);
  throw new MusterError('malformed', `unexpected ${format}: ${place === '' ? '' : `${place}: `}${message}`);
}

/** The text of a body. Throws `malformed` if it is not UTF-8. */
export function decodeText(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw new MusterError('malformed', 'the answer is not valid UTF-8');
  }
}

function parseJson(text: string, contentType: string | undefined, bytes: number): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // The parser's message quotes the text, so only its position is used.
    throw new MusterError(
      'malformed',
      `expected JSON, got ${instead(text, contentType, bytes, String(error))}`,
    );
  }
}

function instead(text: string, contentType: string | undefined, bytes: number, reason: string): string {
  if (text.trim() === '') return 'an empty body';
  const type = contentType?.split(';')[0]?.trim().slice(0, 100) ?? '';
  if (type !== '' && !/json/i.test(type)) return type;
  if (/end of JSON input|Unterminated/.test(reason)) return `JSON that breaks off after ${bytes} bytes`;
  const position = /position (\d+)/.exec(reason)?.[1];
  return `text that is not JSON${position === undefined ? '' : ` from character ${position}`}`;
}

function checked<T>(schema: ZodType<T>, value: unknown): ReturnType<ZodType<T>['safeParse']> {
  try {
    return schema.safeParse(value);
  } catch (error) {
    // A schema that follows the value's depth runs out of stack on 100,000 nested arrays.
    if (error instanceof RangeError) throw new MusterError('malformed', 'unexpected JSON: nested too deeply');
    throw error;
  }
}

type Path = readonly PropertyKey[];
type Issues = Exclude<ReturnType<ZodType['safeParse']>['error'], undefined>['issues'];

/** The first issue; for a union, that of the alternative that got furthest. */
function worstIssue(issues: Issues, base: Path): readonly [Path, string] {
  const [issue] = issues;
  if (issue === undefined) return [base, 'not as expected'];
  const path = [...base, ...issue.path];
  if (issue.code !== 'invalid_union' || issue.errors.length === 0)
    return [path, issue.message.replace(/^Invalid input: /, '').slice(0, 200)];
  const alternatives = issue.errors.map((errors) => worstIssue(errors, path));
  return alternatives.reduce((best, other) => (other[0].length > best[0].length ? other : best));
}

function showPath(path: Path): string {
  const steps = path.map((step) => {
    if (typeof step === 'number') return `[${step}]`;
    const name = String(step).slice(0, 100);
    return /^[\w-]+$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
  });
  return steps.join('').replace(/^\./, '');
}

/**
 * Fields of JSON that a Go or Scala program writes: an empty text, list or map may come as null or not at all,
 * depending on the program's version.
 */
export const textField = z
  .string()
  .nullish()
  .transform((value) => value ?? '');

/** A whole number, 0 if it is missing. */
export const intField = z
  .int()
  .nullish()
  .transform((value) => value ?? 0);

/** A boolean, `false` if it is missing. */
export const flagField = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);

/** An object of such fields. If it is missing, all its fields count as missing. */
export function structField<const Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.preprocess((input) => input ?? {}, z.object(shape));
}

/** A body that is a list. An empty list may be null; everything else is refused. */
export function listBody<Item>(item: z.ZodType<Item>) {
  return z
    .array(item)
    .nullable()
    .transform((value) => value ?? []);
}

/** A list of such items, empty if it is missing. */
export function listField<Item>(item: z.ZodType<Item>) {
  return z
    .array(item)
    .nullish()
    .transform((value) => value ?? []);
}

/** An object of arbitrary keys, empty if it is missing. */
export function mapField<Value>(value: z.ZodType<Value>) {
  return anyMap(value)
    .nullish()
    .transform((map) => map ?? new Map<string, Value>());
}

/** An object of arbitrary keys as a Map, in which a key like `__proto__` is a key like any other. */
export function anyMap<Value>(value: z.ZodType<Value>) {
  return z.preprocess(
    (input) => (isObject(input) ? new Map(Object.entries(input)) : input),
    z.map(z.string(), value),
  );
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

import * as z from 'zod';
import { enumerate, expected } from './problem.ts';
import { type JsonSchema, scalarOrNullShape, scalarShape, withShape } from './shape.ts';

/** Any scalar, as its text in the file. Without a default the key is required, unless `.optional()`. */
export function text(): Leaf<string>;
export function text(byDefault: string): WithDefault<string>;
export function text(byDefault?: string): Leaf<string> | WithDefault<string> {
  return withDefault(anyText, byDefault);
}

/** Like `text`, but neither empty nor blank. */
export function nonEmptyText(): Leaf<string>;
export function nonEmptyText(byDefault: string): WithDefault<string>;
export function nonEmptyText(byDefault?: string): Leaf<string> | WithDefault<string> {
  return withDefault(filledText, byDefault);
}

/** One of these words. */
export function oneOf<const Word extends string>(words: readonly Word[]): Leaf<Word>;
export function oneOf<const Word extends string>(
  words: readonly Word[],
  byDefault: NoInfer<Word>,
): WithDefault<Word>;
export function oneOf<const Word extends string>(words: readonly Word[], byDefault?: Word) {
  const read = (source: string) => words.find((word) => word === source);
  return withDefault(leaf(enumerate(words, 'or'), read, { enum: [...words] }), byDefault);
}

/** `true` or `false`, and the other spellings that Go's YAML takes for a boolean (`yes`, `off`, …). */
export function bool(): Leaf<boolean>;
export function bool(byDefault: boolean): WithDefault<boolean>;
export function bool(byDefault?: boolean): Leaf<boolean> | WithDefault<boolean> {
  return withDefault(anyBoolean, byDefault);
}

/** The bounds of a number, both included. */
export interface NumberOptions {
  readonly min?: number;
  readonly max?: number;
}

/** A whole number in decimal digits. */
export function int(options?: NumberOptions): Leaf<number>;
export function int(options: NumberOptions, byDefault: number): WithDefault<number>;
export function int(options: NumberOptions = {}, byDefault?: number): Leaf<number> | WithDefault<number> {
  return withDefault(numeric('a whole number', wholeNumber, options), byDefault);
}

/** A number, with a fraction or not. */
export function number(options?: NumberOptions): Leaf<number>;
export function number(options: NumberOptions, byDefault: number): WithDefault<number>;
export function number(options: NumberOptions = {}, byDefault?: number): Leaf<number> | WithDefault<number> {
  return withDefault(numeric('a number', /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/, options), byDefault);
}

/** The bounds of a duration. */
export interface DurationOptions {
  /** Whether `0` is allowed. Default: no. */
  readonly zero?: boolean;
}

/** A duration in Prometheus's syntax, as milliseconds. The default has the same syntax: `duration('30s')`. */
export function duration(byDefault?: undefined, options?: DurationOptions): Leaf<number>;
export function duration(byDefault: string, options?: DurationOptions): WithDefault<number>;
export function duration(byDefault?: string, { zero = false }: DurationOptions = {}) {
  return withDefault(zero ? anyDuration : positiveDuration, byDefault);
}

/** Any value, as YAML's core schema reads it. */
export function anyValue(): z.ZodType<unknown> {
  return z.unknown().transform(plainValue);
}

/** A list of such values. Absent means empty. */
export function list<Item extends z.ZodType>(item: Item) {
  return z.array(item, { error: ({ input }) => expected('a list', input) }).default([]);
}

/** A list of strings. Absent means empty. */
export function stringList() {
  return list(text());
}

/** A mapping of any keys to such values; `{}` if it is absent. */
export function mapOf<Value extends z.ZodType>(value: Value) {
  return z.record(z.string(), value, { error: ({ input }) => expected('a mapping', input) }).default({});
}

/** A mapping of any keys to strings; a key without a value holds the empty string, as in Go's YAML. */
export function stringMap() {
  return mapOf(z.preprocess((input) => input ?? '', leaf('text', wellFormed, scalarOrNullShape)));
}

/** Such a scalar or none. An absent key and an empty text are both `undefined`, as in Prometheus. */
export function unlessEmpty<Value>(schema: Leaf<Value>) {
  const orAbsent = withShape(schema.optional(), { orEmpty: true });
  return z.preprocess((input) => (scalarText(input) === '' ? undefined : input), orAbsent);
}

/** An absolute `http:` or `https:` URL. Credentials have keys of their own, so that no log shows them. */
export function url(): Leaf<URL> {
  const read = (source: string) => {
    const parsed = URL.parse(source);
    const plain = parsed !== null && parsed.username === '' && parsed.password === '';
    return plain && /^https?:$/.test(parsed.protocol) ? parsed : undefined;
  };
  return leaf('an http:// or https:// URL without credentials', read, { type: 'string' });
}

/**
 * A scalar that `read` turns into a value; `undefined` means that the scalar is wrong. `json` says of it what a
 * JSON schema can say.
 */
export function leaf<Value>(
  what: string,
  read: (source: string) => Value | undefined,
  json = scalarShape,
): Leaf<Value> {
  return withShape(z.unknown(), { what, json }).transform((input, context) => {
    const source = scalarText(input);
    const value = source === undefined ? undefined : read(source);
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message: expected(what, input) });
    return z.NEVER;
  });
}

/** The schema of one scalar. */
export type Leaf<Value> = z.ZodType<Value>;

/** The same, for a key that may be left out. */
export type WithDefault<Value> = z.ZodPrefault<Leaf<Value>>;

function withDefault<Value>(schema: Leaf<Value>, byDefault: unknown): Leaf<Value> | WithDefault<Value> {
  return byDefault === undefined ? schema : schema.prefault(byDefault);
}

function numeric(
  what: string,
  syntax: RegExp,
  { min = -Infinity, max = Infinity }: NumberOptions,
): Leaf<number> {
  const read = (source: string) => {
    const value = syntax.test(source) ? Number(source) : Number.NaN;
    return value >= min && value <= max ? value : undefined;
  };
  const bounds = {
    ...(min !== -Infinity && { minimum: min }),
    ...(max !== Infinity && { maximum: max }),
  };
  const type = syntax === wholeNumber ? 'integer' : 'number';
  return leaf(`${what}${range(min, max)}`, read, {
    type: [type, 'string'],
    pattern: syntax.source,
    ...bounds,
  });
}

const wholeNumber = /^[-+]?(?:0|[1-9]\d*)$/;

function range(min: number, max: number): string {
  if (max !== Infinity) return min === -Infinity ? `, ${max} at most` : ` from ${min} to ${max}`;
  return min === -Infinity ? '' : `, ${min} at least`;
}

/** Half a surrogate pair cannot be sent, stored or encoded. */
function wellFormed(source: string): string | undefined {
  return source.isWellFormed() ? source : undefined;
}

/** Source: the table in yaml.v2, resolve.go. */
const booleans = new Map([
  ...spellings(true, 'y', 'yes', 'on', 'true'),
  ...spellings(false, 'n', 'no', 'off', 'false'),
]);

/** The two spellings that an editor offers. */
const booleanShape: JsonSchema = {
  anyOf: [{ type: 'boolean' }, { enum: [...booleans.keys()] }],
};

function spellings(value: boolean, ...words: readonly string[]) {
  return words.flatMap((word) => {
    const capitalized = `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
    return [word, capitalized, word.toUpperCase()].map((spelling) => [spelling, value] as const);
  });
}

/**
 * A plain YAML scalar that YAML takes for something other than text (`0123`, `true`, `1.10`). Both are kept, as in
 * Go's YAML: a key that holds text gets the source, so that `password: 0123` is `0123`.
 */
export class YamlScalar {
  /** The text in the file. */
  readonly source: string;
  /** Its value in YAML's core schema. */
  readonly value: number | boolean | bigint;

  constructor(source: string, value: number | boolean | bigint) {
    this.source = source;
    this.value = value;
  }
}

/** The scalar's text; `undefined` for a mapping, a list, or nothing. */
export function scalarText(input: unknown): string | undefined {
  if (typeof input === 'string') return input;
  if (input instanceof YamlScalar) return input.source;
  if (typeof input === 'number' || typeof input === 'boolean' || typeof input === 'bigint') return `${input}`;
  return undefined;
}

/** Whether it is a mapping of keys to values. */
export function isMapping(input: unknown): input is object {
  return (
    typeof input === 'object' && input !== null && !Array.isArray(input) && !(input instanceof YamlScalar)
  );
}

/** The same tree with each scalar as the value that YAML's core schema gives it. */
export function plainValue(input: unknown): unknown {
  if (input instanceof YamlScalar) return input.value;
  if (Array.isArray(input)) return input.map(plainValue);
  if (!isMapping(input)) return input;
  return Object.fromEntries(Object.entries(input).map(([key, value]) => [key, plainValue(value)]));
}

const unit = {
  y: 365 * 86_400_000,
  w: 7 * 86_400_000,
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
};

/** Prometheus keeps durations as 64-bit nanoseconds: about 292 years. */
const longest = 2 ** 63 / 1e6;

const syntax = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;

/** A regular expression for the same strings, without a limit of their length. */
export const durationPattern = `^(?:0$|(?=\\d)${syntax.source.slice(1, -1)}$)`;

/** A text that is a duration, or `0`. */
export const durationShape: JsonSchema = {
  type: ['string', 'integer'],
  pattern: durationPattern,
  minimum: 0,
  maximum: 0,
};

/**
 * Milliseconds of a duration in Prometheus's syntax: `0`, or whole numbers with the units y, w, d, h, m, s, ms, each
 * at most once and from the biggest to the smallest. A year has 365 days. `undefined` for any other text.
 * Source: prometheus/common, model.ParseDuration.
 */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  const counts = text === '' ? undefined : syntax.exec(text)?.slice(1);
  if (counts === undefined) return undefined;
  const total = Object.values(unit).reduce((sum, size, index) => sum + Number(counts[index] ?? 0) * size, 0);
  return total < longest ? total : undefined;
}

/** Milliseconds in Prometheus's syntax: `5400000` is `1h30m`, `0` is `0s`. Source: model.Duration.String. */
export function formatDuration(milliseconds: number): string {
  let rest = milliseconds;
  let text = '';
  for (const [name, size] of Object.entries(unit)) {
    // Years and weeks only without a remainder: 90d reads better than 12w6d.
    if (rest < size || ((name === 'y' || name === 'w') && rest % size !== 0)) continue;
    text += `${Math.floor(rest / size)}${name}`;
    rest %= size;
  }
  return text === '' ? '0s' : text;
}

// One schema serves all keys that hold the same: each start would make hundreds otherwise.
const anyText = leaf('text', wellFormed);
const filledText = leaf('text that is not empty', (source) =>
  source.trim() === '' ? undefined : wellFormed(source),
);
const anyBoolean = leaf('true or false', (source) => booleans.get(source), booleanShape);
const durationForms = 'a duration such as 30s, 5m or 1h30m';
const anyDuration = leaf(durationForms, parseDuration, durationShape);
const positiveDuration = leaf(
  `${durationForms}, longer than 0`,
  (source) => parseDuration(source) || undefined,
  durationShape,
);

import { approximateQuantity } from '../quantity.ts';

/** Finds a value within another one. Undefined if any part of the path is missing. */
export type Path = (value: unknown) => unknown;

/**
 * Compiles a path. A step is a key, an index of a list (negative: from its end), or a lookup in a list such as `[name=a]`.
 * A path without steps finds the value itself. Source: kube-state-metrics, "Path Syntax".
 */
export function pathOf(steps: readonly string[]): Path {
  const walk = steps.map((step) => (isLookup(step) ? lookup(step.slice(1, -1)) : keyOrIndex(step)));
  return (value) => {
    let found = value;
    for (const walkOn of walk) {
      if (isNil(found)) return undefined;
      found = walkOn(found);
    }
    return found ?? undefined;
  };
}

/** Whether the step is a lookup in brackets. */
export function isLookup(step: string): boolean {
  return step.length > 1 && step.startsWith('[') && step.endsWith(']');
}

/** Finds the first object of a list whose key has the value: the same string, or an equal number or boolean. */
function lookup(term: string): Path {
  const [key, wanted] = cut(term);
  const number = toNumber(wanted);
  const boolean = booleans.get(wanted);
  const isWanted = (candidate: unknown) =>
    candidate === wanted ||
    (number !== undefined && toNumber(candidate) === number) ||
    (boolean !== undefined && candidate === boolean);
  return (value) => {
    if (!isList(value)) return undefined;
    return value.find((item) => isObject(item) && Object.hasOwn(item, key) && isWanted(item[key]));
  };
}

/** The strings that Go's ParseBool accepts. */
const booleans: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((word) => [word, true] as const),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((word) => [word, false] as const),
]);

/** In an object, `key=value` finds the value if it is that string; otherwise the whole step is a key. */
function keyOrIndex(step: string): Path {
  const parts = step.split('=');
  const [key, wanted] = parts.length === 2 ? parts : [];
  const index = /^[+-]?\d+$/.test(step) ? Number(step) : undefined;
  return (value) => {
    if (isObject(value)) {
      if (key !== undefined && wanted !== undefined && valueAt(value, key) === wanted) return wanted;
      return valueAt(value, step);
    }
    return isList(value) && index !== undefined ? value.at(index) : undefined;
  };
}

function cut(term: string): readonly [key: string, value: string] {
  const at = term.indexOf('=');
  return [term.slice(0, at), term.slice(at + 1)];
}

/** A JSON object. Only its own keys count. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether the value is an object, not a list or null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether the value is a list. */
export function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** Whether the value is null or absent, which are the same in Go. */
export function isNil(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

/** Returns the value of the object's own key; undefined without it. */
export function valueAt(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/**
 * Converts a JSON value to the number of a gauge; undefined if it is not a number. Source: kube-state-metrics,
 * docs/metrics/extend/customresourcestate-metrics, "Type conversion and special handling".
 */
export function toNumber(value: unknown, nilIsZero = false): number | undefined {
  if (isNil(value)) return nilIsZero ? 0 : undefined;
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'boolean') return value ? 1 : 0;
  return typeof value === 'string' ? numberOf(value) : undefined;
}

/** In the order in which kube-state-metrics tries them. */
function numberOf(text: string): number | undefined {
  const word = words.get(text.toLowerCase());
  return word ?? unixTime(text) ?? quantity(text) ?? percentage(text) ?? goFloat(text);
}

/** The status of a condition, and other words for true and false. */
const words: ReadonlyMap<string, number> = new Map([
  ['true', 1],
  ['yes', 1],
  ['false', 0],
  ['no', 0],
  ['unknown', 0],
]);

/** An RFC 3339 time as whole seconds of Unix time. */
function unixTime(text: string): number | undefined {
  const match = rfc3339.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  const [, , , , , , , sign, offsetHours = '0', offsetMinutes = '0'] = match;
  if (hour > 23 || minute > 59 || second > 59 || Number(offsetHours) > 24 || Number(offsetMinutes) > 60)
    return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const offset = (Number(offsetHours) * 60 + Number(offsetMinutes)) * (sign === '-' ? -60 : 60);
  return date.getTime() / 1000 + hour * 3600 + minute * 60 + second - offset;
}

/** Go's parser also accepts an hour of one digit, and a comma instead of the dot. */
const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d?):(\d\d):(\d\d)(?:[.,]\d+)?(?:Z|([+-])(\d\d):(\d\d))$/;

/** In Go a lone sign, dot or suffix is the quantity zero. */
function quantity(text: string): number | undefined {
  return /^(?=.)[+-]?\.?(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/.test(text) ? 0 : approximateQuantity(text);
}

function percentage(text: string): number | undefined {
  return /^\d+%$/.test(text) ? Number(text.slice(0, -1)) / 100 : undefined;
}

/** The rest of Go's ParseFloat. Decimal numbers without `_` were already read as quantities. */
function goFloat(spelt: string): number | undefined {
  const isHex = /^[+-]?0x/i.test(spelt);
  const text = spelt.replace(isHex ? /(?<=[\da-fx])_(?=[\da-f])/gi : /(?<=\d)_(?=\d)/g, '');
  if (text !== spelt && /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) {
    const value = Number(text);
    return Number.isFinite(value) ? value : undefined;
  }
  if (/^nan$/i.test(text)) return Number.NaN;
  if (/^[+-]?inf(?:inity)?$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  const match = /^([+-]?)0x([\da-f]*)(?:\.([\da-f]*))?p([+-]?\d{1,4})$/i.exec(text);
  const [, sign, whole = '', fraction = '', exponent] = match ?? [];
  if (whole === '' && fraction === '') return undefined;
  const value = Number(BigInt(`0x${whole}${fraction}`)) * 2 ** (Number(exponent) - 4 * fraction.length);
  if (value === Infinity) return undefined;
  return sign === '-' ? -value : value;
}

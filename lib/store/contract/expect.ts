import { AssertionError } from 'node:assert';
import { inspect, isDeepStrictEqual } from 'node:util';

/** Matches any number. */
export const anyNumber = Symbol('any number');

/** Matches any text with this beginning, because each driver has its own messages. */
export function startingWith(start: string): { readonly [begins]: string } {
  return { [begins]: start };
}

const begins = Symbol('begins');

/** Assertions on a value, each of which throws an `AssertionError` that shows both sides. */
interface Expected {
  /** Equal in all parts. Bytes are compared by content, and a key without a value counts as absent. */
  toEqual(expected: unknown): void;
  /** Equal in the parts that the expected value has. */
  toMatchObject(expected: unknown): void;
  toBe(expected: unknown): void;
  toDifferFrom(expected: unknown): void;
  toHaveLength(length: number): void;
  toBeAtMost(limit: number): void;
}

/** Begins an assertion. It needs no test library, so that any can run the suite. */
export function expect(actual: unknown): Expected {
  const check = (good: boolean, expected: unknown): void => {
    if (good) return;
    const message = `expected ${inspect(expected, { depth: 6 })}, but it is ${inspect(actual, { depth: 6 })}`;
    throw new AssertionError({ message, actual, expected });
  };
  return {
    toEqual: (expected) => check(isDeepStrictEqual(plain(actual, expected), plain(expected)), expected),
    toMatchObject: (expected) => check(matches(actual, expected), expected),
    toBe: (expected) => check(Object.is(actual, expected), expected),
    toDifferFrom: (expected) => check(!Object.is(actual, expected), expected),
    toHaveLength: (length) => check(lengthOf(actual) === length, length),
    toBeAtMost: (limit) => check(typeof actual === 'number' && actual <= limit, limit),
  };
}

function lengthOf(value: unknown): unknown {
  if (typeof value === 'string') return value.length;
  return isRecord(value) ? value.length : undefined;
}

/** The value as objects and lists without prototypes. Where the pattern has `anyNumber`, so has a number. */
function plain(value: unknown, pattern?: unknown): unknown {
  if (pattern === anyNumber && typeof value === 'number') return anyNumber;
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('base64') };
  if (Array.isArray(value))
    return value.map((item, index) => plain(item, Array.isArray(pattern) ? pattern[index] : undefined));
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).filter(([, part]) => part !== undefined);
  const parts = isRecord(pattern) ? pattern : {};
  return Object.fromEntries(entries.map(([key, part]) => [key, plain(part, parts[key])]));
}

function matches(actual: unknown, expected: unknown): boolean {
  if (Array.isArray(expected))
    return (
      Array.isArray(actual) &&
      actual.length === expected.length &&
      expected.every((part, index) => matches(actual[index], part))
    );
  if (isRecord(expected) && begins in expected)
    return typeof actual === 'string' && actual.startsWith(String(expected[begins]));
  if (!isRecord(expected) || expected instanceof Uint8Array)
    return isDeepStrictEqual(plain(actual, expected), plain(expected));
  return isRecord(actual) && Object.entries(expected).every(([key, part]) => matches(actual[key], part));
}

function isRecord(value: unknown): value is Readonly<Record<string | symbol, unknown>> {
  return typeof value === 'object' && value !== null;
}

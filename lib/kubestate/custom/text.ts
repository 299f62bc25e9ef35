import { compare } from '../../target/canonical.ts';
import { formatNumber } from '../text/number.ts';
import { isList, isNil, isObject } from './json.ts';

/** Above any object of an API server that is not out to do harm. */
const maxDepth = 200;

/**
 * A JSON value as the value of a label: what Go prints of it with `%v`, as in `map[a:1 b:[x y]]`. What is nested too
 * deeply is `…`.
 */
export function labelText(value: unknown): string {
  return print(value, 0);
}

function print(value: unknown, depth: number): string {
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value === 'number') return numberText(value);
  if (isNil(value)) return '<nil>';
  if (depth === maxDepth) return '…';
  if (isList(value)) return `[${value.map((item) => print(item, depth + 1)).join(' ')}]`;
  if (!isObject(value)) return String(value);
  const entries = Object.entries(value).sort(([a], [b]) => compare(a, b));
  return `map[${entries.map(([key, inner]) => `${key.toWellFormed()}:${print(inner, depth + 1)}`).join(' ')}]`;
}

/** Go prints all digits of a whole number of 64 bits; those past 2^53 are bigints. */
function numberText(value: number): string {
  return Number.isSafeInteger(value) ? `${value}` : formatNumber(value);
}

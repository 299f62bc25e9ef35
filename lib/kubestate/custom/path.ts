import { isList, isNil, isObject, valueAt } from './json.ts';
import { toNumber } from './number.ts';

/** Finds a value in another one; `undefined` where any part of the path is missing. */
export type Path = (value: unknown) => unknown;

/**
 * The path of these steps, each a key, an index of a list (from its end where negative), or a lookup in a list such as
 * `[name=a]`. Without a step it finds the value itself. Source: kube-state-metrics, "Path Syntax".
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

/** Whether the step stands in brackets. */
export function isLookup(step: string): boolean {
  return step.length > 1 && step.startsWith('[') && step.endsWith(']');
}

/** The first object of a list whose key has the value: the same text, or as a number or boolean the same. */
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

/** What Go's ParseBool takes. */
const booleans: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((word) => [word, true] as const),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((word) => [word, false] as const),
]);

/** In an object `key=value` finds the value where it is that text, else what stands at the whole step. */
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

import { compare } from '../../target/canonical.ts';
import { sanitizeName } from '../text/label-names.ts';
import { isNil, isObject } from './json.ts';
import { pathOf } from './path.ts';
import { labelText } from './text.ts';

/** Labels by name, while they are put together. */
export type Labels = Map<string, string>;

/** Adds what a value has for labels; later ones stand over earlier ones of the same name. */
export type AddLabels = (value: unknown, labels: Labels) => void;

/**
 * Labels whose values are found at paths. A name that begins or ends with `*` brings all keys of the object at its
 * path, behind what stands before a `*` at its end; those come first, in the order of their names, so that a label of
 * its own name stands over them.
 */
export function labelsFrom(labelsFromPath: Readonly<Record<string, readonly string[]>>): AddLabels {
  const all = Object.entries(labelsFromPath).map(([name, steps]) => ({ name, find: pathOf(steps) }));
  const stars = all.filter(({ name }) => isStar(name)).sort((a, b) => compare(a.name, b.name));
  const named = all.filter(({ name }) => !isStar(name));
  return (value, labels) => {
    for (const { name, find } of stars) {
      const found = find(value);
      if (!isObject(found)) continue;
      const prefix = name.endsWith('*') ? name.slice(0, -1) : '';
      for (const [key, inner] of Object.entries(found))
        labels.set(labelName(`${prefix}${key}`), labelText(inner));
    }
    for (const { name, find } of named) {
      const found = find(value);
      if (!isNil(found)) labels.set(labelName(name), labelText(found));
    }
  };
}

/**
 * A name without what no label may have in its name. One that kube-state-metrics writes although it still is none, such
 * as `1st`, would make all of the text unreadable: it gets a `_` in front.
 */
function labelName(name: string): string {
  const clean = sanitizeName(name);
  return /^[a-zA-Z_]/.test(clean) && clean !== '__name__' ? clean : `_${clean}`;
}

function isStar(name: string): boolean {
  return name.startsWith('*') || name.endsWith('*');
}

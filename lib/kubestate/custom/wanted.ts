import type { CustomResource } from './config.ts';
import { isObject, type JsonObject, valueAt } from './json.ts';
import { isLookup } from './path.ts';

/** What of an object is read: all of it, or what some of its keys hold. */
export type Wanted = 'all' | ReadonlyMap<string, Wanted>;

/** What the metrics of a resource read. Below what a metric is about, all is read. */
export function wantedBy({ labelsFromPath, metrics }: CustomResource): Wanted {
  const paths = [
    ...Object.values(labelsFromPath),
    ...metrics.flatMap((metric) => [...Object.values(metric.labelsFromPath), metric.each.path]),
  ];
  return treeOf(paths);
}

/** The value with no more than what is wanted of it. Lists stay whole. */
export function keepWanted(value: unknown, wanted: Wanted): unknown {
  if (wanted === 'all' || !isObject(value)) return value;
  return Object.fromEntries(entriesOf(value, wanted));
}

function* entriesOf(value: JsonObject, wanted: ReadonlyMap<string, Wanted>): Iterable<[string, unknown]> {
  for (const [key, inner] of wanted)
    if (Object.hasOwn(value, key)) yield [key, keepWanted(valueAt(value, key), inner)];
}

function treeOf(paths: readonly (readonly string[])[]): Wanted {
  if (paths.some(([first]) => first === undefined || isLookup(first) || first.includes('='))) return 'all';
  const byKey = Map.groupBy(paths, ([first = '']) => first);
  return new Map([...byKey].map(([key, below]) => [key, treeOf(below.map((path) => path.slice(1)))]));
}

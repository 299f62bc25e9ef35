import type { LabelSet } from './group.ts';
import { sanitizeLabelName } from './labels.ts';

/**
 * A label for each key, prefix in front: in sorted order, so that of keys which become one name always the same wins,
 * the last.
 */
export function mapLabels(prefix: string, map: ReadonlyMap<string, string>): LabelSet {
  const keys = [...map.keys()].sort();
  return Object.fromEntries(keys.map((key) => [prefix + sanitizeLabelName(key), map.get(key) ?? '']));
}

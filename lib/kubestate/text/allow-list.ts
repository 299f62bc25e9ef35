/** Chooses, of keys and values in turn, those which may become labels. */
export type Allow = (map: readonly string[]) => readonly string[];

/**
 * The choice of an element of `metric_labels_allowlist` or `metric_annotations_allowlist`: keys, of which `*` alone
 * and in front stands for all, and one `*` within a key for anything.
 */
export function allowKeys(keys: readonly string[]): Allow {
  if (keys[0] === '*') return (map) => map;
  const plain = new Set(keys.filter((key) => !key.includes('*')));
  const patterns = keys.filter((key) => key.includes('*') && key !== '*').map(patternOf);
  return (map) => {
    const allowed: string[] = [];
    for (let index = 0; index < map.length; index += 2) {
      const key = map[index] ?? '';
      if (plain.has(key) || patterns.some((pattern) => pattern.test(key)))
        allowed.push(key, map[index + 1] ?? '');
    }
    return allowed;
  };
}

function patternOf(key: string): RegExp {
  const parts = key.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}

import { compare } from '../../targets/canonical.ts';

/** Prometheus labels of a map of Kubernetes labels or annotations, in the order of its keys. */
export interface NamedLabels {
  readonly names: readonly string[];
  readonly values: readonly string[];
}

/**
 * Converts keys and values in turn to Prometheus labels. A name is the prefix and the key in snake case. When two keys have
 * the same name, both get a suffix. Source: kube-state-metrics, docs/metrics, "Conflict resolution in label names".
 */
export function toPrometheusLabels(prefix: string, map: readonly string[]): NamedLabels {
  const entries = sortedEntries(map);
  const names: string[] = [];
  const taken = new Map<string, number>();
  const conflicts = new Map<string, number>();
  const nextFree = (base: string): string => {
    for (let count = (conflicts.get(base) ?? 0) + 1; ; count++) {
      const candidate = `${base}_conflict${count}`;
      if (taken.has(candidate)) continue;
      conflicts.set(base, count);
      return candidate;
    }
  };
  for (const [key] of entries) {
    const base = `${prefix}_${nameOf(key)}`;
    let name = base;
    const first = taken.get(base);
    if (conflicts.has(base)) name = nextFree(base);
    else if (first !== undefined) {
      const renamed = nextFree(base);
      taken.delete(base);
      names[first] = renamed;
      taken.set(renamed, first);
      name = nextFree(base);
    }
    taken.set(name, names.length);
    names.push(name);
  }
  return { names, values: entries.map(([, value]) => value) };
}

/** Replaces each character that a label name cannot have with `_`. */
export function sanitizeName(name: string): string {
  return name.replace(/[^a-zA-Z0-9_]/gu, '_');
}

const known = new Map<string, string>();

/** Keys repeat from object to object. */
function nameOf(key: string): string {
  const found = known.get(key);
  if (found !== undefined) return found;
  const name = sanitizeName(key)
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase();
  if (known.size < 10_000) known.set(key, name);
  return name;
}

function sortedEntries(map: readonly string[]): readonly (readonly [string, string])[] {
  const entries: (readonly [string, string])[] = [];
  for (let index = 0; index < map.length; index += 2) entries.push([map[index] ?? '', map[index + 1] ?? '']);
  return entries.sort(([a], [b]) => compare(a, b));
}

/** Keys of labels or annotations by resource; the resource `*` means all. */
export type LabelLists = Readonly<Record<string, readonly string[]>>;

/**
 * Parses a value of `--metric-labels-allowlist`, as in `pods=[app,team/*],nodes=[*]`. A key has at most one `*`. Undefined
 * if it is invalid. Source: kube-state-metrics, docs/developer/cli-arguments.
 */
export function parseLabelList(source: string): LabelLists | undefined {
  const lists: [string, readonly string[]][] = [];
  let rest = source.trim();
  while (rest !== '') {
    const match = /^\s*([^\s=,[\]]+)=\[([^[\]=]*)\]\s*(?:,(?=\s*\S)|$)/.exec(rest);
    if (match === null) return undefined;
    const [whole, resource = '', inside = ''] = match;
    const keys = inside.trim() === '' ? [] : inside.split(',').map((key) => key.trim());
    if (keys.some((key) => key === '' || key.split('*').length > 2)) return undefined;
    lists.push([resource, keys]);
    rest = rest.slice(whole.length);
  }
  return lists.length === 0 ? undefined : Object.fromEntries(lists);
}

/** Selects the entries that may become labels, from keys and values in turn. */
export type Allow = (map: readonly string[]) => readonly string[];

/**
 * Returns the selection of an entry of `metric_labels_allowlist` or `metric_annotations_allowlist`. `*` as the first key
 * selects all entries; a `*` within a key matches any characters.
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

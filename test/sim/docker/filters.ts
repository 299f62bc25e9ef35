import type { DockerContainer } from './containers.ts';
import type { SwarmNode, SwarmService, SwarmTask } from './swarm.ts';

/** Filters as a query has them: names to values, of which one must fit, for labels all. */
export type Filters = ReadonlyMap<string, readonly string[]>;

/** How an object fits a value of each filter that its kind knows. */
export type Matchers<Item> = Readonly<Record<string, (item: Item, value: string) => boolean>>;

/** The filters of the query; undefined where it is not what Docker takes for filters. */
export function readFilters(query: URLSearchParams): Filters | undefined {
  try {
    const value: unknown = JSON.parse(query.get('filters') ?? '{}');
    if (typeof value !== 'object' || value === null) return undefined;
    return new Map(Object.entries(value).map(([name, set]) => [name, Object.keys(set ?? {})]));
  } catch {
    return undefined;
  }
}

/** Those that fit all filters, or the name of the filter that this kind doesn't know. */
export function applyFilters<Item>(
  items: readonly Item[],
  filters: Filters,
  matchers: Matchers<Item>,
): { readonly found: readonly Item[] } | { readonly unknown: string } {
  const unknown = [...filters.keys()].find((name) => matchers[name] === undefined);
  if (unknown !== undefined) return { unknown };
  const fits = (item: Item) =>
    [...filters].every(([name, values]) => {
      const match = (value: string) => matchers[name]?.(item, value) ?? false;
      return /label$/.test(name) ? values.every(match) : values.some(match);
    });
  return { found: items.filter(fits) };
}

export const containerMatchers: Matchers<DockerContainer> = {
  id: ({ id }, value) => id.startsWith(value),
  name: ({ names }, value) => names.some((name) => name.includes(value)),
  label: ({ labels }, value) => hasLabel(labels, value),
  status: ({ state }, value) => state === value,
  network: ({ networks }, value) =>
    value in networks || Object.values(networks).some((endpoint) => endpoint?.networkId === value),
};

export const serviceMatchers: Matchers<SwarmService> = {
  id: ({ id }, value) => id.startsWith(value),
  name: ({ name }, value) => name.startsWith(value),
  label: ({ labels }, value) => hasLabel(labels, value),
  mode: ({ mode }, value) => mode.toLowerCase() === value.replace('-', ''),
};

export const taskMatchers: Matchers<SwarmTask> = {
  id: ({ id }, value) => id.startsWith(value),
  service: ({ serviceId }, value) => serviceId.startsWith(value),
  node: ({ nodeId }, value) => nodeId !== '' && nodeId.startsWith(value),
  'desired-state': ({ desiredState }, value) => desiredState === value,
};

export const nodeMatchers: Matchers<SwarmNode> = {
  id: ({ id }, value) => id.startsWith(value),
  name: ({ hostname }, value) => hostname.startsWith(value),
  role: ({ manager }, value) => (manager ? 'manager' : 'worker') === value,
  'node.label': ({ labels }, value) => hasLabel(labels, value),
};

/** `key` or `key=value`. */
function hasLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const [key = '', ...value] = wanted.split('=');
  return Object.hasOwn(labels, key) && (value.length === 0 || labels[key] === value.join('='));
}

import { isMapping } from '../../config/fields.ts';
import { formatKeyPath, type KeyPath, nearest } from '../../config/problem.ts';

/** What of a configuration is read. */
export interface Tidied {
  readonly value: unknown;
  /** A line for each key that is not read. */
  readonly warnings: readonly string[];
}

/**
 * Leaves out the keys that nobody reads: kube-state-metrics takes a configuration that has such, and says nothing.
 * Source: docs/metrics/extend/customresourcestate-metrics.
 */
export function withoutUnknownKeys(input: unknown): Tidied {
  const warnings: string[] = [];
  const value = tidy(input, configuration, [], (path, known) => {
    const near = nearest(String(path.at(-1)), known);
    const hint = near === undefined ? '' : `, did you mean "${near}"?`;
    warnings.push(`${formatKeyPath(path)}: unknown key, it is not read${hint}`);
  });
  return { value, warnings };
}

/** The keys of a mapping, each with what it may hold; `[shape]` is a list of such. */
type Shape = 'any' | readonly [Shape] | { readonly [key: string]: Shape };

const labels = { commonLabels: 'any', labelsFromPath: 'any' } as const;
const found = { path: 'any', labelsFromPath: 'any' } as const;

const each = {
  type: 'any',
  gauge: { ...found, labelFromKey: 'any', valueFrom: 'any', nilIsZero: 'any' },
  stateSet: { ...found, labelName: 'any', list: 'any', valueFrom: 'any' },
  info: { ...found, labelFromKey: 'any' },
} as const;

const configuration: Shape = {
  apiVersion: 'any',
  kind: 'any',
  spec: {
    resources: [
      {
        groupVersionKind: { group: 'any', version: 'any', kind: 'any' },
        metricNamePrefix: 'any',
        ...labels,
        resourcePlural: 'any',
        errorLogV: 'any',
        metrics: [{ name: 'any', help: 'any', ...labels, errorLogV: 'any', each }],
      },
    ],
  },
};

type Tell = (path: KeyPath, known: readonly string[]) => void;

function tidy(input: unknown, shape: Shape, path: KeyPath, tell: Tell): unknown {
  if (shape === 'any') return input;
  if (isListShape(shape)) {
    const [item] = shape;
    return Array.isArray(input) ? input.map((one, at) => tidy(one, item, [...path, at], tell)) : input;
  }
  if (!isMapping(input)) return input;
  const kept = Object.entries(input).flatMap(([key, value]): [string, unknown][] => {
    const inner = Object.hasOwn(shape, key) ? shape[key] : undefined;
    if (inner !== undefined) return [[key, tidy(value, inner, [...path, key], tell)]];
    tell([...path, key], Object.keys(shape));
    return [];
  });
  return Object.fromEntries(kept);
}

function isListShape(shape: Exclude<Shape, 'any'>): shape is readonly [Shape] {
  return Array.isArray(shape);
}

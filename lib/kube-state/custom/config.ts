import * as z from 'zod';
import * as field from '../../config/fields.ts';
import { formatKeyPath, type KeyPath, nearest } from '../../config/problem.ts';
import { rule, section } from '../../config/section.ts';
import { anyCaseShape, withShape } from '../../config/shape.ts';
import { isLookup } from './path.ts';

/** A path: keys, indices, and lookups such as `[name=a]`. */
const path = () => field.list(field.leaf('a key, an index or a lookup as in "[name=a]"', readStep));

/** Labels of fixed values, and labels whose values are found in an object. */
const labels = {
  commonLabels: field.stringMap().check(labelNames()),
  labelsFromPath: field.mapOf(path()),
};

const found = { path: path(), labelsFromPath: labels.labelsFromPath };
const labelName = () => field.leaf('a name for a label', (name) => (isLabelName(name) ? name : undefined));
const labelFromKey = field.unlessEmpty(labelName());

const eachFields = section({
  // In any case, as kube-state-metrics takes it.
  type: field.leaf(
    'Gauge, StateSet or Info',
    (name) => types.find((type) => type === name.toLowerCase()),
    anyCaseShape(['Gauge', 'StateSet', 'Info']),
  ),
  gauge: section({ ...found, labelFromKey, valueFrom: path(), nilIsZero: field.bool(false) }).optional(),
  stateSet: section({
    ...found,
    labelName: field.unlessEmpty(labelName()),
    list: field.list(field.text()),
    valueFrom: path(),
  }).optional(),
  info: section({ ...found, labelFromKey }).optional(),
});

const types = ['gauge', 'stateset', 'info'] as const;

type EachFields = z.output<typeof eachFields>;

const each = eachFields.transform((keys, context): Each => {
  const each = describedBy(keys);
  if (each !== undefined) return each;
  context.addIssue({
    code: 'custom',
    message: `needs the key ${keyOf[keys.type]} beside it`,
    path: ['type'],
  });
  return z.NEVER;
});

const metric = section({
  name: field.leaf('a name for a metric', (name) => (/^[a-zA-Z0-9_:]+$/.test(name) ? name : undefined)),
  help: field.text(''),
  ...labels,
  errorLogV: field.int({}, 0),
  each,
});

const resourceFields = section({
  groupVersionKind: section({
    group: field
      .leaf('the name of an API group', (name) =>
        name === '' || name === '*' ? '' : isApiName(name) ? name : undefined,
      )
      .prefault(''),
    version: apiNameOrAny(),
    kind: apiNameOrAny(),
  }),
  metricNamePrefix: field
    .leaf('the beginning of a name for a metric, or empty', (prefix) =>
      /^(?:[a-zA-Z_:][a-zA-Z0-9_:]*)?$/.test(prefix) ? prefix : undefined,
    )
    .prefault('kube_customresource'),
  ...labels,
  resourcePlural: field
    .leaf('a plural as in the paths of the API, or empty', (plural) =>
      plural === '' || isApiName(plural) ? plural : undefined,
    )
    .prefault(''),
  errorLogV: field.int({}, 0),
  metrics: field.list(metric),
});

type ResourceFields = z.output<typeof resourceFields>;

const resource = resourceFields.check(
  rule<ResourceFields, 'metrics' | 'metricNamePrefix'>(['metrics', 'metricNamePrefix'], (keys) => {
    const bad = keys.metrics.find(({ name }) => keys.metricNamePrefix === '' && /^\d/.test(name));
    return bad === undefined ? undefined : `has a metric ${bad.name}, which cannot begin with a digit`;
  }),
);

const strict = section(
  {
    kind: field.oneOf(['CustomResourceStateMetrics']).optional(),
    spec: section({ resources: field.list(resource) }),
  },
  { ignored: ['apiVersion'] },
);

const read = withShape(z.unknown(), { reads: [strict] });

/**
 * The configuration of custom resource state, as kube-state-metrics takes it. Source: kube-state-metrics,
 * docs/metrics/extend/customresourcestate-metrics.
 */
export const customResourceState = read.transform((input, context): CustomResourceState => {
  const { value, warnings } = withoutUnknownKeys(input);
  const parsed = strict.safeParse(value);
  if (parsed.success) {
    const { resources } = parsed.data.spec;
    const found = [...warnings, ...resources.flatMap(oddities)];
    return { spec: { resources: resources.filter(hasGroup) }, warnings: firstOf(found) };
  }
  for (const issue of parsed.error.issues)
    context.addIssue({ code: 'custom', message: issue.message, path: [...issue.path] });
  return z.NEVER;
});

/** A configuration after defaults and checks. */
export interface CustomResourceState {
  readonly spec: { readonly resources: readonly CustomResource[] };
  /** What is accepted, as in kube-state-metrics, but is probably a mistake; one line each. */
  readonly warnings: readonly string[];
}

/** One entry of `resources`; an absent version or kind is `*`. */
export type CustomResource = ResourceFields;

/** One entry of `metrics`. */
export type CustomMetric = z.output<typeof metric>;

/** How values are found, by the metric's type. */
export type Each =
  | ({ readonly type: 'gauge' } & NonNullable<EachFields['gauge']>)
  | ({ readonly type: 'stateset' } & NonNullable<EachFields['stateSet']>)
  | ({ readonly type: 'info' } & NonNullable<EachFields['info']>);

const keyOf = { gauge: 'gauge', stateset: 'stateSet', info: 'info' } as const;

/** The part for the type. Parts for other types are ignored. */
function describedBy({ type, gauge, stateSet, info }: EachFields): Each | undefined {
  if (type === 'gauge') return gauge && { type, ...gauge };
  if (type === 'stateset') return stateSet && { type, ...stateSet };
  return info && { type, ...info };
}

function readStep(step: string): string | undefined {
  const isBroken = step === '[' || (isLookup(step) && !step.includes('='));
  return isBroken ? undefined : step;
}

/** Whether the name can be part of an API path. */
function isApiName(name: string): boolean {
  return /^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(name);
}

function apiNameOrAny() {
  return field
    .leaf('a name as in the API, or *', (name) =>
      name === '' || name === '*' ? '*' : isApiName(name) ? name : undefined,
    )
    .prefault('*');
}

function isLabelName(name: string): boolean {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) && name !== '__name__';
}

function labelNames(): z.core.$ZodCheck<Record<string, string>> {
  return z.superRefine((entries, context) => {
    for (const name of Object.keys(entries))
      if (!isLabelName(name))
        context.addIssue({ code: 'custom', path: [name], message: 'is no name for a label' });
  });
}

/** Oddities that kube-state-metrics does not report, or only at run time. */
function oddities(
  { groupVersionKind, metrics }: CustomResource,
  index: number,
  all: readonly CustomResource[],
): readonly string[] {
  const at = `spec.resources[${index}]`;
  const nameOf = (one: CustomResource) => Object.values(one.groupVersionKind).join(' ');
  const isAgain = all.some((one, later) => later > index && nameOf(one) === nameOf(all[index] ?? one));
  const unnamed = metrics.flatMap(({ each }, metric) =>
    each.type === 'stateset' && each.labelName === undefined
      ? [`${at}.metrics[${metric}].each.stateSet: has no labelName, its label has the metric's name`]
      : [],
  );
  return [
    ...(groupVersionKind.group === ''
      ? [
          `${at}.groupVersionKind: names no API group, and the core group is none of custom resources: no metrics`,
        ]
      : []),
    ...(isAgain ? [`${at}.groupVersionKind: comes again below, where the last one counts`] : []),
    ...unnamed,
  ];
}

function hasGroup({ groupVersionKind }: CustomResource): boolean {
  return groupVersionKind.group !== '';
}

/** The first 20 warnings. */
function firstOf(warnings: readonly string[]): readonly string[] {
  const more = warnings.length - 20;
  return more > 0 ? [...warnings.slice(0, 20), `and ${more} more of this kind`] : warnings;
}

/** A configuration without its unknown keys. */
interface Tidied {
  readonly value: unknown;
  /** One line for each unknown key. */
  readonly warnings: readonly string[];
}

/**
 * Removes unknown keys, which kube-state-metrics accepts in silence. Source: kube-state-metrics,
 * docs/metrics/extend/customresourcestate-metrics.
 */
function withoutUnknownKeys(input: unknown): Tidied {
  const warnings: string[] = [];
  const value = tidy(input, configuration, [], (path, known) => {
    const near = nearest(String(path.at(-1)), known);
    const hint = near === undefined ? '' : `, did you mean "${near}"?`;
    warnings.push(`${formatKeyPath(path)}: unknown key, it is not read${hint}`);
  });
  return { value, warnings };
}

/** The known keys of a mapping with their known keys; `[keys]` is a list of mappings. */
type KnownKeys = 'any' | readonly [KnownKeys] | { readonly [key: string]: KnownKeys };

const anyLabels = { commonLabels: 'any', labelsFromPath: 'any' } as const;
const anyFound = { path: 'any', labelsFromPath: 'any' } as const;

const anyEach = {
  type: 'any',
  gauge: { ...anyFound, labelFromKey: 'any', valueFrom: 'any', nilIsZero: 'any' },
  stateSet: { ...anyFound, labelName: 'any', list: 'any', valueFrom: 'any' },
  info: { ...anyFound, labelFromKey: 'any' },
} as const;

const configuration: KnownKeys = {
  apiVersion: 'any',
  kind: 'any',
  spec: {
    resources: [
      {
        groupVersionKind: { group: 'any', version: 'any', kind: 'any' },
        metricNamePrefix: 'any',
        ...anyLabels,
        resourcePlural: 'any',
        errorLogV: 'any',
        metrics: [{ name: 'any', help: 'any', ...anyLabels, errorLogV: 'any', each: anyEach }],
      },
    ],
  },
};

type Report = (path: KeyPath, known: readonly string[]) => void;

function tidy(input: unknown, shape: KnownKeys, path: KeyPath, report: Report): unknown {
  if (shape === 'any') return input;
  if (isListOf(shape)) {
    const [item] = shape;
    return Array.isArray(input) ? input.map((one, at) => tidy(one, item, [...path, at], report)) : input;
  }
  if (!field.isMapping(input)) return input;
  const kept = Object.entries(input).flatMap(([key, value]): [string, unknown][] => {
    const inner = Object.hasOwn(shape, key) ? shape[key] : undefined;
    if (inner !== undefined) return [[key, tidy(value, inner, [...path, key], report)]];
    report([...path, key], Object.keys(shape));
    return [];
  });
  return Object.fromEntries(kept);
}

function isListOf(shape: Exclude<KnownKeys, 'any'>): shape is readonly [KnownKeys] {
  return Array.isArray(shape);
}

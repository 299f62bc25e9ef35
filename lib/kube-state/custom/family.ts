import type { ObjectMeta } from '../../backends/kubernetes/kinds/kind.ts';
import { compare } from '../../targets/canonical.ts';
import type { LabelledFamily } from '../text/family.ts';
import { sanitizeName } from '../text/label-names.ts';
import { formatNumber } from '../text/text-bytes.ts';
import type { CustomMetric, CustomResource, Each } from './config.ts';
import { isList, isNil, isObject, type Path, pathOf, toNumber } from './path.ts';

/** An object of a custom resource, with the part of its content that the configuration reads. */
export interface CustomObject extends ObjectMeta {
  readonly uid: string;
  readonly content: unknown;
}

/** A group, a version in it and a kind in that. */
export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** Returns the families of one kind in the order of the configuration. Names may repeat. */
export function familiesOf(
  resource: CustomResource,
  kind: GroupVersionKind,
  skips: Skips,
): readonly LabelledFamily<CustomObject>[] {
  return resource.metrics.map((metric) => familyOf(metric, resource, kind, skips));
}

function familyOf(
  metric: CustomMetric,
  resource: CustomResource,
  { group, version, kind }: GroupVersionKind,
  skips: Skips,
): LabelledFamily<CustomObject> {
  const { name, help, each } = metric;
  const common = {
    ...resource.commonLabels,
    customresource_group: group,
    customresource_version: version,
    customresource_kind: kind,
    ...metric.commonLabels,
  };
  const addLabels = labelsFrom({ ...resource.labelsFromPath, ...metric.labelsFromPath });
  const fullName = [resource.metricNamePrefix, name].filter((part) => part !== '').join('_');
  const read = valuesOf(each, sanitizeName(fullName));
  // In kube-state-metrics, a level above 0 is logged in verbose mode only.
  const isQuiet = (metric.errorLogV || resource.errorLogV) > 0;
  const skip: Skip = isQuiet ? () => undefined : (why) => skips.add(fullName, each, why);
  return {
    name: fullName,
    help,
    type: each.type,
    labelled({ content }) {
      const values = read(content, skip);
      if (values.length === 0) return [];
      const base = new Map(Object.entries(common));
      addLabels(content, base);
      return values.map(({ labels, value }) => ({
        labels: [...new Map([...base, ...labels])].sort(([a], [b]) => compare(a, b)),
        value,
      }));
    },
  };
}

/** Labels under construction, by name. */
type Labels = Map<string, string>;

/** Adds the labels that are found in a value. A later label replaces an earlier one of the same name. */
type AddLabels = (value: unknown, labels: Labels) => void;

/**
 * Returns labels whose values are found at paths. A name that begins or ends with `*` adds a label for each key of the
 * object at its path; the part before a final `*` is their prefix. Those come first, ordered by name, so labels with a full
 * name replace them.
 */
function labelsFrom(labelsFromPath: Readonly<Record<string, readonly string[]>>): AddLabels {
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
 * A valid label name. kube-state-metrics writes names such as `1st`, which make the whole text unreadable: they get the
 * prefix `_` here.
 */
function labelName(name: string): string {
  const clean = sanitizeName(name);
  return /^[a-zA-Z_]/.test(clean) && clean !== '__name__' ? clean : `_${clean}`;
}

function isStar(name: string): boolean {
  return name.startsWith('*') || name.endsWith('*');
}

/** A sample: its value, and its own labels. */
interface OwnValue {
  readonly labels: Labels;
  readonly value: number;
}

/** Reports a value that should have a sample and cannot have one. */
type Skip = (why: 'missing' | 'no number' | 'no text') => void;

/** Counts values without a sample. A line for each value would be a line for each object. */
export interface Skips {
  readonly add: (family: string, each: Each, ...why: Parameters<Skip>) => void;
  /** A line for each family and reason. */
  readonly lines: () => readonly string[];
}

/** Starts the count. */
export function countSkips(): Skips {
  const counts = new Map<string, number>();
  return {
    add(family, each, why) {
      const valueFrom = 'valueFrom' in each ? each.valueFrom : [];
      const line = `${family}: what is at [${[...each.path, ...valueFrom].join()}] is ${why} and has no sample`;
      counts.set(line, (counts.get(line) ?? 0) + 1);
    },
    lines: () => [...counts].map(([line, count]) => `${line} (${count} times)`),
  };
}

/** Returns the samples of an object. Values that cannot become a sample are left out. */
type ReadValues = (object: unknown, skip: Skip) => readonly OwnValue[];

/**
 * Returns the reader of a metric. `stateLabel` is the label of a state set without a `labelName`. Samples are ordered by
 * their labels. Source: kube-state-metrics, pkg/customresourcestate, with its rules for objects and lists.
 */
function valuesOf(each: Each, stateLabel: string): ReadValues {
  const find = pathOf(each.path);
  const read = readerOf(each, stateLabel);
  return (object, skip) => [...read(find(object), skip)].sort((a, b) => compareLabels(a.labels, b.labels));
}

/** Compares label by label: the name, then the value. */
function compareLabels(a: Labels, b: Labels): number {
  const [ofA, ofB] = [a, b].map((labels) => [...labels].sort(([one], [other]) => compare(one, other)).flat());
  for (const [index, text] of (ofA ?? []).entries()) {
    const other = ofB?.[index];
    if (other === undefined) return 1;
    if (text !== other) return compare(text, other);
  }
  return (ofA?.length ?? 0) - (ofB?.length ?? 0);
}

function readerOf(each: Each, stateLabel: string): ReadValues {
  const addLabels = labelsFrom(each.labelsFromPath);
  switch (each.type) {
    case 'gauge':
      return gaugeReader(each, addLabels);
    case 'info':
      return infoReader(each, addLabels);
    case 'stateset':
      return stateSetReader(each, stateLabel, addLabels);
  }
}

type EachOf<Type extends Each['type']> = Extract<Each, { readonly type: Type }>;

/** A sample for each element of a list or object, or one sample for another value. */
function gaugeReader(each: EachOf<'gauge'>, addLabels: AddLabels): ReadValues {
  const { labelFromKey, nilIsZero, valueFrom } = each;
  const measure = pathOf(valueFrom);
  const [only = ''] = valueFrom.length === 1 ? valueFrom : [];
  // kube-state-metrics does not take a path with a comma as a single key, either.
  const ownKey = only.includes(',') ? '' : only;
  return (value, skip) => {
    if (isObject(value))
      return Object.entries(value).flatMap(([key, inner]): OwnValue[] => {
        const isOwn = key !== '' && key === ownKey;
        const number = toNumber(isOwn ? inner : measure(inner), nilIsZero);
        if (number === undefined) {
          if (isOwn) skip('no number');
          return [];
        }
        const labels = keyLabel(labelFromKey, key);
        addLabels(inner, labels);
        addLabels(value, labels);
        return [{ labels, value: number }];
      });
    return (isList(value) ? value : [value]).flatMap((item): OwnValue[] => {
      const found = measure(item);
      const number = toNumber(found, nilIsZero);
      if (number === undefined) {
        // An item without the value is not an error.
        if (!isNil(found)) skip('no number');
        else if (isNil(item)) skip('missing');
        return [];
      }
      const labels: Labels = new Map();
      addLabels(item, labels);
      return [{ labels, value: number }];
    });
  };
}

/** A sample of 1 for each item of a list, each value of an object and the object itself, if it has labels. */
function infoReader({ labelFromKey }: EachOf<'info'>, addLabels: AddLabels): ReadValues {
  const one = (value: unknown, labels: Labels = new Map()): readonly OwnValue[] => {
    if (!isNil(value)) addLabels(value, labels);
    return labels.size === 0 ? [] : [{ labels, value: 1 }];
  };
  return (value) => {
    if (isList(value)) return value.flatMap((item) => one(item));
    if (!isObject(value)) return one(value);
    const inner = Object.entries(value).flatMap(([key, item]) => one(item, keyLabel(labelFromKey, key)));
    return [...inner, ...one(value)];
  };
}

/** A sample for each string of the list: 1 if it is the value, else 0. No samples if the value is not a string. */
function stateSetReader(each: EachOf<'stateset'>, stateLabel: string, addLabels: AddLabels): ReadValues {
  const { labelName = stateLabel, list, valueFrom } = each;
  const state: Path = pathOf(valueFrom);
  return (value, skip) =>
    (isList(value) ? value : [value]).flatMap((item): readonly OwnValue[] => {
      const present = state(item);
      if (typeof present !== 'string') {
        if (!isNil(present)) skip('no text');
        return [];
      }
      return list.map((entry) => {
        const labels: Labels = new Map([[labelName, entry]]);
        addLabels(item, labels);
        return { labels, value: present === entry ? 1 : 0 };
      });
    });
}

function keyLabel(name: string | undefined, key: string): Labels {
  return new Map(name === undefined || key === '' ? [] : [[name, key.toWellFormed()]]);
}

/** Deeper than any normal object of an API server. */
const maxDepth = 200;

/**
 * Returns a JSON value as a label value: as Go's `%v` prints it, as in `map[a:1 b:[x y]]`. Values that are nested too deeply
 * become `…`.
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

/** Go prints all digits of a whole number of 64 bits. Numbers above 2^53 are bigints here. */
function numberText(value: number): string {
  return Number.isSafeInteger(value) ? `${value}` : formatNumber(value);
}

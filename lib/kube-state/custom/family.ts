import type { ObjectMeta } from '../../backends/kubernetes/kinds/kind.ts';
import { compare } from '../../targets/canonical.ts';
import type { LabelledFamily } from '../text/family.ts';
import { formatNumber } from '../text/family.ts';
import { sanitizeName } from '../text/label-names.ts';
import type { CustomMetric, CustomResource, Each } from './config.ts';
import { isList, isNil, isObject, type Path, pathOf, toNumber } from './path.ts';

/** A custom resource's object: of its content what the configuration reads. */
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

/** The families of one kind, in the order of their configuration; one name may come more than once. */
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
  // As in kube-state-metrics, a level above 0 is for whoever asks for more than usual.
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

/** Labels by name, while they are put together. */
type Labels = Map<string, string>;

/** Adds what a value has for labels; later ones stand over earlier ones of the same name. */
type AddLabels = (value: unknown, labels: Labels) => void;

/**
 * Labels whose values are found at paths. A name that begins or ends with `*` brings all keys of the object at its
 * path, behind what stands before a `*` at its end; those come first, in the order of their names, so that a label of
 * its own name stands over them.
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

/** A sample in the making: its value, and the labels that it has of its own. */
interface OwnValue {
  readonly labels: Labels;
  readonly value: number;
}

/** Told of a value that should make a sample and can not: what is wrong with it. */
type Skip = (why: 'missing' | 'no number' | 'no text') => void;

/** Values without a sample, counted: a line for each of them would be a line for each object. */
export interface Skips {
  readonly add: (family: string, each: Each, ...why: Parameters<Skip>) => void;
  /** A line for each family and reason. */
  readonly lines: () => readonly string[];
}

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

/** The samples that a metric has of an object; what can not be made into one is left out. */
type ReadValues = (object: unknown, skip: Skip) => readonly OwnValue[];

/**
 * How samples are found as configured; `stateLabel` names the label of a state set that names none.
 * Samples stand in the order of their labels. Source: kube-state-metrics,
 * pkg/customresourcestate, whose rules for objects and lists it has one by one.
 */
function valuesOf(each: Each, stateLabel: string): ReadValues {
  const find = pathOf(each.path);
  const read = readerOf(each, stateLabel);
  return (object, skip) => [...read(find(object), skip)].sort((a, b) => compareLabels(a.labels, b.labels));
}

/** Label by label: first the name, then the value. */
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

/** A sample for each element of a list or an object, or one of the value itself. */
function gaugeReader(each: EachOf<'gauge'>, addLabels: AddLabels): ReadValues {
  const { labelFromKey, nilIsZero, valueFrom } = each;
  const measure = pathOf(valueFrom);
  const [only = ''] = valueFrom.length === 1 ? valueFrom : [];
  // A path with a comma is not seen as a single key by kube-state-metrics either.
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
        // An item without the value has none to tell of.
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

/** A sample of 1 for whatever has labels: each item of a list, each value of an object and the object itself. */
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

/** For each text of the list a sample: 1 where it is the value, else 0. None where the value is no text. */
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

/** Above any object of an API server that is not out to do harm. */
const maxDepth = 200;

/**
 * A JSON value as the value of a label: what Go prints of it with `%v`, as in `map[a:1 b:[x y]]`. What is nested too
 * deeply is `…`.
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

/** Go prints all digits of a whole number of 64 bits; those past 2^53 are bigints. */
function numberText(value: number): string {
  return Number.isSafeInteger(value) ? `${value}` : formatNumber(value);
}

import { compare } from '../../target/canonical.ts';
import type { Each } from './config.ts';
import { isList, isNil, isObject } from './json.ts';
import { type AddLabels, type Labels, labelsFrom } from './labels.ts';
import { toNumber } from './number.ts';
import { type Path, pathOf } from './path.ts';

/** A sample in the making: its value, and the labels that it has of its own. */
export interface OwnValue {
  readonly labels: Labels;
  readonly value: number;
}

/** Told of a value that should make a sample and can not: what is wrong with it. */
export type Skip = (why: 'missing' | 'no number' | 'no text') => void;

/** The samples that a metric has of an object; what can not be made into one is left out. */
export type ReadValues = (object: unknown, skip: Skip) => readonly OwnValue[];

/**
 * How samples are found as configured; `stateLabel` names the label of a state set that names none.
 * Samples stand in the order of their labels. Source: kube-state-metrics,
 * pkg/customresourcestate, whose rules for objects and lists it has one by one.
 */
export function valuesOf(each: Each, stateLabel: string): ReadValues {
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

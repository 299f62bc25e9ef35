import type { Random } from '../../random.ts';
import { freeze, isList, isObject, type Json, type JsonObject } from '../wire/json.ts';

/**
 * Labels as Kubernetes allows them, of the kinds that careless code trips over. Keys that become the same label name
 * in Prometheus have the same value. Otherwise it would be random which one wins.
 */
const oddLabels: readonly JsonObject[] = [
  { 'foo.bar/baz-qux': 'v1', 'foo.bar/other': 'v2' },
  { 'clash.x': 'same', 'clash-x': 'same', clash_x: 'same' },
  { UPPER_Case: 'Mixed.Value_1-2' },
  { empty: '' },
  { '0digit': '1' },
  { [`example.com/${'k'.repeat(63)}`]: 'v'.repeat(63) },
  { job: 'y', instance: 'z', le__x: '1' },
  { constructor: 'c', toString: 's', hasOwnProperty: 'h' },
];

/** Annotation values may hold any text. */
const oddAnnotations: readonly JsonObject[] = [
  { 'weird.example.com/with.dots-and_underscores': 'größe "quoted" \\ back\nline\ttab' },
  { unicode: 'Ω 😀 日本語 \u2028 é e\u0301' },
  { markup: '<a href="x">&amp;</a>' },
  { control: 'bell\u0007 nul\u0000 del\u007f' },
  { empty: '', space: ' ', 'Upper.Case/Key': ' around ' },
  { 'clash/a': 'same', 'clash.a': 'same', 'clash-a': 'same' },
  { long: 'x'.repeat(5000) },
  { json: '{"a":["b",{"c":null}]}', template: '{{ $labels.x }} ${y} %s' },
];

/** A few odd labels, often none. `odd` is the chance of each draw. */
export function drawOddLabels(random: Random, odd: number): JsonObject {
  return drawSome(random, oddLabels, odd);
}

/** A few odd annotations, often none. `odd` is the chance of each draw. */
export function drawOddAnnotations(random: Random, odd: number): JsonObject {
  return drawSome(random, oddAnnotations, odd);
}

function drawSome(random: Random, sets: readonly JsonObject[], odd: number): JsonObject {
  const drawn = random.chance(odd) ? random.sample(sets, random.integer(1, 3)) : [];
  return Object.assign({}, ...drawn);
}

/** Merges the maps; a later one wins. The result is frozen, in the order in which an API server writes it. */
export function sortedMap(...maps: readonly JsonObject[]): JsonObject {
  const entries = Object.entries<Json | undefined>(Object.assign({}, ...maps));
  return Object.freeze(Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1))));
}

/** The managed fields: more than half of a real object's bytes. Discovery reads none of them. */
export function managedFields(
  apiVersion: string,
  time: string,
  set: JsonObject,
  status?: JsonObject,
): readonly Json[] {
  const entry = (manager: string, fields: JsonObject, rest: JsonObject): JsonObject => ({
    manager,
    operation: 'Update',
    apiVersion,
    time,
    fieldsType: 'FieldsV1',
    fieldsV1: fieldSet(fields),
    ...rest,
  });
  return freeze([
    entry('kube-controller-manager', set, {}),
    ...(status ? [entry('kubelet', status, { subresource: 'status' })] : []),
  ]);
}

/** Names of the fields in the notation of structured-merge-diff: `f:` for a field, `k:` for an entry by its name. */
function fieldSet(value: Json | undefined): JsonObject {
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [`f:${key}`, owned(inner)]));
  if (!isList(value)) return {};
  const keys = value.flatMap((entry) =>
    isObject(entry) && entry.name !== undefined
      ? [[`k:{"name":${JSON.stringify(entry.name)}}`, { '.': {}, ...fieldSet(entry) }] as const]
      : [],
  );
  return Object.fromEntries(keys);
}

function owned(value: Json | undefined): JsonObject {
  const inner = fieldSet(value);
  return Object.keys(inner).length === 0 ? {} : { '.': {}, ...inner };
}

import {
  Malformed,
  maxInt32,
  maxInt64,
  type Reader,
  readEnd,
  readInt32,
  readInt64,
  readInt64Digits,
  readText,
  readVarint,
  readWord,
  wire,
  within,
} from './reader.ts';
import { asObject, type Field, readInner, table } from './table.ts';

/**
 * Describes one field of a message: its protobuf number, its type, and the value that an absent field has. Servers leave
 * out empty fields. The key in the message is the JSON name, so one description serves protobuf and JSON.
 * Source of numbers: generated.proto of k8s.io/api and k8s.io/apimachinery.
 */
export interface FieldSpec<V> {
  readonly empty: V;
  /** The compiled field, which stores its value at the key. */
  readonly field: (key: string) => Field<Draft>;
}

/** Describes a message whose fields are stored in the object around it. The key is its JSON name. */
export interface FlatSpec<S extends MessageSpec> {
  readonly flat: S;
  readonly field: (name: string) => Field<Draft>;
}

/** The fields of a message that are read, by their JSON names. */
export interface MessageSpec {
  readonly [key: string]: FieldSpec<unknown> | FlatSpec<MessageSpec>;
}

/** What a message holds after it was read. */
export type Values<S extends MessageSpec> = OwnValues<S> & FlatValues<S>;

type OwnValues<S extends MessageSpec> = {
  readonly [Key in keyof S as S[Key] extends FieldSpec<unknown> ? Key : never]: S[Key] extends FieldSpec<
    infer V
  >
    ? V
    : never;
};

type FlatValues<S extends MessageSpec> = Intersection<
  { [Key in keyof S]: S[Key] extends FlatSpec<infer Inner> ? OwnValues<Inner> : never }[keyof S]
>;

type Intersection<U> = (U extends unknown ? (value: U) => void : never) extends (value: infer I) => void
  ? I
  : never;

/** An object while it is being read. */
export type Draft = Record<string, unknown>;

/** A message ready to be read: an empty object, and its compiled fields. */
export interface Shape<T> {
  readonly create: () => T;
  readonly fields: readonly Field<T>[];
}

/** Compiles a message. */
export function message<S extends MessageSpec>(spec: S): Shape<Values<S>>;
export function message(spec: MessageSpec): Shape<Draft> {
  const empty = emptyOf(spec);
  // Ten times as fast as `...`, which V8 optimises for a few shapes only.
  return { create: () => Object.assign({}, empty), fields: fieldsOf(spec) };
}

function fieldsOf(spec: MessageSpec): readonly Field<Draft>[] {
  return Object.entries(spec).map(([key, field]) => field.field(key));
}

function emptyOf<S extends MessageSpec>(spec: S): Values<S>;
function emptyOf(spec: MessageSpec): Draft {
  return Object.fromEntries(
    Object.entries(spec).flatMap(([key, field]) =>
      'flat' in field ? Object.entries(emptyOf(field.flat)) : [[key, field.empty]],
    ),
  );
}

/** The named fields of a message. */
export function take<S extends MessageSpec, Key extends keyof S>(
  spec: S,
  ...keys: readonly Key[]
): Pick<S, Key>;
export function take(spec: MessageSpec, ...keys: readonly string[]): MessageSpec {
  return Object.fromEntries(Object.entries(spec).filter(([key]) => keys.includes(key)));
}

/** A string that seldom repeats; empty when absent. */
export const text = (number: number): FieldSpec<string> => ({
  empty: '',
  field: (key) => stringField(number, key, readText, put(key)),
});

/** A string that often repeats, see `readWord`; empty when absent. */
export const word = (number: number): FieldSpec<string> => wordSpec(number, '');
/** A string that often repeats; undefined when absent. */
export const optionalWord = (number: number): FieldSpec<string | undefined> => wordSpec(number, undefined);

/** A list of strings. */
export const strings = (number: number): FieldSpec<readonly string[]> => ({
  empty: [],
  field: (key) => repeated(stringField(number, key, readText, addTo(key))),
});

/** A whole number of 64 bits, rounded to a JavaScript number; 0 when absent. */
export const integer = (number: number): FieldSpec<number> => integerSpec(number, 0);
/** A whole number of 64 bits, rounded to a JavaScript number; undefined when absent. */
export const optionalInteger = (number: number): FieldSpec<number | undefined> =>
  integerSpec(number, undefined);

/** A signed number of 32 bits; 0 when absent. */
export const int32 = (number: number): FieldSpec<number> => int32Spec(number, 0);
/** A signed number of 32 bits; undefined when absent. */
export const optionalInt32 = (number: number): FieldSpec<number | undefined> => int32Spec(number, undefined);

/** A count that fits a JavaScript number; undefined when absent. */
export const optionalCount = (number: number): FieldSpec<number | undefined> =>
  varintSpec(number, undefined, (reader, end) => checkCount(readVarint(reader, end)), checkCount);

/** All digits of a whole number of 64 bits, which a JavaScript number cannot always hold; undefined when absent. */
export const optionalDigits = (number: number): FieldSpec<string | undefined> =>
  varintSpec(number, undefined, readInt64Digits, (json) => {
    // JSON.parse rounds numbers near the maximum up past it.
    const whole = BigInt(wholeNumber(json));
    return `${whole > maxInt64 ? maxInt64 : whole}`;
  });

/** True or false; false when absent. */
export const flag = (number: number): FieldSpec<boolean> => flagSpec(number, false);
/** True or false; undefined when absent. */
export const optionalFlag = (number: number): FieldSpec<boolean | undefined> => flagSpec(number, undefined);

/** A map of strings as keys and values in turn, in the order of the body. */
export const pairs = (number: number): FieldSpec<readonly string[]> => ({
  empty: [],
  field: (key) => ({
    ...{ number, name: key, wire: wire.bytes, repeated: true },
    read(reader, end, draft) {
      const entry = { key: '', value: '' };
      readInner(pairEntry, reader, end, entry);
      addPair(draft, key, entry.key, entry.value);
    },
    pick(json, draft) {
      for (const [name, value] of Object.entries(asObject(json)))
        addPair(draft, key, asString(name), asString(value));
    },
  }),
});

/** The number of bytes of a field, whose bytes are not kept; 0 when absent. */
export const byteLength = (number: number): FieldSpec<number> =>
  bytesSpec(
    number,
    0,
    (reader, end) => {
      const length = readEnd(reader, end) - reader.at;
      reader.at += length;
      return length;
    },
    (json) => {
      if (typeof json !== 'string') throw new Malformed('is not a string');
      return Buffer.byteLength(json, 'base64');
    },
  );

/** A message that is always there; it may be empty. */
export function struct<S extends MessageSpec>(number: number, spec: S): FieldSpec<Values<S>> {
  return { empty: emptyOf(spec), field: (key) => one(number, key, message(spec), put(key)) };
}

/** A message; undefined when absent. */
export function pointer<S extends MessageSpec>(number: number, spec: S): FieldSpec<Values<S> | undefined> {
  return { empty: undefined, field: (key) => one(number, key, message(spec), put(key)) };
}

/** A message whose fields belong to the outer object in JSON, but not in protobuf. */
export function embedded<S extends MessageSpec>(number: number, spec: S): FieldSpec<Values<S>> {
  return { empty: emptyOf(spec), field: (key) => one(number, '', message(spec), put(key)) };
}

/** A list of messages. */
export function list<S extends MessageSpec>(number: number, spec: S): FieldSpec<readonly Values<S>[]> {
  return { empty: [], field: (key) => many(number, key, message(spec), addTo(key)) };
}

/** A message whose fields are stored in the object around it. That saves an object for each one read. */
export function flat<S extends MessageSpec>(number: number, spec: S): FlatSpec<S> {
  return {
    flat: spec,
    field(name) {
      const inner = table(fieldsOf(spec));
      return {
        ...{ number, name, wire: wire.bytes, repeated: false, pick: inner.pick },
        read: (reader, end, draft) => readInner(inner, reader, end, draft),
      };
    },
  };
}

/** How a list of messages becomes one value. */
export interface Folding<S extends MessageSpec, V> {
  /** JSON name of the list; the key names the value. */
  readonly name: string;
  readonly items: S;
  readonly empty: V;
  readonly fold: (value: V, item: Values<S>) => V;
}

/** One value that is made of a list of messages while they are read, so that none of them stays in memory. */
export function folded<S extends MessageSpec, V>(number: number, folding: Folding<S, V>): FieldSpec<V>;
export function folded(
  number: number,
  { name, items, empty, fold }: Folding<MessageSpec, unknown>,
): FieldSpec<unknown> {
  return {
    empty,
    field: (key) =>
      many<Draft, Values<MessageSpec>>(number, name, message(items), (draft, item) => {
        draft[key] = fold(draft[key], item);
      }),
  };
}

type Setter<T, V> = (target: T, value: V) => unknown;

/** A compiled field that holds one message. `set` stores the message in the target. */
export function one<T, V>(number: number, name: string, shape: Shape<V>, set: Setter<T, V>): Field<T> {
  const inner = table(shape.fields);
  return {
    ...{ number, name, wire: wire.bytes, repeated: false },
    read(reader, end, target) {
      const value = shape.create();
      readInner(inner, reader, end, value);
      set(target, value);
    },
    pick(json, target) {
      const value = shape.create();
      inner.pick(json, value);
      set(target, value);
    },
  };
}

/** A compiled field that holds a list of messages. `add` stores each message in the target. */
export function many<T, V>(number: number, name: string, shape: Shape<V>, add: Setter<T, V>): Field<T> {
  return repeated(one(number, name, shape, add));
}

/** The field as a list: protobuf repeats the field, JSON has an array. */
function repeated<T>(field: Field<T>): Field<T> {
  return {
    ...field,
    repeated: true,
    pick(json, target) {
      if (!Array.isArray(json)) throw new Malformed('is not a list');
      let index = 0;
      try {
        for (; index < json.length; index++) field.pick(json[index], target);
      } catch (error) {
        throw within(`[${index}]`, error);
      }
    },
  };
}

function put(key: string) {
  return (draft: Draft, value: unknown): void => {
    draft[key] = value;
  };
}

function addTo(key: string) {
  return (draft: Draft, item: unknown): void => {
    const list = draft[key];
    if (isOwn(list)) list.push(item);
    else draft[key] = listOf(item);
  };
}

/** Adds a key and its value to the draft's list at the key of the draft. */
export function addPair(draft: Draft, at: string, key: string, value: string): void {
  const list = draft[at];
  if (isOwn(list)) list.push(key, value);
  else draft[at] = pairOf(key, value);
}

/**
 * Lists begin as copies. V8 watches what a literal in the code makes: if the first hundred live long, as those of one large
 * object do, all later ones are made in old memory, and what they hold stays there until the next full collection.
 */
function listOf(item: unknown): unknown[] {
  const list = oneItem.slice();
  list[0] = item;
  return list;
}

function pairOf(key: string, value: string): unknown[] {
  const list = twoItems.slice();
  list[0] = key;
  list[1] = value;
  return list;
}

const oneItem: readonly unknown[] = [undefined];
const twoItems: readonly unknown[] = [undefined, undefined];

/**
 * Whether the list is the draft's own: drafts share an empty one. Most lists stay short, and a list that begins with its
 * first item is; V8 makes room for 17 items when an empty one grows.
 */
function isOwn(list: unknown): list is unknown[] {
  return Array.isArray(list) && list.length > 0;
}

type Read<V> = (reader: Reader, end: number) => V;
type Take<V> = (json: unknown) => V;

function varintSpec<V>(number: number, empty: V, read: Read<V>, pick: Take<V>): FieldSpec<V> {
  return valueSpec(wire.varint, number, empty, { read, pick });
}

/** A field that protobuf stores as a length and bytes. `read` begins at the length. */
export function bytesSpec<V>(number: number, empty: V, read: Read<V>, pick: Take<V>): FieldSpec<V> {
  return valueSpec(wire.bytes, number, empty, { read, pick });
}

function valueSpec<V>(
  wireType: 0 | 2,
  number: number,
  empty: V,
  { read, pick }: { readonly read: Read<V>; readonly pick: Take<V> },
): FieldSpec<V> {
  return {
    empty,
    field: (key) => ({
      ...{ number, name: key, wire: wireType, repeated: false },
      read(reader, end, draft) {
        draft[key] = read(reader, end);
      },
      pick(json, draft) {
        draft[key] = pick(json);
      },
    }),
  };
}

function wordSpec<V>(number: number, empty: V): FieldSpec<V | string> {
  return { empty, field: (key) => stringField(number, key, readWord, put(key)) };
}

function stringField(
  number: number,
  name: string,
  read: Read<string>,
  set: Setter<Draft, string>,
): Field<Draft> {
  return {
    ...{ number, name, wire: wire.bytes, repeated: false },
    read: (reader, end, draft) => set(draft, read(reader, readEnd(reader, end))),
    pick: (json, draft) => set(draft, asString(json)),
  };
}

/** Half of a surrogate pair becomes U+FFFD, as in Go. */
function asString(json: unknown): string {
  if (typeof json !== 'string') throw new Malformed('is not a string');
  return json.toWellFormed();
}

function flagSpec<V>(number: number, empty: V): FieldSpec<V | boolean> {
  const isFlag = (value: unknown): boolean => {
    if (typeof value !== 'boolean') throw new Malformed('is not true or false');
    return value;
  };
  const read: Read<boolean> = (reader, end) => {
    const value = readVarint(reader, end);
    if (value > 1) throw new Malformed('is not true or false');
    return value === 1;
  };
  return varintSpec<V | boolean>(number, empty, read, isFlag);
}

function int32Spec<V>(number: number, empty: V): FieldSpec<V | number> {
  return varintSpec<V | number>(number, empty, readInt32, (json) => {
    if (typeof json !== 'number' || !Number.isInteger(json) || json > maxInt32 || json < -maxInt32 - 1)
      throw new Malformed('is not a number of 32 bits');
    return json;
  });
}

function integerSpec<V>(number: number, empty: V): FieldSpec<V | number> {
  return varintSpec<V | number>(number, empty, readInt64, wholeNumber);
}

function wholeNumber(json: unknown): number {
  if (typeof json === 'number' && Number.isInteger(json)) return json;
  throw new Malformed('is not a whole number');
}

function checkCount(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw new Malformed('is not a count');
  return value;
}

const pairEntry = table(message({ key: word(1), value: word(2) }).fields);

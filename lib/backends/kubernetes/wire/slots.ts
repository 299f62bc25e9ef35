import * as wireFields from './fields.ts';
import {
  Malformed,
  maxInt64,
  type Reader,
  readEnd,
  readInt64,
  readInt64Digits,
  readVarint,
  wire,
} from './reader.ts';
import { asObject, type Field, readInner, table } from './table.ts';

/** An object while it is read. */
export type Draft = Record<string, unknown>;

/**
 * One needed field of a message: its protobuf number, and what it is while nothing was read, which a server leaves
 * out. Its key in the message is its JSON name. Numbers: generated.proto of k8s.io/api and k8s.io/apimachinery.
 */
export interface Slot<V> {
  readonly empty: V;
  readonly field: (key: string) => Field<Draft>;
}

export type Slots = Readonly<Record<string, Slot<unknown>>>;

/** What a message of such fields is once it was read. */
export type Values<S extends Slots> = { readonly [Key in keyof S]: S[Key]['empty'] };

/** Text that often repeats. Empty where absent. */
export const word = (number: number): Slot<string> => wordSlot(number, '');
/** The same where the field may be absent. */
export const optionalWord = (number: number): Slot<string | undefined> => wordSlot(number, undefined);

/** Text that seldom repeats. */
export const text = (number: number): Slot<string> => ({
  empty: '',
  field: (key) => wireFields.text(number, key, put(key)),
});

/** A list of texts. */
export const texts = (number: number): Slot<readonly string[]> => ({
  empty: [],
  field: (key) => wireFields.texts(number, key, addTo(key)),
});

/** A whole number, 0 where absent. */
export const integer = (number: number): Slot<number> => integerSlot(number, 0);
/** The same where the field may be absent. */
export const optionalInteger = (number: number): Slot<number | undefined> => integerSlot(number, undefined);

/** The digits of a whole number of 64 bits, which a JavaScript number can not hold them all of. */
export const optionalDigits = (number: number): Slot<string | undefined> => ({
  empty: undefined,
  field: (key) => ({
    number,
    name: key,
    wire: wire.varint,
    repeated: false,
    read(reader, end, draft) {
      draft[key] = readInt64Digits(reader, end);
    },
    pick(json, draft) {
      // What JSON.parse rounded past the highest number is taken for that.
      const number = BigInt(wholeNumber(json));
      draft[key] = `${number > maxInt64 ? maxInt64 : number}`;
    },
  }),
});

/** True or false; false where absent. */
export const flag = (number: number): Slot<boolean> => flagSlot(number, false);
/** The same where the field may be absent. */
export const optionalFlag = (number: number): Slot<boolean | undefined> => flagSlot(number, undefined);

/** A map of texts: keys and values in turn, in no order. */
export const pairs = (number: number): Slot<readonly string[]> => ({
  empty: [],
  field: (key) => wireFields.textMap(number, key, (draft) => listOf(draft, key)),
});

/** A point in time, in seconds of Unix time. */
export const time = (number: number): Slot<number | undefined> => ({
  empty: undefined,
  field: (key) => ({
    number,
    name: key,
    wire: wire.bytes,
    repeated: false,
    read(reader, end, draft) {
      draft[key] = readTime(reader, readEnd(reader, end));
    },
    pick(json, draft) {
      draft[key] = timeOfText(json);
    },
  }),
});

/** A quantity's text, as in `100m`. */
export const quantity = (number: number): Slot<string | undefined> => ({
  empty: undefined,
  field: (key) => {
    const { read } = wireFields.one<Draft, { text: string }>(
      number,
      key,
      quantityShape,
      (draft, { text }) => {
        draft[key] = text;
      },
    );
    const pick: Field<Draft>['pick'] = (json, draft) => {
      draft[key] = quantityText(json);
    };
    return { number, name: key, wire: wire.bytes, repeated: false, read, pick };
  },
});

/** Quantities by name: names and texts in turn, in no order. */
export const quantities = (number: number): Slot<readonly string[]> => ({
  empty: [],
  field: (key) => ({
    number,
    name: key,
    wire: wire.bytes,
    repeated: true,
    read(reader, end, draft) {
      const entry = { name: '', text: '' };
      readInner(quantityEntry, reader, end, entry);
      listOf(draft, key).push(entry.name, entry.text);
    },
    pick(json, draft) {
      const list = listOf(draft, key);
      for (const [name, value] of Object.entries(asObject(json))) list.push(name, quantityText(value));
    },
  }),
});

/** A number or a text such as `25%`. */
export const intOrString = (number: number): Slot<number | string | undefined> => ({
  empty: undefined,
  field: (key) => {
    const { read } = wireFields.one<Draft, IntOrString>(number, key, intOrStringShape, (draft, value) => {
      draft[key] = value.type === 1 ? value.text : value.number;
    });
    const pick: Field<Draft>['pick'] = (json, draft) => {
      if (typeof json !== 'number' && typeof json !== 'string')
        throw new Malformed('is neither a number nor a text');
      draft[key] = json;
    };
    return { number, name: key, wire: wire.bytes, repeated: false, read, pick };
  },
});

/** How many bytes a field of bytes has; they themselves are left alone. */
export const byteLength = (number: number): Slot<number> => ({
  empty: 0,
  field: (key) => ({
    number,
    name: key,
    wire: wire.bytes,
    repeated: false,
    read(reader, end, draft) {
      const length = readVarint(reader, end);
      if (length > end - reader.at) throw new Malformed('has a length past its end');
      reader.at += length;
      draft[key] = length;
    },
    pick(json, draft) {
      if (typeof json !== 'string') throw new Malformed('is not a text');
      draft[key] = Buffer.byteLength(json, 'base64');
    },
  }),
});

/** Puts an item at the end of a list which is shared as long as it is empty. */
function addTo(key: string) {
  return (draft: Draft, item: unknown): void => {
    listOf(draft, key).push(item);
  };
}

function put(key: string) {
  return (draft: Draft, value: unknown): void => {
    draft[key] = value;
  };
}

function wordSlot<V>(number: number, empty: V): Slot<V | string> {
  return { empty, field: (key) => wireFields.word(number, key, put(key)) };
}

function flagSlot<V>(number: number, empty: V): Slot<V | boolean> {
  return { empty, field: (key) => wireFields.flag(number, key, put(key)) };
}

function integerSlot<V>(number: number, empty: V): Slot<V | number> {
  return {
    empty,
    field: (key) => ({
      number,
      name: key,
      wire: wire.varint,
      repeated: false,
      read(reader, end, draft) {
        draft[key] = readInt64(reader, end);
      },
      pick(json, draft) {
        draft[key] = wholeNumber(json);
      },
    }),
  };
}

function wholeNumber(json: unknown): number {
  if (typeof json === 'number' && Number.isInteger(json)) return json;
  throw new Malformed('is not a whole number');
}

/** The draft's own list. */
function listOf(draft: Draft, key: string): unknown[] & string[] {
  const list = draft[key];
  if (Array.isArray(list) && list.length > 0) return list;
  const own: unknown[] & string[] = [];
  draft[key] = own;
  return own;
}

const quantityShape: wireFields.Shape<{ text: string }> = {
  create: () => ({ text: '' }),
  fields: [wireFields.word(1, 'string', (target, value) => Object.assign(target, { text: value }))],
};

const quantityEntry = table<{ name: string; text: string }>([
  wireFields.word(1, 'key', (entry, name) => {
    entry.name = name;
  }),
  wireFields.one(2, 'value', quantityShape, (entry, value) => {
    entry.text = value.text;
  }),
]);

function quantityText(json: unknown): string {
  if (typeof json === 'string') return json;
  if (typeof json === 'number') return String(json);
  throw new Malformed('is not a quantity');
}

interface IntOrString {
  type: number;
  number: number;
  text: string;
}

const intOrStringShape: wireFields.Shape<IntOrString> = {
  create: () => ({ type: 0, number: 0, text: '' }),
  fields: [
    wireFields.int32(1, 'type', (target, type) => {
      target.type = type;
    }),
    wireFields.int32(2, 'intVal', (target, number) => {
      target.number = number;
    }),
    wireFields.word(3, 'strVal', (target, value) => {
      target.text = value;
    }),
  ],
};

/** A message that is always there, if empty. */
export function struct<S extends Slots>(number: number, slots: S): Slot<Values<S>> {
  const shape = shapeOf(slots);
  return { empty: shape.create(), field: (key) => wireFields.one(number, key, shape, put(key)) };
}

/** A message that may be absent. */
export function pointer<S extends Slots>(number: number, slots: S): Slot<Values<S> | undefined> {
  return {
    empty: undefined,
    field: (key) => wireFields.one(number, key, shapeOf(slots), put(key)),
  };
}

/** A message whose fields stand in the object around it in JSON. */
export function embedded<S extends Slots>(number: number, slots: S): Slot<Values<S>> {
  const shape = shapeOf(slots);
  return { empty: shape.create(), field: (key) => wireFields.one(number, '', shape, put(key)) };
}

/** A list of messages. */
export function list<S extends Slots>(number: number, slots: S): Slot<readonly Values<S>[]> {
  return { empty: [], field: (key) => wireFields.many(number, key, shapeOf(slots), addTo(key)) };
}

/** The shape of a message with these fields. */
function shapeOf<S extends Slots>(slots: S): wireFields.Shape<Values<S>>;
function shapeOf(slots: Slots): wireFields.Shape<Draft> {
  const empty: Draft = Object.fromEntries(Object.entries(slots).map(([key, slot]) => [key, slot.empty]));
  return {
    create: () => ({ ...empty }),
    fields: Object.entries(slots).map(([key, slot]) => slot.field(key)),
  };
}

/** What Go makes of a time that is not set, in seconds of Unix time: the first second of the year 1. */
export const zeroTime = -62_135_596_800;

/** Seconds of Unix time of a Time or MicroTime message; a time that is not set is an empty one, or Go's zero. */
function readTime(reader: Reader, end: number): number | undefined {
  const found: { seconds: number | undefined } = { seconds: undefined };
  timeMessage.read(reader, end, found);
  return unlessZero(found.seconds);
}

/** The same of its JSON form, as in `2026-01-31T12:00:00Z`. */
function timeOfText(json: unknown): number | undefined {
  const milliseconds = typeof json === 'string' ? Date.parse(json) : Number.NaN;
  if (Number.isNaN(milliseconds)) throw new Malformed('is not a time');
  return unlessZero(Math.floor(milliseconds / 1000));
}

function unlessZero(seconds: number | undefined): number | undefined {
  return seconds === zeroTime ? undefined : seconds;
}

const timeMessage = table<{ seconds: number | undefined }>([
  {
    number: 1,
    name: 'seconds',
    wire: 0,
    repeated: false,
    read(reader, end, target) {
      target.seconds = readInt64(reader, end);
    },
    pick() {},
  },
]);

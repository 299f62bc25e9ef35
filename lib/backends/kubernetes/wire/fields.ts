import {
  decode,
  Malformed,
  maxInt32,
  type Reader,
  readEnd,
  readInt32,
  readText,
  readVarint,
  wire,
  within,
} from './reader.ts';
import { asObject, type Field, readInner, table } from './table.ts';

/** A message of its own: what it is before any field was read (a server leaves out what is empty), and its fields. */
export interface Shape<T> {
  readonly create: () => T;
  readonly fields: readonly Field<T>[];
}

type Setter<T, V> = (target: T, value: V) => unknown;

/** Text that seldom repeats. */
export function text<T>(number: number, name: string, set: Setter<T, string>): Field<T> {
  return textField(number, name, readText, set);
}

/** Text that often repeats; see `readWord`. */
export function word<T>(number: number, name: string, set: Setter<T, string>): Field<T> {
  return textField(number, name, readWord, set);
}

/** A list of texts; `add` is called for each. */
export function texts<T>(number: number, name: string, add: Setter<T, string>): Field<T> {
  return repeat(text(number, name, add));
}

/** A list of texts that often repeat. */
export function words<T>(number: number, name: string, add: Setter<T, string>): Field<T> {
  return repeat(word(number, name, add));
}

/** A number of 32 bits with a sign. */
export function int32<T>(number: number, name: string, set: Setter<T, number>): Field<T> {
  return {
    number,
    name,
    wire: wire.varint,
    repeated: false,
    read: (reader, end, target) => set(target, readInt32(reader, end)),
    pick(json, target) {
      if (typeof json !== 'number' || !Number.isInteger(json) || json > maxInt32 || json < -maxInt32 - 1)
        throw new Malformed('is not a number of 32 bits');
      set(target, json);
    },
  };
}

/** A count that fits a JavaScript number. */
export function count<T>(number: number, name: string, set: Setter<T, number>): Field<T> {
  const checked = (target: T, value: unknown) => {
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
      throw new Malformed('is not a count');
    set(target, value);
  };
  return {
    number,
    name,
    wire: wire.varint,
    repeated: false,
    read: (reader, end, target) => checked(target, readVarint(reader, end)),
    pick: (json, target) => checked(target, json),
  };
}

/** True or false. */
export function flag<T>(number: number, name: string, set: Setter<T, boolean>): Field<T> {
  return {
    number,
    name,
    wire: wire.varint,
    repeated: false,
    read(reader, end, target) {
      const value = readVarint(reader, end);
      if (value > 1) throw new Malformed('is not true or false');
      set(target, value === 1);
    },
    pick(json, target) {
      if (typeof json !== 'boolean') throw new Malformed('is not true or false');
      set(target, json);
    },
  };
}

/** A map of texts; `list` says where its keys and values go, in turn. */
export function textMap<T>(number: number, name: string, list: (target: T) => string[]): Field<T> {
  const entry = table<Entry>([
    word(1, 'key', (target, key) => {
      target.key = key;
    }),
    word(2, 'value', (target, value) => {
      target.value = value;
    }),
  ]);
  return {
    number,
    name,
    wire: wire.bytes,
    repeated: true,
    read(reader, end, target) {
      const found = { key: '', value: '' };
      readInner(entry, reader, end, found);
      list(target).push(found.key, found.value);
    },
    pick(json, target) {
      const pairs = list(target);
      for (const [key, value] of Object.entries(asObject(json))) pairs.push(asText(key), asText(value));
    },
  };
}

/** A message whose fields go into the object around it: what is nested there is flat here. */
export function inside<T>(number: number, name: string, fields: readonly Field<T>[]): Field<T> {
  const inner = table(fields);
  return {
    number,
    name,
    wire: wire.bytes,
    repeated: false,
    read: (reader, end, target) => readInner(inner, reader, end, target),
    pick: inner.pick,
  };
}

/** One message of its own. */
export function one<T, V>(number: number, name: string, shape: Shape<V>, set: Setter<T, V>): Field<T> {
  const inner = table(shape.fields);
  return {
    number,
    name,
    wire: wire.bytes,
    repeated: false,
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

/** A list of messages; `add` is called for each. */
export function many<T, V>(number: number, name: string, shape: Shape<V>, add: Setter<T, V>): Field<T> {
  return repeat(one(number, name, shape, add));
}

interface Entry {
  key: string;
  value: string;
}

/** The same field as a list: in protobuf it just comes again, in JSON it is an array. */
function repeat<T>(field: Field<T>): Field<T> {
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

function textField<T>(
  number: number,
  name: string,
  readBytes: (reader: Reader, end: number) => string,
  set: Setter<T, string>,
): Field<T> {
  return {
    number,
    name,
    wire: wire.bytes,
    repeated: false,
    read: (reader, end, target) => set(target, readBytes(reader, readEnd(reader, end))),
    pick: (json, target) => set(target, asText(json)),
  };
}

/** Half a surrogate pair becomes U+FFFD, as in Go. */
function asText(json: unknown): string {
  if (typeof json !== 'string') throw new Malformed('is not a text');
  return json.toWellFormed();
}

/**
 * The text from where the reader stands up to `end`, for text that is often the same: label keys, namespaces, images.
 * A known one is found by its bytes, four at a time, and shared, which is faster than making it and leaves nothing to
 * collect.
 */
export function readWord(reader: Reader, end: number): string {
  const { bytes, view, at } = reader;
  const length = end - at;
  // The last four bytes are read as one piece, which reaches past the word.
  if (length > longWord || end + 3 > bytes.length) return readText(reader, end);
  reader.at = end;
  let hash = length;
  let high = 0;
  for (let place = at; place < end; place += 4) {
    const piece = pieceAt(view, place, end);
    hash = Math.imul(hash ^ piece, 0x9e3779b1);
    high |= piece;
  }
  if ((high & 0x80808080) !== 0) return decode(reader, at, end, false);
  const slot = (hash ^ (hash >>> 15)) & (knownWords - 1);
  const known = keptWords[slot];
  if (known !== undefined && known.length === length && isSame(slot, view, at, end)) return known;
  for (let place = at, index = slot * piecesPerWord; place < end; place += 4)
    pieces[index++] = pieceAt(view, place, end);
  const word = decode(reader, at, end, true);
  keptWords[slot] = word;
  return word;
}

/** In bytes; a multiple of four. */
const longWord = 96;
const piecesPerWord = longWord / 4;
/** A power of two. One word a slot, the last one seen: bounded whatever a server sends. */
const knownWords = 16384;
const keptWords: (string | undefined)[] = new Array(knownWords).fill(undefined);
/** The bytes of those words. */
const pieces = new Int32Array(knownWords * piecesPerWord);

function isSame(slot: number, view: DataView, at: number, end: number): boolean {
  for (let place = at, index = slot * piecesPerWord; place < end; place += 4) {
    if (pieces[index++] !== pieceAt(view, place, end)) return false;
  }
  return true;
}

/** Up to four bytes as a number; zeros in place of those beyond the end. */
function pieceAt(view: DataView, place: number, end: number): number {
  const piece = view.getInt32(place, true);
  const beyond = place + 4 - end;
  return beyond <= 0 ? piece : piece & (0xffffffff >>> (8 * beyond));
}

import { Malformed, type Reader, readEnd, readVarint, skipField, within } from './reader.ts';

/**
 * A field of a message, compiled: its protobuf number, its JSON name, and how to read either form into the target.
 * Source of numbers and names: generated.proto of k8s.io/api and k8s.io/apimachinery.
 */
export interface Field<T> {
  readonly number: number;
  /** Empty for a message whose fields belong to the outer object in JSON. */
  readonly name: string;
  readonly wire: 0 | 2;
  /** Whether protobuf may repeat the field. */
  readonly repeated: boolean;
  /** Reads the value after the field's tag. Throws `Malformed` when it does not end before `end`. */
  readonly read: (reader: Reader, end: number, target: T) => void;
  /** Takes the JSON value, which is neither null nor absent. Throws `Malformed`. */
  readonly pick: (json: unknown, target: T) => void;
}

/** Reads the needed fields of a message from either form. Both functions throw `Malformed`. */
export interface Table<T> {
  /** Reads protobuf from the reader's position up to `end`. */
  readonly read: (reader: Reader, end: number, target: T) => void;
  /** Takes the fields from parsed JSON. */
  readonly pick: (json: unknown, target: T) => void;
}

/** What an unknown protobuf field means: skip it, or refuse the message as another one. */
export type Unknown = 'skip' | 'refuse';

/** Compiles the fields of a message. */
export function table<T>(fields: readonly Field<T>[], unknown: Unknown = 'skip'): Table<T> {
  const length = Math.max(0, ...fields.map(({ number }) => number)) + 1;
  const byNumber: (Field<T> | undefined)[] = new Array(length).fill(undefined);
  for (const field of fields) byNumber[field.number] = field;

  return {
    read(reader, end, target) {
      let seen = 0;
      let field: Field<T> | undefined;
      let index = 0;
      try {
        while (reader.at < end) {
          const previous = field;
          field = undefined;
          const tag = readVarint(reader, end);
          field = tag < length * 8 ? byNumber[tag >>> 3] : undefined;
          if (field === undefined) {
            skipOther(reader, tag, end, unknown);
            continue;
          }
          index = field === previous ? index + 1 : 0;
          if ((tag & 7) !== field.wire) throw new Malformed('has another wire type than it should');
          // A field number of 32 or more has no bit. Whole objects, which this check protects, have small numbers.
          if (!field.repeated && field.number < 32) {
            const bit = 1 << field.number;
            // Kubernetes never writes a field twice: two objects have run into each other.
            if ((seen & bit) !== 0) throw new Malformed('comes twice');
            seen |= bit;
          }
          field.read(reader, end, target);
        }
      } catch (error) {
        throw field === undefined
          ? error
          : within(field.repeated ? `${field.name}[${index}]` : field.name, error);
      }
    },

    pick(json, target) {
      const object = asObject(json);
      let name = '';
      try {
        for (const field of fields) {
          name = field.name;
          const value = name === '' ? object : object[name];
          if (value !== undefined && value !== null) field.pick(value, target);
        }
      } catch (error) {
        throw within(name, error);
      }
    },
  };
}

/** Reads a message that follows its length. Throws `Malformed`. */
export function readInner<T>(inner: Table<T>, reader: Reader, end: number, target: T): void {
  inner.read(reader, readEnd(reader, end), target);
}

/** Checks that the value is a JSON object. Throws `Malformed`. */
export function asObject(json: unknown): Readonly<Record<string, unknown>> {
  if (!isObject(json)) throw new Malformed('is not an object');
  return json;
}

function isObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function skipOther(reader: Reader, tag: number, end: number, unknown: Unknown): void {
  if (tag < 8 || tag >= 2 ** 32) throw new Malformed('has a field without a number');
  if (unknown === 'refuse') throw new Malformed(`has a field ${tag >>> 3}, which it should not have`);
  skipField(reader, tag & 7, end);
}

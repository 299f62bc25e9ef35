import { Malformed, type Reader, readEnd, readVarint, skipField, within } from './reader.ts';

/**
 * One needed field of an object: its protobuf number, its JSON name, and how either form of it gets into the target.
 * Numbers and names: generated.proto of k8s.io/api and k8s.io/apimachinery.
 */
export interface Field<T> {
  readonly number: number;
  /** Empty for a message whose fields stand in the object around it in JSON. */
  readonly name: string;
  readonly wire: 0 | 2;
  /** Whether the field may come more than once in protobuf. */
  readonly repeated: boolean;
  /** Reads what follows the field's tag and ends before `end`. */
  readonly read: (reader: Reader, end: number, target: T) => void;
  /** Takes the field's JSON value, which is neither null nor absent. */
  readonly pick: (json: unknown, target: T) => void;
}

/** The needed fields of a message, ready to be read from either form. */
export interface Table<T> {
  /** Reads from where the reader stands up to `end`. */
  readonly read: (reader: Reader, end: number, target: T) => void;
  readonly pick: (json: unknown, target: T) => void;
}

/** Whether protobuf fields that the table does not have are left out, or show that this is another message. */
export type Unknown = 'skip' | 'refuse';

/** The table of the given fields. */
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
          // Numbers from 32 on have no bit; whole objects, which this is about, have low ones.
          if (!field.repeated && field.number < 32) {
            const bit = 1 << field.number;
            // Kubernetes never writes one twice: two objects have run into each other.
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

/** Reads the message whose length comes next. */
export function readInner<T>(inner: Table<T>, reader: Reader, end: number, target: T): void {
  inner.read(reader, readEnd(reader, end), target);
}

/** The JSON object, for reading by name. */
export function asObject(json: unknown): Readonly<Record<string, unknown>> {
  if (!isObject(json)) throw new Malformed('is not an object');
  return json;
}

function isObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function skipOther(reader: Reader, tag: number, end: number, unknown: Unknown): void {
  const number = Math.floor(tag / 8);
  if (number === 0 || number >= 2 ** 29) throw new Malformed('has a field without a number');
  if (unknown === 'refuse') throw new Malformed(`has a field ${number}, which it should not have`);
  skipField(reader, tag % 8, end);
}

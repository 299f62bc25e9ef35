import {
  addPair,
  bytesSpec,
  type FieldSpec,
  int32,
  message,
  optionalInteger,
  struct,
  word,
} from './fields.ts';
import { Malformed, type Reader, readEnd, wire } from './reader.ts';
import { asObject, readInner, table } from './table.ts';

/** A point in time in seconds of Unix time; undefined when absent or not set. */
export const time = (number: number): FieldSpec<number | undefined> =>
  bytesSpec(number, undefined, (reader, end) => readTime(reader, readEnd(reader, end)), timeOfString);

/** A quantity as a string, as in `100m`; undefined when absent. */
export const quantity = (number: number): FieldSpec<string | undefined> =>
  bytesSpec(
    number,
    undefined,
    (reader, end) => {
      const found = { string: '' };
      readInner(quantityMessage, reader, end, found);
      return found.string;
    },
    quantityString,
  );

/** Quantities by name: names and quantities in turn, in the order of the body. */
export const quantities = (number: number): FieldSpec<readonly string[]> => ({
  empty: [],
  field: (key) => ({
    ...{ number, name: key, wire: wire.bytes, repeated: true },
    read(reader, end, draft) {
      const entry = { key: '', value: { string: '' } };
      readInner(quantityEntry, reader, end, entry);
      addPair(draft, key, entry.key, entry.value.string);
    },
    pick(json, draft) {
      for (const [name, value] of Object.entries(asObject(json)))
        addPair(draft, key, name, quantityString(value));
    },
  }),
});

/** A number, or a string such as `25%`; undefined when absent. */
export const intOrString = (number: number): FieldSpec<number | string | undefined> =>
  bytesSpec<number | string | undefined>(
    number,
    undefined,
    (reader, end) => {
      const found = { type: 0, intVal: 0, strVal: '' };
      readInner(intOrStringMessage, reader, end, found);
      return found.type === 1 ? found.strVal : found.intVal;
    },
    (json) => {
      if (typeof json !== 'number' && typeof json !== 'string')
        throw new Malformed('is neither a number nor a string');
      return json;
    },
  );

/** What Go makes of a time that is not set, in seconds of Unix time: the first second of the year 1. */
export const zeroTime = -62_135_596_800;

const quantityMessage = table(message({ string: word(1) }).fields);
const quantityEntry = table(message({ key: word(1), value: struct(2, { string: word(1) }) }).fields);

function quantityString(json: unknown): string {
  if (typeof json === 'string') return json;
  if (typeof json === 'number') return String(json);
  throw new Malformed('is not a quantity');
}

const intOrStringMessage = table(message({ type: int32(1), intVal: int32(2), strVal: word(3) }).fields);

const timeMessage = table(message({ seconds: optionalInteger(1) }).fields);

/** Reads a `Time` or `MicroTime` message. A time that is not set is an empty message, or Go's zero time. */
function readTime(reader: Reader, end: number): number | undefined {
  const found: { seconds: number | undefined } = { seconds: undefined };
  timeMessage.read(reader, end, found);
  return unlessZero(found.seconds);
}

/** A time in JSON, as in `2026-01-31T12:00:00Z`. */
function timeOfString(json: unknown): number | undefined {
  const milliseconds = typeof json === 'string' ? Date.parse(json) : Number.NaN;
  if (Number.isNaN(milliseconds)) throw new Malformed('is not a time');
  return unlessZero(Math.floor(milliseconds / 1000));
}

function unlessZero(seconds: number | undefined): number | undefined {
  return seconds === zeroTime ? undefined : seconds;
}

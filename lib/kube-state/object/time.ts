import { Malformed, type Reader } from '../../backends/kubernetes/wire/reader.ts';
import { table } from '../../backends/kubernetes/wire/table.ts';
import { readInt64 } from './fields.ts';

/** What Go makes of a time that is not set, in seconds of Unix time: the first second of the year 1. */
export const zeroTime = -62_135_596_800;

/** Seconds of Unix time of a Time or MicroTime message; a time that is not set is an empty one, or Go's zero. */
export function readTime(reader: Reader, end: number): number | undefined {
  const found: { seconds: number | undefined } = { seconds: undefined };
  message.read(reader, end, found);
  return unlessZero(found.seconds);
}

/** The same of its JSON form, as in `2026-01-31T12:00:00Z`. */
export function timeOfText(json: unknown): number | undefined {
  const milliseconds = typeof json === 'string' ? Date.parse(json) : Number.NaN;
  if (Number.isNaN(milliseconds)) throw new Malformed('is not a time');
  return unlessZero(Math.floor(milliseconds / 1000));
}

function unlessZero(seconds: number | undefined): number | undefined {
  return seconds === zeroTime ? undefined : seconds;
}

const message = table<{ seconds: number | undefined }>([
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

import { isAscii } from 'node:buffer';

/**
 * Bytes of a protobuf message and the place up to which they were read. Read by functions of our own: the package `pbf`
 * reads on past the end of a message and of the body, where a damaged list must be refused.
 */
export interface Reader {
  readonly bytes: Buffer;
  /** The same bytes, for reading several at a time. */
  readonly view: DataView;
  at: number;
  /** Whether a text was read that is not UTF-8. */
  isReplaced: boolean;
}

/** A reader of these bytes, at their beginning. */
export function openReader({ buffer, byteOffset, byteLength }: Uint8Array): Reader {
  return {
    bytes: Buffer.from(buffer, byteOffset, byteLength),
    view: new DataView(buffer, byteOffset, byteLength),
    at: 0,
    isReplaced: false,
  };
}

/** How a protobuf field is laid out: a number of up to ten bytes, or a length and that many bytes. */
export const wire = { varint: 0, bytes: 2 } as const;

/** What cannot be read. The path is completed on the way up, so that it costs nothing where all is well. */
export class Malformed extends Error {
  path = '';

  /** Puts the name of the field that holds the bad one in front of the path. */
  within(name: string): this {
    const dot = this.path === '' || this.path.startsWith('[') ? '' : '.';
    this.path = `${name}${dot}${this.path}`;
    return this;
  }
}

/** The same error, with the name of the field in which it came up. */
export function within(name: string, error: unknown): unknown {
  return error instanceof Malformed && name !== '' ? error.within(name) : error;
}

/**
 * An unsigned number that ends before `end`. Exact up to 2^53; a larger one (negative numbers are encoded so) is
 * only known to be large.
 */
export function readVarint(reader: Reader, end: number): number {
  const { bytes } = reader;
  const start = reader.at;
  let at = start;
  let value = 0;
  let scale = 1;
  for (;;) {
    if (at >= end) throw new Malformed('ends in the middle of a number');
    const byte = bytes[at++] ?? 0;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) break;
    if (at - start === 10) throw new Malformed('has a number of more than ten bytes');
    scale *= 128;
  }
  reader.at = at;
  return value;
}

/** A signed number of 32 bits. Negative ones are ten bytes long: the lowest 32 bits are what counts. */
export function readInt32(reader: Reader, end: number): number {
  const start = reader.at;
  const value = readVarint(reader, end);
  if (value <= maxInt32) return value;
  if (value < 2 ** 64 - 2 ** 31 || value > 2 ** 64) throw new Malformed('is not a number of 32 bits');
  let low = 0;
  for (let index = 0; index < 5; index++) low |= ((reader.bytes[start + index] ?? 0) & 0x7f) << (7 * index);
  return low;
}

/** The largest number of 64 bits with a sign. */
export const maxInt64 = 2n ** 63n - 1n;

/** A number of 64 bits with a sign, rounded where a JavaScript number cannot hold it. */
export function readInt64(reader: Reader, end: number): number {
  const start = reader.at;
  const value = readVarint(reader, end);
  return value < 2 ** 53 ? value : Number(bitsBetween(start, reader));
}

/** The same number as text, with all of its digits. */
export function readInt64Digits(reader: Reader, end: number): string {
  const start = reader.at;
  const value = readVarint(reader, end);
  return `${value < 2 ** 53 ? value : bitsBetween(start, reader)}`;
}

function bitsBetween(start: number, { at: end, bytes }: Reader): bigint {
  let bits = 0n;
  for (let at = end - 1; at >= start; at--) bits = (bits << 7n) | BigInt((bytes[at] ?? 0) & 0x7f);
  return BigInt.asIntN(64, bits);
}

/** A length; returns the end of the bytes that it announces. */
export function readEnd(reader: Reader, end: number): number {
  const length = readVarint(reader, end);
  if (length > end - reader.at) throw new Malformed('has a length past its end');
  return reader.at + length;
}

/** Leaves out a field that no label needs. */
export function skipField(reader: Reader, wireType: number, end: number): void {
  switch (wireType) {
    case wire.varint:
      readVarint(reader, end);
      return;
    case wire.bytes:
      reader.at = readEnd(reader, end);
      return;
    case 1:
      skipBytes(reader, 8, end);
      return;
    case 5:
      skipBytes(reader, 4, end);
      return;
    default:
      throw new Malformed(`has a field of the unknown wire type ${wireType}`);
  }
}

/** The largest number of 32 bits with a sign. */
export const maxInt32 = 2 ** 31 - 1;

function skipBytes(reader: Reader, count: number, end: number): void {
  if (count > end - reader.at) throw new Malformed('ends in the middle of a number');
  reader.at += count;
}

/** The text from where the reader stands up to `end`. Where it is not UTF-8 the reader says so. */
export function readText(reader: Reader, end: number): string {
  const { bytes, at } = reader;
  reader.at = end;
  if (end - at > longText) return decode(reader, at, end, isAscii(bytes.subarray(at, end)));
  let high = 0;
  for (let index = at; index < end; index++) high |= bytes[index] ?? 0;
  return decode(reader, at, end, high < 0x80);
}

/** Above this many bytes the call into the runtime that looks at them all pays. */
const longText = 128;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lossy = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * The text of these bytes; `ascii` says that they are known to be that. What is not UTF-8 becomes U+FFFD: one such
 * annotation must not cost the whole list.
 */
export function decode(reader: Reader, at: number, end: number, ascii: boolean): string {
  const { bytes } = reader;
  if (at === end) return '';
  if (ascii) return bytes.toString('latin1', at, end);
  try {
    return utf8.decode(bytes.subarray(at, end));
  } catch {
    reader.isReplaced = true;
    return lossy.decode(bytes.subarray(at, end));
  }
}

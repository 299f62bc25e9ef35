import { isAscii } from 'node:buffer';

/**
 * The bytes of a protobuf message and the position of the next read. The package `pbf` is not used: it reads past the
 * end of a message, and a damaged list must be refused.
 */
export interface Reader {
  readonly bytes: Buffer;
  /** The same bytes, for reads of four bytes at once. */
  readonly view: DataView;
  at: number;
  /** Whether a string was read that is not UTF-8. */
  isReplaced: boolean;
}

/** Opens a reader at the start of the bytes. */
export function openReader({ buffer, byteOffset, byteLength }: Uint8Array): Reader {
  return {
    bytes: Buffer.from(buffer, byteOffset, byteLength),
    view: new DataView(buffer, byteOffset, byteLength),
    at: 0,
    isReplaced: false,
  };
}

/** The wire types that Kubernetes uses: a number of up to ten bytes, or a length and that many bytes. */
export const wire = { varint: 0, bytes: 2 } as const;

/**
 * Thrown for a body that cannot be read. Each caller adds the name of its field to the path, so a good body pays
 * nothing for the path.
 */
export class Malformed extends Error {
  path = '';

  /** Puts the name of the outer field in front of the path. */
  within(name: string): this {
    const dot = this.path === '' || this.path.startsWith('[') ? '' : '.';
    this.path = `${name}${dot}${this.path}`;
    return this;
  }
}

/** Adds the name of a field to the path of a `Malformed`; returns any other error unchanged. */
export function within(name: string, error: unknown): unknown {
  return error instanceof Malformed && name !== '' ? error.within(name) : error;
}

/**
 * Reads an unsigned number. It is exact below 2^53 and rounded above; negative numbers are encoded as very large ones.
 * Throws `Malformed` when the number does not end before `end`.
 */
export function readVarint(reader: Reader, end: number): number {
  const { bytes, at } = reader;
  const first = bytes[at] ?? 0;
  if (first >= 0x80 || at >= end) return readLongVarint(reader, end);
  // Most numbers are tags and lengths of one byte.
  reader.at = at + 1;
  return first;
}

function readLongVarint(reader: Reader, end: number): number {
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

/** Reads a signed number of 32 bits. A negative one takes ten bytes; its lowest 32 bits count. Throws `Malformed`. */
export function readInt32(reader: Reader, end: number): number {
  const start = reader.at;
  const value = readVarint(reader, end);
  if (value <= maxInt32) return value;
  if (value < 2 ** 64 - 2 ** 31 || value > 2 ** 64) throw new Malformed('is not a number of 32 bits');
  let low = 0;
  for (let index = 0; index < 5; index++) low |= ((reader.bytes[start + index] ?? 0) & 0x7f) << (7 * index);
  return low;
}

/** The largest signed number of 64 bits. */
export const maxInt64 = 2n ** 63n - 1n;

/** Reads a signed number of 64 bits, rounded to a JavaScript number. Throws `Malformed`. */
export function readInt64(reader: Reader, end: number): number {
  const start = reader.at;
  const value = readVarint(reader, end);
  return value < 2 ** 53 ? value : Number(bitsBetween(start, reader));
}

/** Reads the same number as a string with all of its digits. Throws `Malformed`. */
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

/** Reads a length and returns the offset at which its bytes end. Throws `Malformed`. */
export function readEnd(reader: Reader, end: number): number {
  const length = readVarint(reader, end);
  if (length > end - reader.at) throw new Malformed('has a length past its end');
  return reader.at + length;
}

/** Skips a field that is not needed. Throws `Malformed`. */
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

/** The largest signed number of 32 bits. */
export const maxInt32 = 2 ** 31 - 1;

function skipBytes(reader: Reader, count: number, end: number): void {
  if (count > end - reader.at) throw new Malformed('ends in the middle of a number');
  reader.at += count;
}

/** Reads the string up to `end`. Sets `isReplaced` when it is not UTF-8. */
export function readText(reader: Reader, end: number): string {
  const { bytes, at } = reader;
  reader.at = end;
  if (end - at > longText) return decode(reader, at, end, isAscii(bytes.subarray(at, end)));
  let high = 0;
  for (let index = at; index < end; index++) high |= bytes[index] ?? 0;
  return decode(reader, at, end, high < 0x80);
}

/** Bytes from which a call into the runtime is faster than a loop. */
const longText = 128;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lossy = new TextDecoder('utf-8', { ignoreBOM: true });

/** Bytes that are not UTF-8 become U+FFFD: one bad annotation must not fail the whole list. */
function decode(reader: Reader, at: number, end: number, ascii: boolean): string {
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

/**
 * Reads a string that often repeats: a label key, a namespace, an image. A known string is found by its bytes, four at
 * a time, and shared. That is faster than decoding and leaves no garbage.
 */
export function readWord(reader: Reader, end: number): string {
  const { bytes, view, at } = reader;
  const length = end - at;
  // The last piece of four bytes may reach past the word.
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
/** A power of two. Each slot holds the last word seen, so memory is bounded for all that a server sends. */
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

/** Up to four bytes as a number; bytes past the end count as zero. */
function pieceAt(view: DataView, place: number, end: number): number {
  const piece = view.getInt32(place, true);
  const beyond = place + 4 - end;
  return beyond <= 0 ? piece : piece & (0xffffffff >>> (8 * beyond));
}

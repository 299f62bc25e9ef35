import { isAscii } from 'node:buffer';
import { Malformed, type Reader } from './reader.ts';

/** The text from where the reader stands up to `end`. */
export function readText(reader: Reader, end: number): string {
  const { bytes, at } = reader;
  reader.at = end;
  if (end - at > longText) return decode(bytes, at, end, isAscii(bytes.subarray(at, end)));
  let high = 0;
  for (let index = at; index < end; index++) high |= bytes[index] ?? 0;
  return decode(bytes, at, end, high < 0x80);
}

/**
 * The text from where the reader stands up to `end`, for text that is often the same: label keys, namespaces, images.
 * A known one is found by its bytes and shared, which is faster than making it and leaves nothing to collect.
 */
export function readWord(reader: Reader, end: number): string {
  const { bytes, at } = reader;
  const length = end - at;
  if (length > longWord) return readText(reader, end);
  reader.at = end;
  let hash = length;
  let high = 0;
  for (let index = at; index < end; index++) {
    const byte = bytes[index] ?? 0;
    hash = (Math.imul(hash, 31) + byte) | 0;
    high |= byte;
  }
  if (high >= 0x80) return decode(bytes, at, end, false);
  const slot = (hash ^ (hash >>> 15)) & (knownWords - 1);
  const known = words[slot];
  if (known !== undefined && isSame(known, bytes, at, length)) return known;
  const word = decode(bytes, at, end, true);
  words[slot] = word;
  return word;
}

/** Above this many bytes the call into the runtime that looks at them all pays. */
const longText = 128;
const longWord = 96;
/** A power of two. One word a slot, the last one seen: bounded whatever a server sends. */
const knownWords = 16384;
const words: (string | undefined)[] = new Array(knownWords).fill(undefined);

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function isSame(word: string, bytes: Buffer, at: number, length: number): boolean {
  if (word.length !== length) return false;
  for (let index = 0; index < length; index++) {
    if (word.charCodeAt(index) !== bytes[at + index]) return false;
  }
  return true;
}

function decode(bytes: Buffer, at: number, end: number, ascii: boolean): string {
  if (at === end) return '';
  if (ascii) return bytes.toString('latin1', at, end);
  try {
    return utf8.decode(bytes.subarray(at, end));
  } catch {
    throw new Malformed('is not UTF-8');
  }
}

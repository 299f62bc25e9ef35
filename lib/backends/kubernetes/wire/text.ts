import { isAscii } from 'node:buffer';
import type { Reader } from './reader.ts';

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

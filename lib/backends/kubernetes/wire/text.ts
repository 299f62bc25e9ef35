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

/** Above this many bytes the call into the runtime that looks at them all pays. */
const longText = 128;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of these bytes; `ascii` says that they are known to be that. Throws `Malformed`. */
export function decode(bytes: Buffer, at: number, end: number, ascii: boolean): string {
  if (at === end) return '';
  if (ascii) return bytes.toString('latin1', at, end);
  try {
    return utf8.decode(bytes.subarray(at, end));
  } catch {
    throw new Malformed('is not UTF-8');
  }
}

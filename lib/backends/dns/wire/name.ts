import { MusterError } from '../../../errors.ts';

/** A name's bytes and separators, its end included. Source: RFC 1035, 3.1. */
const longestName = 255;
const longestLabel = 63;
/** As many pointers as a name of the greatest length can have use for. */
const mostPointers = longestName / 2;

/**
 * The name as it goes over the wire; undefined when it is none (an empty label, one over 63 bytes, more than 255 in
 * all). `\.` is a dot inside a label, `\032` the byte 32, as in zone files. Other text goes as UTF-8.
 */
export function encodeName(name: string): Uint8Array | undefined {
  if (name === '.') return Uint8Array.of(0);
  const labels = splitLabels(name);
  if (labels === undefined) return undefined;
  const length = labels.reduce((sum, label) => sum + label.length + 1, 1);
  if (length > longestName || labels.some(({ length }) => length === 0 || length > longestLabel))
    return undefined;
  return Uint8Array.from([...labels.flatMap((label) => [label.length, ...label]), 0]);
}

/** The labels' bytes. */
function splitLabels(name: string): readonly (readonly number[])[] | undefined {
  const labels: number[][] = [[]];
  for (const [token, code, escaped, plain] of name.matchAll(/\\(\d{3})|\\(.)|([^\\])|\\/gsu)) {
    const character = escaped ?? plain;
    if (token === '.') labels.push([]);
    else if (code !== undefined && Number(code) < 256) labels.at(-1)?.push(Number(code));
    else if (character !== undefined) labels.at(-1)?.push(...Buffer.from(character));
    else return undefined;
  }
  // The dot at the end of a full name is no separator.
  if (labels.length > 1 && labels.at(-1)?.length === 0) labels.pop();
  return labels;
}

export interface DecodedName {
  /** With the dot at its end; the root is `.`. */
  readonly name: string;
  /** Where the next field starts. */
  readonly end: number;
}

/**
 * The name at an offset of a message, its compression undone, special bytes escaped as in zone files (and thus in
 * Prometheus). Throws `malformed`, also on pointers that go in circles.
 */
export function decodeName(message: Buffer, offset: number): DecodedName {
  let name = '';
  let left = longestName;
  let pointers = 0;
  let end: number | undefined;
  let at = offset;
  for (;;) {
    const length = message[at] ?? fail();
    at += 1;
    if (length === 0) return { name: name === '' ? '.' : name, end: end ?? at };
    if (length >= 0xc0) {
      const low = message[at] ?? fail();
      end ??= at + 1;
      pointers += 1;
      if (pointers > mostPointers) fail();
      at = ((length & 0x3f) << 8) | low;
      continue;
    }
    left -= length + 1;
    if (length > longestLabel || at + length > message.length || left <= 0) fail();
    for (const byte of message.subarray(at, at + length)) name += showByte(byte);
    name += '.';
    at += length;
  }
}

function fail(): never {
  throw new MusterError('malformed', 'the answer holds a broken domain name');
}

/** Source of the bytes to escape: RFC 1035, 5.1, and what Prometheus's DNS library does. */
function showByte(byte: number): string {
  if (byte < 0x20 || byte > 0x7e) return `\\${String(byte).padStart(3, '0')}`;
  const character = String.fromCharCode(byte);
  return ` '@;()"\\.`.includes(character) ? `\\${character}` : character;
}

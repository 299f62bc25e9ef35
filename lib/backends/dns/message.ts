import { MusterError } from '../../base/errors.ts';

/** One question, as it goes to a server. */
export interface Query {
  /** 16 bits of chance, by which the answer is known. */
  readonly id: number;
  /** The name's bytes. */
  readonly name: Uint8Array;
  readonly type: QueryType;
}

/** A record of the answer section, as far as a target needs it. Names end with a dot. */
export type DnsRecord =
  | { readonly kind: 'A' | 'AAAA'; readonly address: string }
  | { readonly kind: 'SRV'; readonly target: string; readonly port: number }
  | { readonly kind: 'MX' | 'NS'; readonly target: string }
  | { readonly kind: 'CNAME' }
  | { readonly kind: 'other'; readonly type: number };

/** What a server said. */
export interface Answer {
  /** Response code, with the bits that EDNS adds. */
  readonly code: number;
  /** The rest did not fit into a datagram; there are then no records here. */
  readonly truncated: boolean;
  /** A server that does not know the name sends us on to others, whom it was its task to ask. */
  readonly referral: boolean;
  readonly records: readonly DnsRecord[];
}

/** Bytes that we take in a datagram, as Prometheus does; without EDNS servers keep to 512. */
const datagramSize = 4096;
const headerLength = 12;
const internetClass = 1;

/** The query as bytes. With `edns` it says how large an answer may be. Source: RFC 1035, 4.1; RFC 6891, 6.1. */
export function encodeQuery({ id, name, type }: Query, { edns }: { readonly edns: boolean }): Buffer {
  const recursionDesired = 0x0100;
  const header = words(id, recursionDesired, 1, 0, 0, edns ? 1 : 0);
  const question = [name, words(typeNumbers[type], internetClass)];
  const options = edns ? [Uint8Array.of(0), words(optType, datagramSize, 0, 0, 0)] : [];
  return Buffer.concat([header, ...question, ...options]);
}

/** Whether the bytes are an answer to this very question: anybody can send datagrams. */
export function answers(message: Buffer, { id, name, type }: Query): boolean {
  if (message.length < headerLength || message.readUInt16BE(0) !== id || !isResponse(message)) return false;
  const questions = message.readUInt16BE(4);
  // A server that could not read the question may leave it out, but then it can't say anything of the name.
  if (questions === 0) return ![0, 3].includes(message.readUInt16BE(2) & 0xf);
  const end = headerLength + name.length;
  if (questions !== 1 || message.length < end + 4) return false;
  return (
    lowerCase(message.subarray(headerLength, end)) === lowerCase(Buffer.from(name)) &&
    message.readUInt16BE(end) === typeNumbers[type]
  );
}

/** The answer in such bytes. Throws `malformed`, also when there are fewer records than announced. */
export function decodeAnswer(message: Buffer): Answer {
  const flags = message.readUInt16BE(2);
  const truncated = (flags & 0x0200) !== 0;
  const code = flags & 0xf;
  if (truncated) return { code, truncated, referral: false, records: [] };

  const reader = { message, at: headerLength };
  for (let left = message.readUInt16BE(4); left > 0; left -= 1) {
    reader.at = decodeName(message, reader.at).end;
    take(reader, 4);
  }
  const answered = readRecords(reader, message.readUInt16BE(6));
  readRecords(reader, message.readUInt16BE(8));
  const options = readRecords(reader, message.readUInt16BE(10)).find(({ type }) => type === optType);
  const authoritative = (flags & 0x0400) !== 0;
  const recursionAvailable = (flags & 0x0080) !== 0;
  return {
    code: code | (options === undefined ? 0 : (options.timeToLive >>> 24) << 4),
    truncated,
    referral: answered.length === 0 && !authoritative && !recursionAvailable,
    records: answered.map((record) => decodeRecord(message, record)),
  };
}

interface Reader {
  readonly message: Buffer;
  at: number;
}

interface RawRecord {
  readonly type: number;
  readonly timeToLive: number;
  /** Where its data starts and ends. */
  readonly start: number;
  readonly end: number;
}

function readRecords(reader: Reader, count: number): readonly RawRecord[] {
  return Array.from({ length: count }, () => {
    reader.at = decodeName(reader.message, reader.at).end;
    const fields = take(reader, 10);
    const start = reader.at;
    take(reader, fields.readUInt16BE(8));
    return { type: fields.readUInt16BE(0), timeToLive: fields.readUInt32BE(4), start, end: reader.at };
  });
}

function decodeRecord(message: Buffer, { type, start, end }: RawRecord): DnsRecord {
  const data = message.subarray(start, end);
  const target = (offset: number): string => {
    if (data.length <= offset) brokenRecord();
    const decoded = decodeName(message, start + offset);
    return decoded.end === end ? decoded.name : brokenRecord();
  };
  switch (type) {
    case typeNumbers.A:
      return data.length === 4 ? { kind: 'A', address: data.join('.') } : brokenRecord();
    case typeNumbers.AAAA:
      return data.length === 16 ? { kind: 'AAAA', address: showIpv6(data) } : brokenRecord();
    case typeNumbers.SRV:
      return { kind: 'SRV', target: target(6), port: data.readUInt16BE(4) };
    case typeNumbers.MX:
      return { kind: 'MX', target: target(2) };
    case typeNumbers.NS:
      return { kind: 'NS', target: target(0) };
    case cnameType:
      return { kind: 'CNAME' };
    default:
      return { kind: 'other', type };
  }
}

function take(reader: Reader, length: number): Buffer {
  const end = reader.at + length;
  if (end > reader.message.length) brokenRecord();
  const taken = reader.message.subarray(reader.at, end);
  reader.at = end;
  return taken;
}

function brokenRecord(): never {
  throw new MusterError('malformed', 'the answer breaks off or holds a broken record');
}

function isResponse(message: Buffer): boolean {
  return (message.readUInt16BE(2) & 0x8000) !== 0;
}

/** Names are the same whatever their case. No byte of a length is a letter: labels have 63 bytes at most. */
function lowerCase(name: Buffer): string {
  return name.toString('latin1').replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, index * 2);
  return bytes;
}

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
    const length = message[at] ?? brokenName();
    at += 1;
    if (length === 0) return { name: name === '' ? '.' : name, end: end ?? at };
    if (length >= 0xc0) {
      const low = message[at] ?? brokenName();
      end ??= at + 1;
      pointers += 1;
      if (pointers > mostPointers) brokenName();
      at = ((length & 0x3f) << 8) | low;
      continue;
    }
    left -= length + 1;
    if (length > longestLabel || at + length > message.length || left <= 0) brokenName();
    for (const byte of message.subarray(at, at + length)) name += showByte(byte);
    name += '.';
    at += length;
  }
}

function brokenName(): never {
  throw new MusterError('malformed', 'the answer holds a broken domain name');
}

/** Source of the bytes to escape: RFC 1035, 5.1, and what Prometheus's DNS library does. */
function showByte(byte: number): string {
  if (byte < 0x20 || byte > 0x7e) return `\\${String(byte).padStart(3, '0')}`;
  const character = String.fromCharCode(byte);
  return ` '@;()"\\.`.includes(character) ? `\\${character}` : character;
}

/** Types of record that can be asked for. */
export const queryTypes = ['A', 'AAAA', 'MX', 'NS', 'SRV'] as const;

export type QueryType = (typeof queryTypes)[number];

/** Their numbers. Source: RFC 1035, 2782, 3596. */
const typeNumbers: Readonly<Record<QueryType, number>> = { A: 1, AAAA: 28, MX: 15, NS: 2, SRV: 33 };

/** Other types that matter here. Source: RFC 1035, 6891. */
const cnameType = 5;
const optType = 41;

/** Response codes. Source: IANA, DNS RCODEs. */
export const noError = 0;
export const formatError = 1;
export const nameError = 3;
export const notImplemented = 4;

/** The code as DNS people write it. */
export function showResponseCode(code: number): string {
  return codeNames.get(code) ?? `response code ${code}`;
}

const codeNames = new Map([
  [noError, 'NOERROR'],
  [formatError, 'FORMERR'],
  [2, 'SERVFAIL'],
  [nameError, 'NXDOMAIN'],
  [notImplemented, 'NOTIMP'],
  [5, 'REFUSED'],
  [9, 'NOTAUTH'],
  [16, 'BADVERS'],
]);

/** The 16 bytes as text, the way Go writes it: RFC 5952, and `1.2.3.4` for an IPv4 address inside IPv6. */
function showIpv6(bytes: Buffer): string {
  if (bytes.subarray(0, 12).equals(ipv4Prefix)) return bytes.subarray(12).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  const { start, length } = longestZeros(groups);
  if (length < 2) return groups.join(':');
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`;
}

const ipv4Prefix = Buffer.from('00000000000000000000ffff', 'hex');

/** The first of the longest runs of zeros. */
function longestZeros(groups: readonly string[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 };
  let length = 0;
  for (const [index, group] of groups.entries()) {
    length = group === '0' ? length + 1 : 0;
    if (length > best.length) best = { start: index + 1 - length, length };
  }
  return best;
}

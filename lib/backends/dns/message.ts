import { MusterError } from '../../base/errors.ts';

/** A query, as sent to a server. */
export interface Query {
  /** 16 random bits that the answer repeats. */
  readonly id: number;
  /** The encoded name; see `encodeName`. */
  readonly name: Uint8Array;
  readonly type: QueryType;
}

/** A record of the answer section: the fields that targets need. Names end with a dot. */
export type DnsRecord =
  | { readonly kind: 'A' | 'AAAA'; readonly address: string }
  | { readonly kind: 'SRV'; readonly target: string; readonly port: number }
  | { readonly kind: 'MX' | 'NS'; readonly target: string }
  | { readonly kind: 'CNAME' }
  | { readonly kind: 'other'; readonly type: number };

/** The answer of a server. */
export interface Answer {
  /** Response code, including the bits that EDNS adds. */
  readonly code: number;
  /** Whether the answer did not fit into a datagram; `records` is then empty. */
  readonly truncated: boolean;
  /** Whether the server refers to other servers instead of asking them. */
  readonly referral: boolean;
  readonly records: readonly DnsRecord[];
}

/** Largest datagram that we accept, in bytes, as in Prometheus; without EDNS servers keep to 512. */
const datagramSize = 4096;
const headerLength = 12;
const internetClass = 1;

/** Encodes a query. With `edns` it says how large an answer may be. Source: RFC 1035, 4.1; RFC 6891, 6.1. */
export function encodeQuery({ id, name, type }: Query, { edns }: { readonly edns: boolean }): Buffer {
  const recursionDesired = 0x0100;
  const header = words(id, recursionDesired, 1, 0, 0, edns ? 1 : 0);
  const question = [name, words(typeNumbers[type], internetClass)];
  const options = edns ? [Uint8Array.of(0), words(optType, datagramSize, 0, 0, 0)] : [];
  return Buffer.concat([header, ...question, ...options]);
}

/** Whether the bytes answer exactly this query: anybody can send datagrams. */
export function answers(message: Buffer, { id, name, type }: Query): boolean {
  if (message.length < headerLength || message.readUInt16BE(0) !== id || !isResponse(message)) return false;
  const questions = message.readUInt16BE(4);
  // A server that could not read the question may leave it out, but then it cannot say whether the name exists.
  if (questions === 0) return ![0, 3].includes(message.readUInt16BE(2) & 0xf);
  const end = headerLength + name.length;
  if (questions !== 1 || message.length < end + 4) return false;
  return (
    lowerCase(message.subarray(headerLength, end)) === lowerCase(Buffer.from(name)) &&
    message.readUInt16BE(end) === typeNumbers[type]
  );
}

/** Decodes an answer. Throws `malformed`, also when it has fewer records than it announces. */
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
  /** Offsets at which its data starts and ends. */
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
  throw new MusterError('malformed', 'the answer is cut off or holds a broken record');
}

function isResponse(message: Buffer): boolean {
  return (message.readUInt16BE(2) & 0x8000) !== 0;
}

/** Names are equal in any case. A length byte is never a letter, since a label has at most 63 bytes. */
function lowerCase(name: Buffer): string {
  return name.toString('latin1').replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, index * 2);
  return bytes;
}

/** Bytes of an encoded name, its end included. Source: RFC 1035, 3.1. */
const longestName = 255;
const longestLabel = 63;
/** More pointers than a name of the greatest length can use. */
const mostPointers = longestName / 2;

/**
 * Encodes a name; undefined when it is malformed (an empty label, a label over 63 bytes, more than 255 bytes in all).
 * As in zone files, `\.` is a dot inside a label and `\032` the byte 32. Other text is encoded as UTF-8.
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
  // The dot at the end of a full name does not start another label.
  if (labels.length > 1 && labels.at(-1)?.length === 0) labels.pop();
  return labels;
}

/** A name, and where it ended. */
export interface DecodedName {
  /** Ends with a dot; the root is `.`. */
  readonly name: string;
  /** Offset of the next field. */
  readonly end: number;
}

/**
 * Decodes the name at an offset of a message. Compression is undone, and special bytes are escaped as in zone files
 * (and in Prometheus). Throws `malformed`, also for pointers that form a circle.
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

/** Source of the bytes to escape: RFC 1035, 5.1, and Prometheus's DNS library. */
function showByte(byte: number): string {
  if (byte < 0x20 || byte > 0x7e) return `\\${String(byte).padStart(3, '0')}`;
  const character = String.fromCharCode(byte);
  return ` '@;()"\\.`.includes(character) ? `\\${character}` : character;
}

/** Record types that a query can have. */
export const queryTypes = ['A', 'AAAA', 'MX', 'NS', 'SRV'] as const;

/** One of the types. */
export type QueryType = (typeof queryTypes)[number];

/** Their numbers. Source: RFC 1035, 2782, 3596. */
const typeNumbers: Readonly<Record<QueryType, number>> = { A: 1, AAAA: 28, MX: 15, NS: 2, SRV: 33 };

/** Other types that matter here. Source: RFC 1035, 6891. */
const cnameType = 5;
const optType = 41;

/** Response code: the name exists. Source of all codes: IANA, DNS RCODEs. */
export const noError = 0;
/** Response code: the server could not read the query. */
export const formatError = 1;
/** Response code: the name does not exist. */
export const nameError = 3;
/** Response code: the server does not know this kind of query. */
export const notImplemented = 4;

/** The usual name of a response code (RCODE), as in `NXDOMAIN`. */
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

/** An IPv6 address as Go writes it: RFC 5952, and `1.2.3.4` for an IPv4 address inside IPv6. */
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

import { MusterError } from '../../../errors.ts';
import { showIpv6 } from './ipv6.ts';
import { decodeName } from './name.ts';
import { cnameType, optType, type QueryType, typeNumbers } from './types.ts';

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
    if (data.length <= offset) fail();
    const decoded = decodeName(message, start + offset);
    return decoded.end === end ? decoded.name : fail();
  };
  switch (type) {
    case typeNumbers.A:
      return data.length === 4 ? { kind: 'A', address: data.join('.') } : fail();
    case typeNumbers.AAAA:
      return data.length === 16 ? { kind: 'AAAA', address: showIpv6(data) } : fail();
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
  if (end > reader.message.length) fail();
  const taken = reader.message.subarray(reader.at, end);
  reader.at = end;
  return taken;
}

function fail(): never {
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

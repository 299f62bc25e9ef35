import type { ZoneData, ZoneRecord } from './dns-world.ts';

/** A question as it came over the wire. */
export interface DnsQuestion {
  readonly id: number;
  /** In lower case, without the dot at its end. */
  readonly name: string;
  /** The type, or its number where it is none that the simulation knows. */
  readonly type: ZoneData['type'] | number;
  /** Bytes that an answer over UDP may have. */
  readonly room: number;
  readonly transport: 'udp' | 'tcp';
  /** Question section as it was sent, to be sent back. */
  readonly section: Buffer;
}

/** What is said in return. */
export interface DnsReply {
  readonly code: number;
  readonly records: readonly ZoneRecord[];
  readonly authoritative: boolean;
}

/** Source: RFC 1035, 2782, 3596. */
const types: readonly (readonly [ZoneData['type'], number])[] = [
  ['A', 1],
  ['NS', 2],
  ['CNAME', 5],
  ['MX', 15],
  ['TXT', 16],
  ['AAAA', 28],
  ['SRV', 33],
];
const numbers = new Map(types);
const names = new Map(types.map(([type, number]) => [number, type]));

/** The question in a message; undefined where there is none. */
export function decodeQuestion(message: Buffer, transport: 'udp' | 'tcp'): DnsQuestion | undefined {
  const labels: string[] = [];
  let at = 12;
  for (let length = message[at]; length !== 0; length = message[at]) {
    if (length === undefined || length > 63 || at + length + 6 > message.length) return undefined;
    labels.push(message.toString('utf8', at + 1, at + 1 + length).toLowerCase());
    at += length + 1;
  }
  const type = message.readUInt16BE(at + 1);
  const end = at + 5;
  // The one additional record of a query is EDNS; its class is the size.
  const room = message.readUInt16BE(10) === 1 ? message.readUInt16BE(end + 3) : 512;
  return {
    id: message.readUInt16BE(0),
    name: labels.join('.'),
    type: names.get(type) ?? type,
    room,
    transport,
    section: message.subarray(12, end),
  };
}

/** The answer as bytes; marked as truncated, and without records, where it does not fit. */
export function encodeReply(question: DnsQuestion, { code, records, authoritative }: DnsReply): Buffer {
  const encoded = records.map(encodeRecord);
  const whole = Buffer.concat([question.section, ...encoded]);
  const truncated = question.transport === 'udp' && whole.length + 12 > question.room;
  const flags = 0x8000 | (authoritative ? 0x0400 : 0) | (truncated ? 0x0200 : 0) | 0x0100 | code;
  return Buffer.concat([
    words(question.id, flags, 1, truncated ? 0 : encoded.length, 0, 0),
    truncated ? question.section : whole,
  ]);
}

function encodeRecord(record: ZoneRecord): Buffer {
  const data = encodeData(record);
  const fields = words(numbers.get(record.type) ?? 0, 1, 0, 30, data.length);
  return Buffer.concat([encodeDomain(record.name), fields, data]);
}

function encodeData(data: ZoneData): Buffer {
  switch (data.type) {
    case 'A':
      return Buffer.from(data.address.split('.').map(Number));
    case 'AAAA':
      return encodeIpv6(data.address);
    case 'SRV':
      return Buffer.concat([words(0, data.weight, data.port), encodeDomain(data.target)]);
    case 'MX':
      return Buffer.concat([words(10), encodeDomain(data.target)]);
    case 'TXT':
      return Buffer.concat([Buffer.of(data.text.length), Buffer.from(data.text)]);
    default:
      return encodeDomain(data.target);
  }
}

function encodeDomain(name: string): Buffer {
  const labels = name === '' ? [] : name.split('.').map((label) => Buffer.from(label));
  return Buffer.concat([...labels.flatMap((label) => [Buffer.of(label.length), label]), Buffer.of(0)]);
}

/** `fd00::1:2`: as many zeros for `::` as are missing. */
function encodeIpv6(address: string): Buffer {
  const [head = '', tail] = address.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':').map((group) => Number(`0x${group}`)));
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0);
  return words(...before, ...zeros, ...after);
}

function words(...values: readonly number[]): Buffer {
  return Buffer.concat(values.map((value) => Buffer.of(value >> 8, value & 0xff)));
}

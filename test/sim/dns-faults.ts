import { type DnsQuestion, type DnsReply, encodeReply } from './dns-wire.ts';
import { createProtocolFaults, type ProtocolFaults } from './protocol-faults.ts';

/** What can go wrong with an answer. */
export type DnsFault =
  /** The answer comes, but late. */
  | { readonly kind: 'latency'; readonly ms: number }
  /** A response code and no records: 2 is SERVFAIL, 5 REFUSED. */
  | { readonly kind: 'code'; readonly code: number }
  | { readonly kind: 'silence' }
  /** The answer is marked as truncated, whatever its size. */
  | { readonly kind: 'truncated' }
  /** The header and the question, and then bytes that are no records. */
  | { readonly kind: 'garbage' }
  /** Half of the answer; over TCP the connection then ends. */
  | { readonly kind: 'cut' }
  /** Fewer records than announced. */
  | { readonly kind: 'short' }
  /** One record more, of a type that nobody asked for (39, DNAME). */
  | { readonly kind: 'stranger' }
  /** A name that points to itself. */
  | { readonly kind: 'loop' }
  /** A forged answer under another number, and another to another question, then the true one. */
  | { readonly kind: 'forged' }
  /** Nothing found, and not responsible for the name: go and ask others. */
  | { readonly kind: 'referral' }
  /** NOERROR in the header, BADVERS by the bits of EDNS. */
  | { readonly kind: 'extended'; readonly code: number };

export type DnsFaults = ProtocolFaults<DnsQuestion, DnsFault>;

/** What a server sends for a question: over TCP with lengths in front; an empty part ends the connection. */
export interface DnsSending {
  readonly delay: number;
  readonly parts: readonly Buffer[];
}

/** Faults, and what they make of the answer which `respond` would give. */
export function createDnsFaults(respond: (question: DnsQuestion) => DnsReply): {
  readonly faults: DnsFaults;
  readonly reply: (question: DnsQuestion) => DnsSending;
} {
  const { faults, strike } = createProtocolFaults<DnsQuestion, DnsFault>();
  return {
    faults,
    reply(question) {
      const fault = strike(question);
      return {
        delay: fault?.kind === 'latency' ? fault.ms : 0,
        parts: send(question, respond(question), fault),
      };
    },
  };
}

function send(question: DnsQuestion, reply: DnsReply, fault: DnsFault | undefined): readonly Buffer[] {
  const whole = encodeReply(question, reply);
  const framed = (message: Buffer) =>
    question.transport === 'udp'
      ? message
      : Buffer.concat([Buffer.of(message.length >> 8, message.length & 0xff), message]);
  const empty = (code: number) => encodeReply(question, { code, records: [], authoritative: true });
  switch (fault?.kind) {
    case 'silence':
      return [];
    case 'code':
      return [framed(empty(fault.code))];
    case 'truncated':
      return [framed(withByte(empty(0), 2, (flags) => flags | 0x02))];
    case 'garbage':
      return [framed(Buffer.concat([withByte(empty(0), 7, () => 9), Buffer.alloc(80, 0x5a)]))];
    case 'cut':
      return question.transport === 'udp'
        ? [whole.subarray(0, whole.length / 2)]
        : [framed(whole).subarray(0, whole.length / 2), Buffer.alloc(0)];
    case 'short':
      return [framed(withByte(whole, 7, (count) => count + 1))];
    case 'stranger': {
      const record = Buffer.of(0xc0, 12, 0, 39, 0, 1, 0, 0, 0, 0, 0, 1, 0);
      return [framed(Buffer.concat([withByte(whole, 7, (count) => count + 1), record]))];
    }
    case 'loop': {
      const pointer = 12 + question.section.length;
      return [
        framed(Buffer.concat([withByte(empty(0), 7, () => 1), Buffer.of(0xc0, pointer), Buffer.alloc(10)])),
      ];
    }
    case 'forged':
      return [
        withByte(empty(0), 1, (low) => low ^ 1),
        withByte(empty(0), 13, (letter) => letter ^ 1),
        Buffer.of(1),
        whole,
      ].map(framed);
    case 'referral':
      return [framed(encodeReply(question, { code: 0, records: [], authoritative: false }))];
    case 'extended': {
      const options = Buffer.of(0, 0, 41, 16, 0, fault.code >> 4, 0, 0, 0, 0, 0);
      return [framed(Buffer.concat([withByte(empty(fault.code & 0xf), 11, () => 1), options]))];
    }
    default:
      return [framed(whole)];
  }
}

function withByte(message: Buffer, at: number, change: (byte: number) => number): Buffer {
  const copy = Buffer.from(message);
  copy[at] = change(copy[at] ?? 0);
  return copy;
}

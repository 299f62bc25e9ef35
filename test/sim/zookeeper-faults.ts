import type { ProtocolFaults } from './protocol-faults.ts';
import type { ZookeeperRequest } from './zookeeper-wire.ts';

/** What can go wrong with an answer. */
export type ZookeeperFault =
  /** The answer comes, but late. */
  | { readonly kind: 'latency'; readonly ms: number }
  /** An error code, such as -102 for rights that are lacking, in place of the answer. */
  | { readonly kind: 'error'; readonly code: number }
  | { readonly kind: 'silence' }
  /** The server refuses the session, as one does that has expired. */
  | { readonly kind: 'refused' }
  /** The connection ends without an answer. */
  | { readonly kind: 'closed' }
  /** Half of the answer, then the connection ends. */
  | { readonly kind: 'cut' }
  /** Half of the answer, then silence. */
  | { readonly kind: 'stall' }
  /** Half of the answer's body, as a whole message. */
  | { readonly kind: 'truncated' }
  /** An answer to a question that nobody asked. */
  | { readonly kind: 'stranger' }
  /** A message of a length below zero. */
  | { readonly kind: 'negative' }
  /** A web server's answer. */
  | { readonly kind: 'html' }
  /** A message that is said to have so many bytes, and has them. */
  | { readonly kind: 'huge'; readonly bytes: number };

export type ZookeeperFaults = ProtocolFaults<ZookeeperRequest, ZookeeperFault>;

/** What a server sends: `filler` many bytes after the rest; then it may hang up. */
export interface ZookeeperSending {
  readonly delay: number;
  readonly bytes: Buffer;
  readonly filler: number;
  readonly hangUp: boolean;
}

/** What the fault makes of the answer, which is a whole message. */
export function spoilMessage(whole: Buffer, fault: ZookeeperFault | undefined): ZookeeperSending {
  const sending = { delay: 0, bytes: whole, filler: 0, hangUp: false };
  const nothing = Buffer.alloc(0);
  switch (fault?.kind) {
    case 'latency':
      return { ...sending, delay: fault.ms };
    case 'silence':
      return { ...sending, bytes: nothing };
    case 'closed':
      return { ...sending, bytes: nothing, hangUp: true };
    case 'cut':
      return { ...sending, bytes: whole.subarray(0, whole.length / 2), hangUp: true };
    case 'stall':
      return { ...sending, bytes: whole.subarray(0, whole.length / 2) };
    case 'truncated':
      return { ...sending, bytes: withLength(whole.subarray(0, (whole.length + 20) / 2)) };
    case 'stranger':
      return { ...sending, bytes: Buffer.concat([whole.subarray(0, 4), Buffer.of(1), whole.subarray(5)]) };
    case 'negative':
      return { ...sending, bytes: Buffer.from([0xff, 0, 0, 0, ...whole.subarray(4)]) };
    case 'html':
      return { ...sending, bytes: Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), hangUp: true };
    case 'huge': {
      const length = Buffer.alloc(4);
      length.writeInt32BE(fault.bytes);
      return { ...sending, bytes: length, filler: fault.bytes };
    }
    default:
      return sending;
  }
}

/** The message with the length that it has now. */
function withLength(message: Buffer): Buffer {
  const copy = Buffer.from(message);
  copy.writeInt32BE(copy.length - 4);
  return copy;
}

import { MusterError } from '../../base/errors.ts';

/** Operations and their numbers. Source: Apache ZooKeeper, ZooDefs.OpCode. */
export const operations = { getData: 4, getChildren: 8, sync: 9, closeSession: -11 } as const;

/** Numbers (xid) of messages that answer no request: watch events, pings, the end of the session. */
export const unawaited: ReadonlySet<number> = new Set([-1, -2, 0]);

/** Error codes. Source: Apache ZooKeeper, KeeperException.Code. */
export const errorCodes = { noNode: -101, noAuth: -102, sessionExpired: -112, authFailed: -115 } as const;

/** A request, with its length in front like every message. */
export function encodeRequest(xid: number, operation: number, ...fields: readonly Buffer[]): Buffer {
  return framed(jute.int(xid), jute.int(operation), ...fields);
}

/** The request that opens a session with this timeout in milliseconds. */
export function encodeConnect(timeout: number): Buffer {
  const protocolVersion = jute.int(0);
  const lastZxidSeen = jute.long(0n);
  const sessionId = jute.long(0n);
  const password = jute.buffer(Buffer.alloc(16));
  // With true, a server that is cut off from the others would serve old data.
  const readOnly = jute.bool(false);
  return framed(protocolVersion, lastZxidSeen, jute.int(timeout), sessionId, password, readOnly);
}

/** The timeout that the server grants the session, in milliseconds; 0 when it refuses. Throws `malformed`. */
export function decodeConnected(reader: JuteReader): number {
  reader.int();
  const timeout = reader.int();
  const sessionId = reader.long();
  // The password ends the greeting.
  reader.buffer();
  return sessionId === 0n ? 0 : timeout;
}

/** The header of every answer. */
export interface ReplyHeader {
  readonly xid: number;
  /** 0 for success. */
  readonly error: number;
}

/** Reads the header of an answer. Throws `malformed`. */
export function decodeHeader(reader: JuteReader): ReplyHeader {
  const xid = reader.int();
  reader.long();
  return { xid, error: reader.int() };
}

/** A node's data, and its number of children. */
export interface NodeData {
  readonly data: Buffer;
  readonly children: number;
}

/** Reads the answer to `getData`. Throws `malformed`. */
export function decodeNodeData(reader: JuteReader): NodeData {
  const data = reader.buffer();
  // czxid, mzxid, ctime, mtime; version, cversion, aversion; ephemeralOwner; dataLength.
  for (let left = 4; left > 0; left -= 1) reader.long();
  for (let left = 3; left > 0; left -= 1) reader.int();
  reader.long();
  reader.int();
  return { data, children: reader.int() };
}

function framed(...fields: readonly Buffer[]): Buffer {
  return jute.buffer(Buffer.concat(fields));
}

/** Encodes numbers, strings and buffers as ZooKeeper does. Source: Apache ZooKeeper, jute. */
export const jute = {
  bool: (value: boolean) => Buffer.of(value ? 1 : 0),
  int(value: number) {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    return bytes;
  },
  long(value: bigint) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(value);
    return bytes;
  },
  buffer: (value: Uint8Array) => Buffer.concat([jute.int(value.length), value]),
  text: (value: string) => jute.buffer(Buffer.from(value)),
};

/** Reads such values one after another. Each method throws `malformed` when the bytes end before the value. */
export interface JuteReader {
  bool(): boolean;
  int(): number;
  long(): bigint;
  /** Empty for ZooKeeper's null. */
  buffer(): Buffer;
  text(): string;
  strings(): readonly string[];
}

/** Opens a reader at the beginning of the bytes. Its methods throw `malformed` if the bytes end too early. */
export function readJute(bytes: Buffer): JuteReader {
  let at = 0;
  const take = (length: number): Buffer => {
    if (length < 0 || at + length > bytes.length) throw new MusterError('malformed', brokenOff);
    at += length;
    return bytes.subarray(at - length, at);
  };
  const reader: JuteReader = {
    bool: () => take(1)[0] !== 0,
    int: () => take(4).readInt32BE(),
    long: () => take(8).readBigInt64BE(),
    buffer() {
      const length = reader.int();
      return take(length === -1 ? 0 : length);
    },
    text: () => reader.buffer().toString(),
    strings() {
      const strings: string[] = [];
      // Each string takes at least four bytes, so a false count ends with the bytes.
      for (let left = reader.int(); left > 0; left -= 1) strings.push(reader.text());
      return strings;
    },
  };
  return reader;
}

const brokenOff = 'the answer ends too early: it is cut off, or the server is not ZooKeeper';

/**
 * Cuts a stream of bytes into messages, each with its length in front. Throws `too-large` as soon as a length is over
 * the limit in bytes, so that such a message is never in memory, and `malformed` for a negative length.
 */
export function createFrames(limit: () => number): (part: Buffer) => readonly Buffer[] {
  let parts: Buffer[] = [];
  let kept = 0;
  let wanted = 4;

  return (part) => {
    parts.push(part);
    kept += part.length;
    // Joined once the message is complete: joining at every part would cost the square of its length.
    if (kept < wanted) return [];
    let bytes = parts.length === 1 ? part : Buffer.concat(parts);
    const messages: Buffer[] = [];
    for (;;) {
      const length = bytes.length < 4 ? 0 : checkedLength(bytes.readInt32BE(), limit());
      wanted = bytes.length < 4 ? 4 : 4 + length;
      if (bytes.length < wanted) break;
      messages.push(bytes.subarray(4, wanted));
      bytes = bytes.subarray(wanted);
    }
    parts = [bytes];
    kept = bytes.length;
    return messages;
  };
}

function checkedLength(length: number, limit: number): number {
  if (length < 0) throw new MusterError('malformed', 'the server there does not speak ZooKeeper');
  if (length > limit)
    throw new MusterError('too-large', `an answer of ${length} bytes is over the limit of ${limit} bytes`);
  return length;
}

/** The request that ends the session; nobody waits for its answer. */
export const closeRequest = encodeRequest(0, operations.closeSession);

import { type JuteReader, jute } from './jute.ts';

/** Operations and their numbers. Source: Apache ZooKeeper, ZooDefs.OpCode. */
export const operations = { getData: 4, getChildren: 8, sync: 9, closeSession: -11 } as const;

/** What asks for the end of the session: its answer is not waited for. */
export const closeRequest = encodeRequest(0, operations.closeSession);

/** Numbers of answers that nobody waits for: events of watches, pings, the end of the session. */
export const unawaited: ReadonlySet<number> = new Set([-1, -2, 0]);

/** Error codes. Source: Apache ZooKeeper, KeeperException.Code. */
export const errorCodes = { noNode: -101, noAuth: -102, sessionExpired: -112, authFailed: -115 } as const;

/** A request with its length in front, as all messages have it. */
export function encodeRequest(xid: number, operation: number, ...fields: readonly Buffer[]): Buffer {
  return framed(jute.int(xid), jute.int(operation), ...fields);
}

/** What opens a session of so many milliseconds. */
export function encodeConnect(timeout: number): Buffer {
  const protocolVersion = jute.int(0);
  const lastZxidSeen = jute.long(0n);
  const sessionId = jute.long(0n);
  const password = jute.buffer(Buffer.alloc(16));
  // A server cut off from the others may serve what it has, however old, to those who say yes here.
  const readOnly = jute.bool(false);
  return framed(protocolVersion, lastZxidSeen, jute.int(timeout), sessionId, password, readOnly);
}

/** Milliseconds that the server grants the session; 0 when it refuses one. */
export function decodeConnected(reader: JuteReader): number {
  reader.int();
  const timeout = reader.int();
  const sessionId = reader.long();
  // With the password the greeting is whole.
  reader.buffer();
  return sessionId === 0n ? 0 : timeout;
}

/** What stands in front of every answer. */
export interface ReplyHeader {
  readonly xid: number;
  /** 0 for success. */
  readonly error: number;
}

export function decodeHeader(reader: JuteReader): ReplyHeader {
  const xid = reader.int();
  reader.long();
  return { xid, error: reader.int() };
}

/** A node's data, and how many children it has. */
export interface NodeData {
  readonly data: Buffer;
  readonly children: number;
}

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

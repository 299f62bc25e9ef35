/** A request as it came over the wire. */
export interface ZookeeperRequest {
  readonly xid: number;
  /** `connect`, `getData` and so on, or the number of an operation that the simulation does not know. */
  readonly operation: string;
  /** Empty for those without one. */
  readonly path: string;
}

/** What is said in return. `error` is 0 for success; only then there is a body. */
export interface ZookeeperReply {
  readonly error: number;
  readonly body?: Buffer | undefined;
}

/** Source: Apache ZooKeeper, ZooDefs.OpCode. */
const operations = new Map([
  [3, 'exists'],
  [4, 'getData'],
  [8, 'getChildren'],
  [9, 'sync'],
  [11, 'ping'],
  [12, 'getChildren2'],
  [-11, 'closeSession'],
]);
const withPath = new Set(['exists', 'getData', 'getChildren', 'getChildren2', 'sync']);

/** The request in a message; the first of a connection asks for a session and has another form. */
export function decodeRequest(message: Buffer, first: boolean): ZookeeperRequest {
  if (first) return { xid: 0, operation: 'connect', path: '' };
  const xid = message.readInt32BE(0);
  const number = message.readInt32BE(4);
  const operation = operations.get(number) ?? String(number);
  const path = withPath.has(operation) ? message.toString('utf8', 12, 12 + message.readInt32BE(8)) : '';
  return { xid, operation, path };
}

/** The answer to a request for a session. */
export function encodeGreeting(sessionId: number, timeout: number): Buffer {
  return framed(int(0), int(timeout), int(0), int(sessionId), int(16), Buffer.alloc(16), Buffer.of(0));
}

export function encodeReply({ xid, operation }: ZookeeperRequest, reply: ZookeeperReply): Buffer {
  const zxid = Buffer.from('0000000100000007', 'hex');
  // A ping is answered under a number of its own.
  const header = [int(operation === 'ping' ? -2 : xid), zxid, int(reply.error)];
  return framed(...header, ...(reply.body ? [reply.body] : []));
}

export function text(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([int(bytes.length), bytes]);
}

export function texts(values: readonly string[]): Buffer {
  return Buffer.concat([int(values.length), ...values.map(text)]);
}

/** A node's metadata, of which the lengths alone are of interest here. */
export function stat(dataLength: number, children: number): Buffer {
  return Buffer.concat([Buffer.alloc(52), int(dataLength), int(children), Buffer.alloc(8)]);
}

function framed(...fields: readonly Buffer[]): Buffer {
  const message = Buffer.concat(fields);
  return Buffer.concat([int(message.length), message]);
}

function int(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

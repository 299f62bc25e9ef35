import { connect, type Socket } from 'node:net';
import { mapConcurrent } from '../../base/concurrency.ts';
import { abortError, onAbort } from '../../base/deadlines.ts';
import { MusterError, toMusterError } from '../../base/errors.ts';
import { formatDuration } from '../../config/fields.ts';
import { toFailure } from '../../http/errors.ts';
import { askInTurn, shuffled } from '../../http/servers.ts';
import { joinHostPort } from '../../targets/group.ts';
import type { MechanismInput } from '../mechanism.ts';
import type { ZookeeperConfig, ZookeeperServer } from './schema.ts';
import {
  closeRequest,
  createFrames,
  decodeConnected,
  decodeHeader,
  decodeNodeData,
  encodeConnect,
  encodeRequest,
  errorCodes,
  type JuteReader,
  jute,
  type NodeData,
  operations,
  readJute,
  unawaited,
} from './wire.ts';

/** Makes the result of one node. */
export type Visit<Result> = (path: string, data: Buffer, isLeaf: boolean) => Result;

/** All nodes below the configured paths. */
export interface Trees<Result> {
  readonly nodes: readonly Result[];
  /** The configured paths that do not exist. */
  readonly missing: readonly string[];
}

/** Nodes that are read at once, on one connection. */
const concurrency = 64;

/** Failures of one server. Others, such as missing rights, are the same on all servers. */
const failuresOfServer: ReadonlySet<string> = new Set(['unreachable', 'timeout', 'malformed', 'expired']);

/**
 * Reads all nodes at and below the paths, in one session with one server, and closes the session. The servers are tried
 * in random order, so that they share the load; when one fails, the next one starts from the beginning. Throws what
 * `openSession` and its calls throw.
 */
export async function readTrees<Result>(
  config: ZookeeperConfig,
  input: MechanismInput,
  visit: Visit<Result>,
): Promise<Trees<Result>> {
  const { answer } = await askInTurn(shuffled(config.servers), input, async (server, { signal }) => {
    try {
      return await readFrom(server, config, { ...input, signal }, visit);
    } catch (error) {
      const failure = toMusterError(error);
      if (failuresOfServer.has(failure.kind)) throw failure;
      return failure;
    }
  });
  if (answer instanceof MusterError) throw answer;
  return answer;
}

async function readFrom<Result>(
  server: ZookeeperServer,
  { paths, timeout }: ZookeeperConfig,
  { signal, onProgress }: MechanismInput,
  visit: Visit<Result>,
): Promise<Trees<Result>> {
  const session = await openSession(server, { timeout, signal });
  try {
    // A server may lag behind the others: without this, a list could be older than the one before it.
    await session.sync();
    const nodes: Result[] = [];
    const found = new Set<string>();
    const top = [...new Set(paths)];
    for (let level: readonly string[] = top; level.length > 0; ) {
      const below = await mapConcurrent(level, concurrency, signal, async (path) => {
        const node = await readNode(session, path);
        // A node that went away after its parent was read has left the tree.
        if (node === undefined) return [];
        found.add(path);
        nodes.push(visit(path, node.data, node.children.length === 0));
        onProgress?.({ read: nodes.length });
        return node.children;
      });
      level = below.flat();
    }
    return { nodes, missing: top.filter((path) => !found.has(path)) };
  } finally {
    await session.close();
  }
}

/** A node with the paths of its children. */
async function readNode(
  session: ZookeeperSession,
  path: string,
): Promise<{ readonly data: Buffer; readonly children: readonly string[] } | undefined> {
  const node = await session.read(path);
  if (node === undefined) return undefined;
  // Most nodes are members, which have no children: this saves half of the requests.
  const names = node.children === 0 ? [] : ((await session.list(path)) ?? []);
  const prefix = path === '/' ? '' : path;
  return { data: node.data, children: names.map((name) => `${prefix}/${name}`) };
}

/** A session with one server. Requests may run at the same time; when one fails, the session is over. */
export interface ZookeeperSession {
  /** Waits until the server has caught up with its ensemble. */
  sync(): Promise<void>;
  /** The data of a node; undefined if there is no such node. */
  read(path: string): Promise<NodeData | undefined>;
  /** The names of a node's children; undefined if there is no such node. */
  list(path: string): Promise<readonly string[] | undefined>;
  /** Ends the session and the connection. */
  close(): Promise<void>;
}

/** The limits of a session. */
export interface SessionOptions {
  /** Timeout of the session in milliseconds; a server that is silent this long is given up. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  /** Bytes that it may read in all. Default: 256 MiB, the limit of an answer over HTTP. */
  readonly maxBytes?: number | undefined;
}

/** Milliseconds for a connection, so that the other servers have their turn before the deadline. */
const connectTimeout = 3000;
const largestTotal = 256 * 2 ** 20;

/**
 * Opens a session. It and its calls throw `unreachable`, `timeout`, `denied`, `expired`, `malformed`, `too-large` and
 * `status`.
 */
export async function openSession(
  server: ZookeeperServer,
  { timeout, signal, maxBytes = largestTotal }: SessionOptions,
): Promise<ZookeeperSession> {
  const address = joinHostPort(server.host, server.port);
  if (signal.aborted) throw abortError(signal, `before ZooKeeper ${address} was asked`);
  const socket = connect({ host: server.host, port: server.port, noDelay: true });
  const calls = new Map<number, Call>();
  const opened = Promise.withResolvers<void>();
  let state: SessionState = 'opening';
  let failure: MusterError | undefined;
  let lastXid = 0;

  const fail = (error: MusterError) => {
    failure ??= new MusterError(error.kind, `ZooKeeper ${address}: ${error.message}`, { cause: error });
    if (state === 'open') leave(socket);
    else socket.destroy();
    state = 'over';
    stop();
    clearTimeout(connecting);
    opened.reject(failure);
    for (const call of calls.values()) call.reject(failure);
    calls.clear();
  };
  const stop = onAbort([signal], (fired) => fail(abortError(fired, 'before all nodes were read')));
  const connectWithin = Math.min(connectTimeout, timeout);
  const connecting = setTimeout(
    () => fail(new MusterError('timeout', `no connection within ${formatDuration(connectWithin)}`)),
    connectWithin,
  );

  socket.once('connect', () => {
    clearTimeout(connecting);
    socket.setTimeout(timeout);
    socket.write(encodeConnect(timeout));
  });
  socket.on('timeout', () => fail(new MusterError('timeout', `no answer within ${formatDuration(timeout)}`)));
  socket.on('error', (error) => fail(toFailure(error)));
  socket.on('close', () => fail(new MusterError('unreachable', closed)));
  receive(socket, maxBytes, () => state, {
    fail,
    greet(reader) {
      if (decodeConnected(reader) <= 0) throw new MusterError('expired', 'the server refuses a session');
      state = 'open';
      opened.resolve();
    },
    answer(reader) {
      const { xid, error } = decodeHeader(reader);
      if (unawaited.has(xid)) return;
      const call = calls.get(xid);
      if (call === undefined) throw new MusterError('malformed', 'an answer to a request that was not sent');
      call.answer(error, reader);
      calls.delete(xid);
    },
  });
  await opened.promise;

  /** Sends a request and decodes its answer; undefined if there is no such node. */
  const request = <T>(
    operation: number,
    path: string,
    decode: (reader: JuteReader) => T,
    ...more: Buffer[]
  ) => {
    return new Promise<T | undefined>((resolve, reject) => {
      if (failure !== undefined) return reject(failure);
      lastXid += 1;
      calls.set(lastXid, {
        reject,
        answer(error, reader) {
          if (error === errorCodes.noNode) resolve(undefined);
          else if (error === 0) resolve(decode(reader));
          else reject(refusal(error, `ZooKeeper ${address}: ${path}`));
        },
      });
      socket.write(encodeRequest(lastXid, operation, jute.text(path), ...more));
    });
  };
  const unwatched = jute.bool(false);
  return {
    async sync() {
      await request(operations.sync, '/', () => undefined);
    },
    read: (path) => request(operations.getData, path, decodeNodeData, unwatched),
    list: (path) => request(operations.getChildren, path, (reader) => reader.strings(), unwatched),
    async close() {
      if (state === 'open') await sayGoodbye(socket);
      fail(new MusterError('internal', 'the session is closed'));
    },
  };
}

const closed = 'the connection was closed before all nodes were read: the server refuses us, or went away';

interface Call {
  readonly reject: (error: MusterError) => void;
  /** Throws when the answer cannot be read. */
  readonly answer: (error: number, reader: JuteReader) => void;
}

function refusal(code: number, what: string): MusterError {
  switch (code) {
    case errorCodes.noAuth:
    case errorCodes.authFailed:
      return new MusterError('denied', `${what} may not be read: give world:anyone the right to read`);
    case errorCodes.sessionExpired:
      return new MusterError('expired', `${what} cannot be read: the session has expired`);
    default:
      return new MusterError('status', `${what} cannot be read: error ${code}`);
  }
}

type SessionState = 'opening' | 'open' | 'over';

/** Handlers of the messages that come. */
interface Receiver {
  readonly greet: (reader: JuteReader) => void;
  readonly answer: (reader: JuteReader) => void;
  readonly fail: (error: MusterError) => void;
}

/** Cuts the stream into messages and calls a handler for each; the first is the server's greeting. */
function receive(
  socket: Socket,
  maxBytes: number,
  state: () => SessionState,
  { greet, answer, fail }: Receiver,
): void {
  const cut = createFrames(() => (state() === 'open' ? largestMessage : largestGreeting));
  let total = 0;
  socket.on('data', (part) => {
    total += part.length;
    try {
      if (total > maxBytes)
        throw new MusterError('too-large', `its answers are over the limit of ${maxBytes} bytes in all`);
      for (const message of state() === 'over' ? [] : cut(part))
        (state() === 'opening' ? greet : answer)(readJute(message));
    } catch (error) {
      const known = toMusterError(error);
      const strange = state() === 'opening' && known.kind === 'too-large';
      fail(strange ? new MusterError('malformed', 'the server there does not speak ZooKeeper') : known);
    }
  });
}

/** A greeting has 37 bytes; a message that announces more than this belongs to another protocol. */
const largestGreeting = 1024;

/** A server refuses to keep more than 1 MiB in a node; a list of a million children is as large as this. */
const largestMessage = 32 * 2 ** 20;
/** Milliseconds that a server has to say goodbye. */
const farewell = 1000;

/** Tells the server that the session is over, without waiting for its answer. */
function leave(socket: Socket): void {
  socket.write(closeRequest);
  socket.destroySoon();
}

/** The same, and waits until the server has closed the connection, but not for long. */
async function sayGoodbye(socket: Socket): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, farewell);
    socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.write(closeRequest);
  });
}

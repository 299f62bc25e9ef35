import { connect, type Socket } from 'node:net';
import { abortError, onAbort } from '../../base/deadlines.ts';
import { MusterError, toMusterError } from '../../base/errors.ts';
import { formatDuration } from '../../config/fields.ts';
import { toFailure } from '../../http/errors.ts';
import { joinHostPort } from '../../targets/group.ts';
import type { ZookeeperServer } from './schema.ts';
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

/** A session with one server. Requests may run at the same time; when one fails, the session is over. */
export interface ZookeeperSession {
  /** Waits until the server has caught up with its ensemble. */
  sync(): Promise<void>;
  /** The data of a node; undefined where there is no such node. */
  read(path: string): Promise<NodeData | undefined>;
  /** The names of a node's children; undefined where there is no such node. */
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

  /** Sends a request and decodes its answer; undefined where there is no such node. */
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

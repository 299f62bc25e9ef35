import { connect, type Socket } from 'node:net';
import type { buildConnector } from 'undici';
import { MusterError } from '../errors.ts';
import { toFailure } from './failure.ts';
import { bareHost, portOf } from './place.ts';
import { firstHop, follow, type Route, type Transport } from './route.ts';

/** Opens sockets and knows which are open, so that none outlives the client. */
export interface Sockets {
  /** undici's way to a new connection along a route. */
  connector(route: Route): buildConnector.connector;
  /** Destroys the sockets, those still connecting too, and waits until they are gone. */
  close(): Promise<void>;
}

/** `connectTimeoutMs` bounds everything up to the end of the TLS handshake. */
export function openSockets(transport: Transport, connectTimeoutMs: number): Sockets {
  const open = new Set<Socket>();
  let closed = false;

  const connectAlong = async (route: Route): Promise<Socket> => {
    if (closed) throw new MusterError('internal', 'the client is closed');
    const socket = dial(route);
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    const late = setTimeout(() => socket.destroy(timeoutError(route, connectTimeoutMs)), connectTimeoutMs);
    try {
      return await follow(route, socket, transport);
    } catch (error) {
      socket.destroy();
      // undici takes some codes of connection errors for a reason to try for ever; a MusterError has none.
      throw toFailure(error);
    } finally {
      clearTimeout(late);
    }
  };

  return {
    connector: (route) => (_options, callback) => {
      connectAlong(route).then(
        (socket) => callback(null, socket),
        (error) => callback(error, null),
      );
    },
    async close() {
      closed = true;
      await Promise.all([...open].map(destroyed));
    },
  };
}

function dial(route: Route): Socket {
  const hop = route.proxy?.url ?? route.origin;
  const socket = route.unixSocket
    ? connect({ path: route.unixSocket })
    : connect({ host: bareHost(hop), port: portOf(hop), keepAlive: true, noDelay: true });
  // An error is told to whoever uses the socket; without a listener of its own it would end the process.
  return socket.on('error', () => {});
}

function destroyed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) return resolve();
    socket.once('close', () => resolve());
    socket.destroy();
  });
}

function timeoutError(route: Route, ms: number): MusterError {
  return new MusterError('unreachable', `no connection to ${firstHop(route) ?? 'the host'} within ${ms} ms`);
}

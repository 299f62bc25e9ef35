import type { Socket } from 'node:net';
import { MusterError } from '../errors.ts';
import { toFailure } from './failure.ts';
import { bareHost, portOf, shownOrigin } from './place.ts';
import { startTls, type Tls } from './tls.ts';
import { type HeaderValues, openTunnel } from './tunnel.ts';

/** The way to one origin. */
export interface Route {
  /** What is talked to in the end. */
  readonly origin: URL;
  /** The proxy in between; `connectHeaders` are for a CONNECT alone. */
  readonly proxy?: { readonly url: URL; readonly connectHeaders: HeaderValues };
  /** Path of the Unix socket to use instead of TCP. */
  readonly unixSocket?: string;
}

/** TLS of the client and whether HTTP/2 may be agreed on. */
export interface Transport {
  readonly tls: Tls;
  readonly http2: boolean;
}

/**
 * Makes a socket which is just connecting lead to the route's origin: through the proxy, with TLS. Throws
 * `unreachable`, `tls` or `denied`, with the name of the hop that failed where it is not the origin.
 */
export async function follow(route: Route, socket: Socket, transport: Transport): Promise<Socket> {
  const hop = firstHop(route);
  const first = await named(hop, () => enterFirstHop(route, socket, transport));
  if (route.origin.protocol !== 'https:') return first;
  if (route.proxy) await named(hop, () => tunnelThrough(route, first));
  const protocols = transport.http2 ? ['h2', 'http/1.1'] : ['http/1.1'];
  return await startTls(first, transport.tls, bareHost(route.origin), protocols);
}

/** The first hop as messages name it; undefined where it is the origin itself. */
export function firstHop(route: Route): string | undefined {
  if (route.unixSocket !== undefined) return `socket ${route.unixSocket}`;
  return route.proxy && `proxy ${shownOrigin(route.proxy.url)}`;
}

async function enterFirstHop(route: Route, socket: Socket, { tls }: Transport): Promise<Socket> {
  await connected(socket);
  if (route.proxy?.url.protocol !== 'https:') return socket;
  return await startTls(socket, tls, bareHost(route.proxy.url), ['http/1.1']);
}

async function tunnelThrough(route: Route, socket: Socket): Promise<void> {
  const target = `${route.origin.hostname}:${portOf(route.origin)}`;
  await openTunnel(socket, target, route.proxy?.connectHeaders ?? {});
}

function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
    socket.once('close', () =>
      reject(new MusterError('unreachable', 'the connection was closed while it was made')),
    );
  });
}

async function named<T>(hop: string | undefined, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (hop === undefined) throw error;
    const { kind, message, cause, status } = toFailure(error);
    throw new MusterError(kind, `${hop}: ${message}`, { cause, ...(status && { status }) });
  }
}

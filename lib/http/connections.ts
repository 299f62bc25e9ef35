import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { buildConnector } from 'undici';
import { MusterError, withMessage } from '../base/errors.ts';
import { toFailure } from './errors.ts';
import type { Wire } from './exchange.ts';
import { openHttp1 } from './http1.ts';
import { type ChooseProxy, proxyAuthorization } from './proxy.ts';
import { startTls, type Tls } from './tls.ts';
import { bareHost, portOf, shownOrigin, shownUrl } from './url-text.ts';

/** The connections for a request, and how to write the request there. */
interface Way {
  readonly on: Wire;
  readonly path: string;
  /** Headers only for the proxy; empty if no proxy reads the request. */
  readonly headers: HeaderValues;
}

/** The kept-alive connections of one client. */
export interface Pools {
  way(url: URL): Promise<Way>;
  close(): Promise<void>;
}

/**
 * Opens connections to each origin when they are first needed, and keeps them until `close`. The choice throws kind
 * `config` for a URL that is not HTTP.
 */
export function openPools(options: {
  readonly sockets: Sockets;
  readonly chooseProxy: ChooseProxy;
  readonly connectHeaders: HeaderValues;
  readonly http2: boolean;
  readonly unixSocket: string | undefined;
}): Pools {
  const { sockets, chooseProxy, connectHeaders, http2, unixSocket } = options;
  const wires = new Map<string, Promise<Wire>>();

  const wireTo = (route: Route): Promise<Wire> => {
    const origin = shownOrigin(route.origin);
    const known = wires.get(origin);
    if (known) return known;
    const connect = () => sockets.connect(route);
    const wire =
      http2 && route.origin.protocol === 'https:'
        ? openHttp2(origin, connect)
        : Promise.resolve(openHttp1(route.origin.host, connect));
    wires.set(origin, wire);
    return wire;
  };

  return {
    async way(url) {
      if (url.protocol !== 'http:' && url.protocol !== 'https:')
        throw new MusterError('config', `the URL must begin with http:// or https://`);
      const path = `${url.pathname}${url.search}`;
      if (unixSocket !== undefined)
        return { on: await wireTo({ origin: url, unixSocket }), path, headers: {} };
      const proxy = chooseProxy(url);
      if (proxy === undefined) return { on: await wireTo({ origin: url }), path, headers: {} };
      const authorization = proxyAuthorization(proxy);
      const credentials = authorization === undefined ? {} : { 'proxy-authorization': [authorization] };
      const on = await wireTo({
        origin: url,
        proxy: { url: proxy, connectHeaders: { ...connectHeaders, ...credentials } },
      });
      if (url.protocol === 'https:') return { on, path, headers: {} };
      return { on, path: `${shownUrl(url)}${url.search}`, headers: credentials };
    },
    async close() {
      await Promise.all([...wires.values()].map(async (wire) => (await wire).destroy()));
      await sockets.close();
    },
  };
}

/** HTTP/2 to an origin, or HTTP/1.1 if the server speaks only that. undici is loaded when it is first needed. */
async function openHttp2(origin: string, connect: () => Promise<Socket>): Promise<Wire> {
  const { default: Pool } = await import('undici/lib/dispatcher/pool.js');
  const connector: buildConnector.connector = (_options, callback) => {
    connect().then(
      (socket) => callback(null, socket),
      (error) => callback(error, null),
    );
  };
  // The exchange has its own timeouts, for HTTP/1 and 2.
  return new Pool(origin, { connect: connector, allowH2: true, headersTimeout: 0, bodyTimeout: 0 });
}

/** The way to one origin. */
interface Route {
  /** The server itself. */
  readonly origin: URL;
  /** The proxy on the way. `connectHeaders` are only for CONNECT. */
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
 * Connects a socket to the route's origin while it opens: through the proxy, with TLS. Throws
 * `unreachable`, `tls` or `denied`, with the name of the failed hop if it is not the origin.
 */
async function follow(route: Route, socket: Socket, transport: Transport): Promise<Socket> {
  const hop = firstHop(route);
  const first = await named(hop, () => enterFirstHop(route, socket, transport));
  if (route.origin.protocol !== 'https:') return first;
  if (route.proxy) await named(hop, () => tunnelThrough(route, first));
  const protocols = transport.http2 ? ['h2', 'http/1.1'] : ['http/1.1'];
  return await startTls(first, transport.tls, bareHost(route.origin), protocols);
}

/** The first hop as messages name it; undefined if it is the origin itself. */
function firstHop(route: Route): string | undefined {
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
    const failure = toFailure(error);
    throw withMessage(failure, `${hop}: ${failure.message}`);
  }
}

/** Opens sockets and remembers them, so that none stays open after the client. */
export interface Sockets {
  /** Opens a connection along a route. */
  connect(route: Route): Promise<Socket>;
  /** Destroys the sockets, those still connecting too, and waits until they are gone. */
  close(): Promise<void>;
}

/**
 * Opens sockets. `connectTimeoutMs` (milliseconds) bounds everything up to the end of the TLS handshake. A failure is
 * of kind `unreachable`, `denied` (by a proxy) or `tls`.
 */
export function openSockets(transport: Transport, connectTimeoutMs: number): Sockets {
  const open = new Set<Socket>();
  let closed = false;

  return {
    async connect(route) {
      if (closed) throw new MusterError('internal', 'the client is closed');
      const socket = dial(route);
      open.add(socket);
      socket.once('close', () => open.delete(socket));
      const late = setTimeout(() => socket.destroy(timeoutError(route, connectTimeoutMs)), connectTimeoutMs);
      try {
        return await follow(route, socket, transport);
      } catch (error) {
        socket.destroy();
        // undici retries without end after some codes of connection errors. A MusterError has no such code.
        throw toFailure(error);
      } finally {
        clearTimeout(late);
      }
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
  // The user of the socket gets its error. Without a listener here the error would end the process.
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

/** Headers with several values each. */
export type HeaderValues = Readonly<Record<string, readonly string[]>>;

/**
 * Asks the proxy at the other end of the socket to connect to `target` (`host:port`); afterwards the socket leads
 * there. Throws `denied` if the proxy wants (other) credentials, `unreachable` for its other refusals.
 */
function openTunnel(socket: Socket, target: string, headers: HeaderValues): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = request({
      method: 'CONNECT',
      path: target,
      headers: { ...mutable(headers), host: target },
      createConnection: () => socket,
    });
    call.once('connect', (answer, _socket, head) => {
      const status = answer.statusCode ?? 0;
      if (status !== 200) return reject(refusal(status, target));
      // The first bytes from beyond may come together with the proxy's answer.
      if (head.length > 0) socket.unshift(head);
      resolve();
    });
    call.once('error', reject);
    call.end();
  });
}

function refusal(status: number, target: string): MusterError {
  const text = `HTTP ${status} to CONNECT ${target}`;
  if (status === 407)
    return new MusterError('denied', `${text}: check the credentials in the proxy's URL`, { status });
  return new MusterError('unreachable', text, { status });
}

function mutable(headers: HeaderValues): Record<string, string[]> {
  return Object.fromEntries(Object.entries(headers).map(([name, values]) => [name, [...values]]));
}

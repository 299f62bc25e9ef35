import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { codeOf, MusterError, oneLine, toMusterError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { shouldGzip, textAnswer } from './answer.ts';
import { boundConnections, createTurns, oneAtATime, type Turns } from './turns.ts';
import type { WebGate } from './web-gate.ts';

/** What an answer may depend on beside the request. */
export interface RequestEnv {
  /** Whether the peer has shown that it may read; always true where no password is configured. */
  readonly admitted: boolean;
}

/** Where the server listens, and what it answers. */
export interface HttpServerOptions {
  /** `host:port`, `[host]:port` or `:port`. */
  readonly listen: string;
  /** Answers a GET or HEAD. What it throws becomes a 500 and a line in the log. */
  readonly answer: (request: Request, env: RequestEnv) => Response | Promise<Response>;
  readonly log: Logger;
  /** TLS and who may read. Default: plain HTTP, and everybody. */
  readonly gate?: WebGate | undefined;
}

/** A running server; disposing of it ends all connections. */
export interface HttpServer extends AsyncDisposable {
  /** Where it listens, with the port that was taken. */
  readonly address: { readonly scheme: 'http' | 'https'; readonly host: string; readonly port: number };
}

/**
 * The HTTP server of the sidecar. It only reads, and bounded in time, headers and connections, since anybody on the
 * network may knock. Throws (kind `config`) when it cannot listen.
 */
export async function openHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { listen, log, gate } = options;
  const turns = createTurns();
  const onRequest = oneAtATime((request, response) => {
    serve(request, response, options, turns).catch((error: unknown) => {
      log.error('an answer failed', { path: shown(request.url), error });
      response.destroy();
    });
  });
  const server: Server = gate?.tls
    ? gate.tls.bind(createTlsServer({ ...limits, ...gate.tls.context() }, onRequest))
    : createServer(limits, onRequest);
  boundConnections(server, mostConnections);
  server.setTimeout(60_000);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(cannotListen(listen, cause)));
    server.listen({ ...parseListenAddress(listen), backlog: 2048 }, resolve);
  });
  server.on('error', (error) => log.error('the HTTP server failed', { error }));
  return {
    address: { scheme: gate?.tls ? 'https' : 'http', ...addressOf(server.address()) },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const mostConnections = 256;

/** Milliseconds and bytes. */
const limits = {
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: 16 * 1024,
};

/** Milliseconds that an answer may take to its last byte: a peer that reads a byte a minute holds a file open. */
const answerTimeout = 120_000;

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { answer, log, gate }: HttpServerOptions,
  turns: Turns,
): Promise<void> {
  const refused = refuse(request);
  if (refused !== undefined) return await send(request, response, refused);
  // A probe does not wait: it costs nothing, and its silence costs a restart.
  const endTurn = isProbe(request.url) ? () => {} : await turns.take(response);
  if (endTurn === undefined) {
    const busy = textAnswer(503, 'too many answers are under way; try again', { 'retry-after': '1' });
    return response.destroyed ? undefined : await send(request, response, busy);
  }
  response.once('close', endTurn);
  if (response.destroyed) return endTurn();
  const gone = new AbortController();
  const overdue = setTimeout(() => response.destroy(), answerTimeout);
  response.once('close', () => {
    clearTimeout(overdue);
    gone.abort();
  });
  const found = await answerOf(request, gone.signal, answer, gate).catch((error: unknown) => {
    log.error('a request failed', { path: shown(request.url), error: toMusterError(error) });
    return textAnswer(500, 'internal error; the log of the sidecar says more');
  });
  // A peer that left meanwhile leaves nothing open behind.
  if (response.destroyed) return await found.body?.cancel();
  await send(request, response, found);
}

/** Paths that answer everybody, since a probe has no password; only a reader with one gets the reason. */
export const openPaths: readonly string[] = ['/healthz', '/readyz'];

function isProbe(url = ''): boolean {
  return openPaths.includes(url.split('?', 1)[0] ?? '');
}

/** What is refused before the password is checked. */
function refuse({ method, url = '', headers }: IncomingMessage): Response | undefined {
  if (method !== 'GET' && method !== 'HEAD')
    return textAnswer(405, 'only GET and HEAD are served', { allow: 'GET, HEAD', connection: 'close' });
  if (!url.startsWith('/')) return textAnswer(400, 'the request names no path', { connection: 'close' });
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  return hasBody ? textAnswer(413, 'a request must not have a body', { connection: 'close' }) : undefined;
}

async function answerOf(
  { method = 'GET', url = '/', headers, socket }: IncomingMessage,
  signal: AbortSignal,
  answer: HttpServerOptions['answer'],
  gate: WebGate | undefined,
): Promise<Response> {
  const admission = (await gate?.admit(headers.authorization, socket.remoteAddress ?? '')) ?? 'admitted';
  if (admission === 'busy')
    return textAnswer(503, 'too many passwords to check; try again', { 'retry-after': '1' });
  // A fixed host: no answer may depend on the Host header.
  const target = new URL(`http://sidecar${url}`);
  const sent = new Headers();
  for (const name of ['accept', 'accept-encoding', 'if-none-match'] as const) {
    const value = headers[name];
    if (value !== undefined) sent.set(name, value);
  }
  const found = await answer(new Request(target, { method, headers: sent, signal }), {
    admitted: admission === 'admitted',
  });
  for (const [name, value] of gate?.headers() ?? []) {
    if (value === '') found.headers.delete(name);
    else found.headers.set(name, value);
  }
  return found;
}

async function send(
  { method, headers }: IncomingMessage,
  response: ServerResponse,
  answer: Response,
): Promise<void> {
  const gzip = shouldGzip(headers['accept-encoding'], answer);
  response.writeHead(answer.status, [...answer.headers].flat());
  if (method === 'HEAD' || answer.body === null) {
    response.end();
    await answer.body?.cancel();
    return;
  }
  try {
    // Level 1: the peer is mostly on the same machine, where time is dearer than bytes.
    if (gzip) await pipeline(answer.body, createGzip({ level: 1 }), response);
    else await pipeline(answer.body, response);
  } catch (error) {
    if (!isHangUp(error)) throw error;
  }
}

/** That the peer went away is no news. */
function isHangUp(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET' || code === 'EPIPE';
}

function shown(url: string | undefined): string {
  return oneLine((url ?? '').slice(0, 200));
}

function cannotListen(listen: string, cause: Error): MusterError {
  return new MusterError('config', `cannot listen on ${listen}: ${cause.message}; choose another address`, {
    cause,
  });
}

function addressOf(address: string | AddressInfo | null): { host: string; port: number } {
  if (address === null || typeof address === 'string') return { host: address ?? '', port: 0 };
  return { host: address.address, port: address.port };
}

/** Where a server listens; no host means all addresses. Port 0 takes a free one. */
export interface ListenAddress {
  readonly host?: string | undefined;
  readonly port: number;
}

/** Reads `:9469`, `127.0.0.1:9469`, `localhost:9469`, `[::1]:9469`. Throws (kind `config`) for anything else. */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:\[([0-9a-fA-F:.%\w]+)\]|([^\s:[\]/]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new MusterError(
      'config',
      `${JSON.stringify(text)} is not an address to listen on; write :9469, 127.0.0.1:9469 or [::1]:9469`,
    );
  }
  const host = match[1] ?? match[2] ?? '';
  return host === '' ? { port } : { host, port };
}

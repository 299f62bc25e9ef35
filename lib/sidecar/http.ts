import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MusterError, toMusterError } from '../errors.ts';
import type { Logger } from '../telemetry/log.ts';
import { type ListenAddress, parseListenAddress } from './listen.ts';

/** A GET or HEAD as a route sees it. */
export interface FaceRequest {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Fires when the peer hangs up. */
  readonly signal: AbortSignal;
}

export interface FaceAnswer {
  readonly status: number;
  /** Media type. */
  readonly type: string;
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers one path, or, if `path` ends with `/`, all below it. What it throws becomes a 500 and a line in the log. */
export interface Route {
  readonly path: string;
  readonly answer: (request: FaceRequest) => FaceAnswer | Promise<FaceAnswer>;
}

export interface FaceOptions {
  /** `host:port`, `[host]:port` or `:port`. */
  readonly listen: string;
  /** Of several that fit, the longest path wins. */
  readonly routes: readonly Route[];
  readonly log: Logger;
}

/** A server at work. */
export interface Face {
  /** Where it listens, with the port that was taken. */
  readonly address: { readonly host: string; readonly port: number };
  close(): Promise<void>;
}

/**
 * The HTTP face of the sidecar: reads only, and bounded in time, headers and connections, since anybody on the
 * network may knock. Throws (kind `config`) when it cannot listen.
 */
export async function openFace({ listen, routes, log }: FaceOptions): Promise<Face> {
  const server = createServer(limits, (request, response) => {
    serve(request, response, routes, log).catch((error: unknown) => {
      log.error('an answer failed', { path: request.url, error });
      response.destroy();
    });
  });
  server.maxConnections = 256;
  server.setTimeout(60_000);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(cannotListen(listen, cause)));
    server.listen(parseListenAddress(listen) satisfies ListenAddress, resolve);
  });
  server.on('error', (error) => log.error('the HTTP server failed', { error }));
  return {
    address: addressOf(server.address()),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A plain text answer. */
export function textAnswer(status: number, text: string): FaceAnswer {
  return { status, type: 'text/plain; charset=utf-8', body: `${text}\n` };
}

/** Milliseconds and bytes. */
const limits = {
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: 16 * 1024,
};

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  routes: readonly Route[],
  log: Logger,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const answer = await answerOf(request, routes, gone.signal).catch((error: unknown) => {
    log.error('a request failed', { path: request.url, error: toMusterError(error) });
    return textAnswer(500, 'internal error; the log of the sidecar says more');
  });
  const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body;
  response.writeHead(answer.status, {
    'content-type': answer.type,
    'content-length': body.byteLength,
    'x-content-type-options': 'nosniff',
    ...answer.headers,
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

async function answerOf(
  { method, url = '/', headers }: IncomingMessage,
  routes: readonly Route[],
  signal: AbortSignal,
): Promise<FaceAnswer> {
  if (method !== 'GET' && method !== 'HEAD') {
    return { ...textAnswer(405, 'only GET and HEAD are served'), headers: { allow: 'GET, HEAD' } };
  }
  if (!url.startsWith('/')) return textAnswer(400, 'the request names no path');
  const [path = '/'] = url.split('?', 1);
  const route = routes
    .filter((one) => one.path === path || (one.path.endsWith('/') && path.startsWith(one.path)))
    .reduce<Route | undefined>(
      (best, one) => (best && best.path.length >= one.path.length ? best : one),
      undefined,
    );
  if (route === undefined) return textAnswer(404, 'there is nothing here');
  return route.answer({ path, query: new URLSearchParams(url.slice(path.length)), headers, signal });
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

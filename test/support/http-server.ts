import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createRawServer, type Server, type Socket } from 'node:net';
import { createServer as createRawTlsServer, type TlsOptions } from 'node:tls';

/** A request as a test server got it. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly version: string;
  /** As sent, in pairs, so that repeated headers can be told apart. */
  readonly rawHeaders: readonly string[];
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

/** A server on loopback which ends, with all its connections, when the test's block does (`await using`). */
export interface TestServer extends AsyncDisposable {
  readonly url: URL;
  readonly port: number;
  /** Connections that are open now. */
  connections(): number;
  /** Connections there were in all. */
  accepted(): number;
}

export interface TestHttpServer extends TestServer {
  /** All requests so far, in the order in which their bodies ended. */
  readonly requests: readonly SeenRequest[];
}

/** Writes one answer. The request's body has been read by then. */
export type Respond = (request: SeenRequest, response: Parameters<RequestListener>[1]) => void;

/** An HTTP/1.1 server; with `tls` an HTTPS one; on a Unix socket where `socketPath` is given. */
export async function startHttpServer(
  respond: Respond,
  options: { readonly tls?: TlsOptions; readonly socketPath?: string } = {},
): Promise<TestHttpServer> {
  const requests: SeenRequest[] = [];
  const listener: RequestListener = (message, response) => {
    readSeen(message).then((seen) => {
      requests.push(seen);
      respond(seen, response);
    }, ignore);
  };
  const server = options.tls ? createTlsServer(options.tls, listener) : createServer(listener);
  const started = await start(server, options.tls ? 'https' : 'http', options.socketPath);
  return { ...started, requests };
}

/** An HTTPS server that speaks HTTP/2, and HTTP/1.1 too unless `onlyHttp2`. */
export async function startHttp2Server(
  respond: (request: SeenRequest, response: Http2ServerResponse) => void,
  options: { readonly tls: TlsOptions; readonly onlyHttp2?: boolean },
): Promise<TestHttpServer> {
  const requests: SeenRequest[] = [];
  const server = createSecureServer(
    { ...options.tls, allowHTTP1: !options.onlyHttp2 },
    (message, response) => {
      readSeen(message).then((seen) => {
        requests.push(seen);
        respond(seen, response);
      }, ignore);
    },
  );
  return { ...(await start(server, 'https')), requests };
}

/** A server that does with each connection what the test says: for answers that no HTTP library would write. */
export async function startRawServer(
  onConnection: (socket: Socket, connection: number) => void,
  options: { readonly tls?: TlsOptions | undefined } = {},
): Promise<TestServer> {
  let count = 0;
  const listener = (socket: Socket) => {
    socket.on('error', ignore);
    onConnection(socket, ++count);
  };
  const server = options.tls ? createRawTlsServer(options.tls, listener) : createRawServer(listener);
  return await start(server, options.tls ? 'https' : 'http');
}

async function start(server: Server, scheme: string, socketPath?: string): Promise<TestServer> {
  const open = new Set<Socket>();
  let accepted = 0;
  server.on('connection', (socket: Socket) => {
    accepted++;
    open.add(socket);
    socket.on('error', ignore);
    socket.once('close', () => open.delete(socket));
  });
  server.on('tlsClientError', ignore);
  server.on('sessionError', ignore);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    if (socketPath === undefined) server.listen(0, '127.0.0.1', resolve);
    else server.listen(socketPath, resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 80;
  return {
    url: new URL(`${scheme}://127.0.0.1:${port}/`),
    port,
    connections: () => open.size,
    accepted: () => accepted,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

async function readSeen(message: IncomingMessage | Http2ServerRequest): Promise<SeenRequest> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return {
    method: message.method ?? '',
    url: message.url ?? '',
    version: message.httpVersion,
    rawHeaders: message.rawHeaders,
    headers: message.headers,
    body: Buffer.concat(chunks).toString(),
  };
}

function ignore(): void {}

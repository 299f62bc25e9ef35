import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions as TlsOptions } from 'node:https';
import {
  createFaults,
  type Faults,
  type FleetAnswer,
  type FleetRequest,
  firstPart,
  type Reply,
} from './faults.ts';

/** The address of a simulated server, and its TLS. */
export interface FleetServerOptions {
  /** Loopback port; default: any free one. */
  readonly port?: number;
  /** A Unix socket instead of a port. */
  readonly socketPath?: string;
  /** Serve HTTPS with these keys; `requestCert` and `ca` ask for client certificates. */
  readonly tls?: TlsOptions;
}

/** A running simulated backend. */
export interface FleetServer {
  /** `http://127.0.0.1:<port>`, `https://…` with TLS, `unix://<path>` on a socket. */
  readonly url: string;
  readonly faults: Faults;
  /** The last requests, oldest first, 10,000 at most. */
  readonly requests: readonly FleetRequest[];
  /** Bytes of bodies sent so far. They show whether a reader hung up early. */
  bytesSent(): number;
  /** Closes all connections and frees the port. */
  stop(): Promise<void>;
}

const rememberedRequests = 10_000;
const chunk = Buffer.alloc(64 * 1024, ' ');

/** Starts an HTTP server on loopback that answers with `respond`, unless a fault applies. */
export async function startFleetServer(
  respond: (request: FleetRequest) => FleetAnswer | Promise<FleetAnswer>,
  options: FleetServerOptions = {},
): Promise<FleetServer> {
  const stopping = new AbortController();
  const { faults, reply } = createFaults(respond, stopping.signal);
  const requests: FleetRequest[] = [];
  const sent = { bytes: 0 };

  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const request = await readRequest(incoming);
    if (requests.push(request) > rememberedRequests) requests.shift();
    await send(outgoing, await reply(request), sent);
  };
  const listener: RequestListener = (incoming, outgoing) => {
    // The peer hung up, the server stops, or the simulation has a bug. The peer sees a broken connection.
    serve(incoming, outgoing).catch(() => outgoing.destroy());
  };

  const server = options.tls ? createTlsServer(options.tls, listener) : createServer(listener);
  // After Node's default of 5 s, a client that was busy would find its idle connection closed.
  server.keepAliveTimeout = 60_000;
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  if (options.socketPath === undefined) server.listen(options.port ?? 0, '127.0.0.1', resolve);
  else server.listen(options.socketPath, resolve);
  await listening;

  const address = server.address();
  const scheme = options.tls ? 'https' : 'http';
  return {
    url: typeof address === 'object' ? `${scheme}://127.0.0.1:${address?.port}` : `unix://${address}`,
    faults,
    requests,
    bytesSent: () => sent.bytes,
    async stop() {
      stopping.abort();
      const closed = new Promise((done) => server.close(done));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function readRequest(incoming: IncomingMessage): Promise<FleetRequest> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(Buffer.from(part));
  const [path = '/', ...query] = (incoming.url ?? '/').split('?');
  const headers = Object.entries(incoming.headersDistinct).map(([name, values = []]) => [
    name,
    values.join(', '),
  ]);
  return {
    method: incoming.method ?? 'GET',
    path,
    query: new URLSearchParams(query.join('?')),
    headers: Object.fromEntries(headers),
    body: Buffer.concat(parts).toString(),
  };
}

async function send(outgoing: ServerResponse, reply: Reply, sent: { bytes: number }): Promise<void> {
  switch (reply.kind) {
    case 'silence':
      return;
    case 'whole':
    case 'half': {
      if (reply.answer.more || reply.answer.open) {
        await sendInParts(outgoing, reply, sent);
        return;
      }
      const { body: given } = reply.answer;
      const body = typeof given === 'string' ? Buffer.from(given) : given;
      outgoing.writeHead(reply.answer.status ?? 200, {
        'content-length': body.byteLength,
        ...reply.answer.headers,
      });
      if (reply.kind === 'whole') {
        sent.bytes += body.byteLength;
        outgoing.end(body);
        return;
      }
      const half = body.subarray(0, Math.floor(body.byteLength / 2));
      sent.bytes += half.byteLength;
      await write(outgoing, half);
      if (reply.ending === 'cut') outgoing.destroy();
      return;
    }
    case 'stream': {
      const length = reply.announced ? { 'content-length': reply.bytes } : {};
      outgoing.writeHead(200, { 'content-type': 'application/json', ...length });
      for (let left = reply.bytes; left > 0; left -= chunk.byteLength) {
        const part = chunk.subarray(0, left);
        await write(outgoing, part);
        sent.bytes += part.byteLength;
      }
      outgoing.end();
    }
  }
}

async function sendInParts(
  outgoing: ServerResponse,
  reply: Extract<Reply, { readonly kind: 'whole' | 'half' }>,
  sent: { bytes: number },
): Promise<void> {
  const { status = 200, headers = {}, body, more = [], open } = reply.answer;
  outgoing.writeHead(status, headers);
  outgoing.flushHeaders();
  const put = async (part: Uint8Array) => {
    if (part.byteLength === 0) return;
    await write(outgoing, part);
    sent.bytes += part.byteLength;
  };
  await put(Buffer.from(body));
  for await (const part of reply.kind === 'whole' ? more : firstPart(more)) await put(part);
  if (reply.kind === 'half' && reply.ending === 'cut') outgoing.destroy();
  else if (reply.kind === 'whole' && !open) outgoing.end();
}

/** Ends when the network has taken the part. Throws when the peer is gone. */
function write(outgoing: ServerResponse, part: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const gone = () => reject(new Error('the peer hung up'));
    if (outgoing.destroyed) return gone();
    outgoing.once('close', gone);
    outgoing.write(part, (error) => {
      outgoing.off('close', gone);
      if (error) reject(error);
      else resolve();
    });
  });
}

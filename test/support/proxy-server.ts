import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type Server, type Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';

/** What a client asked of the proxy: `CONNECT host:port` or `GET http://…`. */
interface Proxied {
  readonly line: string;
  readonly headers: IncomingHttpHeaders;
}

/** An HTTP proxy on loopback, for tunnels and for plain requests. */
export interface TestProxy extends AsyncDisposable {
  readonly url: URL;
  readonly seen: readonly Proxied[];
}

/** `refuse` answers every CONNECT with that status instead; `hosts` are names that the proxy alone knows. */
export async function startProxy(
  options: {
    readonly tls?: TlsOptions;
    readonly refuse?: number;
    readonly hosts?: Readonly<Record<string, string>>;
  } = {},
): Promise<TestProxy> {
  const seen: Proxied[] = [];
  const open = new Set<Socket>();
  const keep = (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => open.delete(socket));
  };
  const note = (message: IncomingMessage) =>
    seen.push({ line: `${message.method} ${message.url}`, headers: message.headers });

  const forward = (message: IncomingMessage, response: ServerResponse) => {
    note(message);
    const { 'proxy-authorization': _forTheProxyAlone, ...headers } = message.headers;
    const url = new URL(message.url ?? '');
    url.host = options.hosts?.[url.host] ?? url.host;
    const onward = request(url, { method: message.method, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    message.pipe(onward);
  };
  const server: Server = options.tls ? createTlsServer(options.tls, forward) : createServer(forward);
  server.on('connection', keep);
  server.on('connect', (message: IncomingMessage, client: Socket) => {
    note(message);
    if (options.refuse !== undefined) {
      client.end(`HTTP/1.1 ${options.refuse} No\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    const [host = '', port = ''] = (message.url ?? '').split(/:(?=\d+$)/);
    const onward = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.pipe(onward).pipe(client);
    });
    keep(onward);
    client.on('error', () => onward.destroy());
    client.once('close', () => onward.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: new URL(`${options.tls ? 'https' : 'http'}://127.0.0.1:${port}`),
    seen,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

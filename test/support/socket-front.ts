import { once } from 'node:events';
import { connect, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

/** A loopback port that leads to a Unix socket. */
export interface SocketFront {
  /** `127.0.0.1:<port>` */
  readonly host: string;
  stop(): Promise<void>;
}

/** Opens the port, with TLS where there are keys for it. */
export async function startSocketFront(socketPath: string, tls?: TlsOptions): Promise<SocketFront> {
  const open = new Set<Socket>();
  const forward = (incoming: Socket) => {
    const outgoing = connect(socketPath);
    open.add(incoming).add(outgoing);
    // Either side may hang up at any time; the other one then sees that too.
    pipeline(incoming, outgoing, () => open.delete(outgoing));
    pipeline(outgoing, incoming, () => open.delete(incoming));
  };
  const server: Server = tls ? createTlsServer(tls, forward) : createTcpServer(forward);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  return {
    host: `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

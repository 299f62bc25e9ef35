import { request } from 'node:http';
import type { Socket } from 'node:net';
import { MusterError } from '../errors.ts';

/** Headers with several values each. */
export type HeaderValues = Readonly<Record<string, readonly string[]>>;

/**
 * Asks the proxy at the other end of the socket to connect to `target` (`host:port`); afterwards the socket leads
 * there. Throws `denied` where the proxy wants (other) credentials, `unreachable` for its other refusals.
 */
export function openTunnel(socket: Socket, target: string, headers: HeaderValues): Promise<void> {
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

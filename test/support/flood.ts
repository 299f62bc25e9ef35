import { mkdir, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { imageFlags, type RunningProgram, startProcess } from './process.ts';

/** A sidecar that has a large job to serve. */
export interface FloodedSidecar extends RunningProgram {
  /** The target file of the job `big`, 25 MB of JSON. */
  readonly big: string;
}

/**
 * Starts `muster sync` with the flags of its image, and waits until it has mirrored one job of 25 MB. `muster` is the program:
 * the source or the bundle. It works in `folder`, which must be empty.
 */
export async function startSidecarToFlood(muster: string, folder: string): Promise<FloodedSidecar> {
  const line = (index: number) =>
    JSON.stringify({ targets: [`10.0.${index >> 8}.${index & 255}:80`], labels: { note: 'x'.repeat(900) } });
  const big = `[\n${Array.from({ length: 25_000 }, (_, index) => line(index)).join(',\n')}\n]\n`;
  const [store, to] = [join(folder, 'store'), join(folder, 'to')];
  await mkdir(join(store, 'targets/big'), { recursive: true });
  await writeFile(join(store, 'targets/big/consul-0.json'), big);
  const sidecar = await startProcess({
    command: process.execPath,
    args: ([port]) => [
      ...[...imageFlags, muster],
      ...['sync', '--from', store, '--to', to, '--interval', '1s', '--listen', `127.0.0.1:${port}`],
    ],
    ready: ([port]) => `http://127.0.0.1:${port}/readyz`,
  });
  return { ...sidecar, big };
}

/** Peers that ask for much at once and read nothing. */
export interface Flood {
  readonly name: string;
  readonly connections: number;
  /** Requests for the large job on each connection. */
  readonly requests: number;
  readonly headers: string;
}

/** The floods that a sidecar must stand. */
export const floods: readonly Flood[] = [
  { name: '200 requests at once on each of 20 connections', connections: 20, requests: 200, headers: '' },
  {
    name: 'as many as may wait, compressed',
    connections: 20,
    requests: 15,
    headers: 'Accept-Encoding: gzip\r\n',
  },
  { name: 'one request on each of 400 connections', connections: 400, requests: 1, headers: '' },
];

/** Opens the flood's connections and sends its requests. The caller destroys the sockets. */
export function flood(port: number, { connections, requests, headers }: Flood): readonly Socket[] {
  const text = `GET /sd/big HTTP/1.1\r\nHost: x\r\n${headers}\r\n`.repeat(requests);
  return Array.from({ length: connections }, () => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    return socket.pause().on('error', () => {});
  });
}

/** The status of one health probe, on a connection of its own as the probe of a kubelet is. */
export function probe(port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: '/healthz', agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    }).once('error', reject);
  });
}

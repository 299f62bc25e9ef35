import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { readUsage } from '../bench/measure.ts';
import { polled } from '../support/poll.ts';
import { type RunningProgram, startProcess } from '../support/process.ts';
import { afterThisTest, cleanUpAfterEach, makeFolder } from './world.ts';

cleanUpAfterEach();

let big: string;
beforeAll(() => {
  const line = (index: number) =>
    JSON.stringify({ targets: [`10.0.${index >> 8}.${index & 255}:80`], labels: { note: 'x'.repeat(900) } });
  big = `[\n${Array.from({ length: 25_000 }, (_, index) => line(index)).join(',\n')}\n]\n`;
});

/** A sidecar that has mirrored one job of 25 MB, with the flags of its image. */
async function startSidecar(): Promise<RunningProgram> {
  const [store, to] = [await makeFolder(), await makeFolder()];
  await mkdir(join(store, 'targets/big'), { recursive: true });
  await writeFile(join(store, 'targets/big/consul-0.json'), big);
  const sidecar = await startProcess({
    command: process.execPath,
    args: ([port]) => [
      ...['--expose-gc', '--max-semi-space-size=4', join(import.meta.dirname, '../../lib/cli/main.ts')],
      ...['sync', '--from', store, '--to', to, '--interval', '1s', '--listen', `127.0.0.1:${port}`],
    ],
    ready: ([port]) => `http://127.0.0.1:${port}/readyz`,
  });
  afterThisTest(() => sidecar.stop());
  return sidecar;
}

/** Connections that ask so many times at once, and never read. */
function flood(port: number, connections: number, requests: number, headers = ''): readonly Socket[] {
  const text = `GET /sd/big HTTP/1.1\r\nHost: x\r\n${headers}\r\n`.repeat(requests);
  const sockets = Array.from({ length: connections }, () => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    return socket.pause().on('error', () => {});
  });
  afterThisTest(() => {
    for (const socket of sockets) socket.destroy();
  });
  return sockets;
}

/** Status of a probe and the seconds that it took; on a connection of its own, as a kubelet's. */
function probe(port: number): Promise<readonly [number | undefined, number]> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: '/healthz', agent: false }, (answer) => {
      answer.resume();
      resolve([answer.statusCode, (performance.now() - started) / 1000]);
    }).once('error', reject);
  });
}

describe('peers that ask for much and read nothing', () => {
  test.each([
    ['200 requests at once on each of 20 connections', 20, 200, ''],
    ['as many as are let wait, packed', 20, 15, 'Accept-Encoding: gzip\r\n'],
    ['one request on each of 400 connections', 400, 1, ''],
  ])('leave the probes quick and the memory small: %s', async (_, connections, requests, headers) => {
    const sidecar = await startSidecar();
    const [port = 0] = sidecar.ports;
    const filesBefore = await openFiles(sidecar.pid);
    const sockets = flood(port, connections, requests, headers);
    const probes: (readonly [number | undefined, number])[] = [];
    let files = 0;
    for (let second = 0; second < 8; second += 1) {
      probes.push(await probe(port));
      files = Math.max(files, await openFiles(sidecar.pid));
      await sleep(500);
    }
    const memory = (await readUsage(sidecar.pid))?.memory ?? Number.NaN;
    const slowest = Math.max(...probes.map(([, seconds]) => seconds));
    if (process.env.MUSTER_FIGURES) process.stderr.write(`${JSON.stringify({ slowest, memory, files })}\n`);
    expect([...new Set(probes.map(([status]) => status))]).toEqual([200]);
    // The bars are 1 s and 250 MB; machines that test are busy.
    expect([slowest < 5, memory < 300, files < filesBefore + 400]).toEqual([true, true, true]);
    for (const socket of sockets) socket.destroy();
    // What they held comes back.
    const back = async () => (await openFiles(sidecar.pid)) <= filesBefore + 5;
    expect(await polled(back, true)).toBe(true);
    expect((await (await fetch(`http://127.0.0.1:${port}/sd/big`)).text()) === big).toBe(true);
  });
});

async function openFiles(pid: number): Promise<number> {
  const children = await readdir(`/proc/${pid}/fd`);
  return children.length;
}

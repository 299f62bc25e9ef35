import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Flood, flood, floods, probe, startSidecarToFlood } from '../support/flood.ts';
import { readUsage } from './measure.ts';

const muster = join(import.meta.dirname, '../../dist/muster.mjs');

/** Probes of each kind, and the pause between two, ms. */
const probes = { count: 15, pause: 200 };

/** Bars: the slowest probe under flood against the slowest of the quiet sidecar, but at least so many ms; and memory in MB. */
const bars = { ratio: 20, floor: 50, memory: 250 };

/**
 * `npm run bench -- attack`: the time of a health probe while peers ask for 7 GB and more and read nothing, as a ratio
 * against a probe of the same sidecar before the flood.
 */
export async function benchAttack(): Promise<void> {
  const rows: string[] = [];
  const over: string[] = [];
  for (const peers of floods) {
    const { quiet, flooded, memory } = await runFlood(peers);
    const ratio = flooded.slowest / Math.max(quiet.slowest, bars.floor);
    if (ratio > bars.ratio || memory > bars.memory) over.push(peers.name);
    const cells = [quiet.middle, quiet.slowest, flooded.middle, flooded.slowest].map((ms) => ms.toFixed(1));
    rows.push(`| ${[peers.name, ...cells, ratio.toFixed(1), memory.toFixed(0)].join(' | ')} |`);
  }
  process.stdout.write(
    [
      `| flood | quiet, median ms | quiet, slowest ms | flood, median ms | flood, slowest ms | slowest ÷ quiet (at least ${bars.floor} ms) | peak MB |`,
      '|---|---|---|---|---|---|---|',
      ...rows,
      over.length === 0 ? '\nwithin the bars\n' : `\nover a bar: ${over.join(', ')}\n`,
    ].join('\n'),
  );
}

/** Milliseconds. */
interface Times {
  readonly middle: number;
  readonly slowest: number;
}

async function runFlood(peers: Flood): Promise<{ quiet: Times; flooded: Times; memory: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'muster-bench-'));
  try {
    const sidecar = await startSidecarToFlood(muster, folder);
    try {
      const [port = 0] = sidecar.ports;
      const quiet = await timeProbes(port);
      const sockets = flood(port, peers);
      const flooded = await timeProbes(port);
      const memory = (await readUsage(sidecar.pid))?.memory ?? Number.NaN;
      for (const socket of sockets) socket.destroy();
      return { quiet, flooded, memory };
    } finally {
      await sidecar.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function timeProbes(port: number): Promise<Times> {
  const times: number[] = [];
  for (let count = 0; count < probes.count; count += 1) {
    const start = performance.now();
    const status = await probe(port);
    times.push(performance.now() - start);
    if (status !== 200) throw new Error(`a probe was answered with ${status}`);
    await sleep(probes.pause);
  }
  times.sort((a, b) => a - b);
  return { middle: times[Math.floor(times.length / 2)] ?? 0, slowest: times.at(-1) ?? 0 };
}

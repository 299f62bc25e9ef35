import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startFleetServer } from '../../lib/sim/server.ts';
import { freePorts, imageFlags } from '../support/process.ts';
import { type Measured, measure, readUsage } from './measure.ts';

const muster = join(import.meta.dirname, '../../dist/muster.mjs');

/** Jobs that the providers are spread over. */
const jobs = 50;

/** Seconds between two cycles of a provider, and so the length of a quiet look. */
const interval = 60;

/** Seconds in which all have had their first cycle, at most: a bench must end. */
const patience = 900;

/** The bars: peak memory in MB, CPU of a cycle that changes nothing in ms, seconds to the first status. */
const bars = { memory: 500, cycle: 2, first: 15 } as const;

/**
 * `npm run bench -- providers [COUNT]`: `muster dev` with 5,000 providers (or COUNT) of http_sd, two targets each, on a store
 * in a folder: its start, its memory, what a quiet minute costs, and how long its page, metrics and status take.
 */
export async function benchProviders([count = '5000']: readonly string[]): Promise<void> {
  const providers = Number(count);
  const folder = await mkdtemp(join(tmpdir(), 'muster-bench-'));
  const server = await startFleetServer(({ path }) => {
    const place = Number(path.slice(1));
    const targets = [1, 2].map((end) => `10.${place >> 8}.${place & 255}.${end}:9100`);
    return {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify([{ targets, labels: { env: 'prod' } }]),
    };
  });
  try {
    await writeFile(join(folder, 'muster.yml'), configOf(providers, server.url));
    const rows = await benchDev(folder, providers);
    process.stdout.write(
      `${providers} providers in ${jobs} jobs\n\n| what | measured | bar |\n|---|---|---|\n`,
    );
    for (const { what, value, unit, bar } of rows) {
      const verdict = bar === undefined ? '' : value <= bar ? `${bar}: met` : `${bar}: NOT MET`;
      if (verdict.includes('NOT')) process.exitCode = 1;
      process.stdout.write(`| ${what} | ${value.toFixed(value < 10 ? 2 : 0)} ${unit} | ${verdict} |\n`);
    }
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function configOf(providers: number, url: string): string {
  const lines = Array.from({ length: jobs }, (_, job) => {
    const own = Array.from({ length: providers }, (_, place) => place).filter(
      (place) => place % jobs === job,
    );
    const configs = own.map(
      (place) => `      - { url: '${url}/${place}', refresh_interval: ${interval}s }\n`,
    );
    return `  - job_name: job-${job}\n    http_sd_configs:\n${configs.join('')}`;
  });
  return `store: ./store\nscrape_configs:\n${lines.join('')}`;
}

interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly bar?: number | undefined;
}

async function benchDev(folder: string, providers: number): Promise<readonly Row[]> {
  const rows: Row[] = [];
  const add = (what: string, value: number, unit: string, bar?: number) =>
    rows.push({ what, value, unit, bar });
  const [first = 0, last = 0] = await withMuster(['dev', '-c', 'muster.yml'], folder, async (dev) => {
    const times = [await untilStatuses(folder, 1), await untilStatuses(folder, providers)];
    add('CPU to the last of the first cycles', (await dev.look()).cpu, 's');
    await untilMirrored(dev, providers);
    return times.map((time) => time - dev.startedAt);
  });
  add('first status after', first, 's', bars.first);
  add('last status after', last, 's');

  // Started again, so that the first cycles are not in it.
  const quiet = await withMuster(['dev', '-c', 'muster.yml'], folder, async (dev) => {
    await untilMirrored(dev, providers);
    await sleep(interval * 1000);
    const before = await dev.look();
    await sleep(interval * 1000);
    const after = await dev.look();
    for (const [name, path] of [
      ['page, overview', '/'],
      ['/metrics', '/metrics'],
      ['/api/v1/providers', '/api/v1/providers'],
    ] as const)
      add(name, await timeOf(`${dev.url}${path}`), 'ms');
    const status = await middleOf(() =>
      measure(process.execPath, [muster, 'status', '-c', 'muster.yml'], { cwd: folder }),
    );
    add('muster status', 1000 * status.wall, 'ms');
    return { cpu: after.cpu - before.cpu, memory: (await dev.look()).memory };
  });
  const round = await benchMirror(folder, providers);
  const rounds = interval / Math.max(1, Math.min(providers / 1000, 10));
  const cycles = quiet.cpu - rounds * round;
  const each = (seconds: number) => (1000 * seconds) / providers;
  add('peak memory', quiet.memory, 'MB', bars.memory);
  add('CPU of a quiet minute', quiet.cpu, 's');
  add('of which the mirror', rounds * round, 's');
  add('a quiet round of the mirror', 1000 * round, 'ms');
  add('CPU of a quiet cycle, its listing among it', each(cycles), 'ms', bars.cycle);
  return rows;
}

/** CPU seconds of a quiet round of a sidecar on the store. */
async function benchMirror(folder: string, providers: number): Promise<number> {
  await mkdir(join(folder, 'mirror'));
  const args = ['sync', '--from', join(folder, 'store'), '--to', join(folder, 'mirror'), '--interval', '1s'];
  return withMuster(args, folder, async (sidecar) => {
    await untilMirrored(sidecar, providers);
    const from = { ...(await sidecar.look()), rounds: await sidecar.sample(rounds) };
    await sleep(interval * 1000);
    const to = { ...(await sidecar.look()), rounds: await sidecar.sample(rounds) };
    return (to.cpu - from.cpu) / (to.rounds - from.rounds);
  });
}

const rounds = /^muster_sync_rounds_total\{result="success"\} (\d+)/m;

interface Running {
  readonly url: string;
  /** Seconds of the monotonic clock. */
  readonly startedAt: number;
  readonly look: () => Promise<{ readonly cpu: number; readonly memory: number }>;
  readonly sample: (pattern: RegExp) => Promise<number>;
}

async function withMuster<T>(
  args: readonly string[],
  cwd: string,
  use: (running: Running) => Promise<T>,
): Promise<T> {
  const [port = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const startedAt = performance.now() / 1000;
  const child = spawn(process.execPath, [...imageFlags, muster, ...args, '--listen', `127.0.0.1:${port}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
    cwd,
    env: { ...process.env, MUSTER_LOG_LEVEL: 'error' },
  });
  try {
    return await use({
      url,
      startedAt,
      async look() {
        const usage = await readUsage(child.pid ?? 0);
        if (usage === undefined) throw new Error(`muster ${args[0]} has ended`);
        return usage;
      },
      async sample(pattern) {
        const text = await fetch(`${url}/metrics`).then(
          (answer) => answer.text(),
          () => '',
        );
        return Number(pattern.exec(text)?.[1] ?? 0);
      },
    });
  } finally {
    const ended = once(child, 'close');
    child.kill('SIGTERM');
    await ended;
  }
}

/** When the store has so many statuses, in seconds of the monotonic clock. */
async function untilStatuses(folder: string, least: number): Promise<number> {
  const giveUpAt = performance.now() / 1000 + patience;
  for (;;) {
    const found = await readdir(join(folder, 'store/status'), { recursive: true }).catch(() => []);
    const now = performance.now() / 1000;
    if (found.filter((name) => name.endsWith('.json')).length >= least) return now;
    if (now > giveUpAt) throw new Error(`${least} providers have no status after ${patience} s`);
    await sleep(200);
  }
}

async function untilMirrored({ sample }: Running, providers: number): Promise<void> {
  while ((await sample(/^muster_sync_files (\d+)/m)) < providers) await sleep(2000);
}

/** Milliseconds to the end of the answer, the middle of three. */
async function timeOf(url: string): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < 3; run += 1) {
    const start = performance.now();
    const answer = await fetch(url);
    await answer.text();
    if (!answer.ok) throw new Error(`${url}: HTTP ${answer.status}`);
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[1] ?? 0;
}

/** The run in the middle of three, by its CPU. Throws where one has failed. */
async function middleOf(run: () => Promise<Measured>): Promise<Measured> {
  const runs = [await run(), await run(), await run()].sort((a, b) => a.cpu - b.cpu);
  for (const { code, errors } of runs) if (code !== 0) throw new Error(errors);
  const [, middle] = runs;
  if (middle === undefined) throw new Error('nothing was run');
  return middle;
}

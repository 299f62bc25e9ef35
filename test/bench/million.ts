import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts, imageFlags } from '../support/process.ts';
import { type Prometheus, startPrometheus } from '../support/prometheus.ts';
import { type Measured, measure, medianOf, readUsage } from './measure.ts';

const muster = join(import.meta.dirname, '../../dist/muster.mjs');

/** Targets of a group. */
const perGroup = 100;

/** The bars, MB: the memory of the sidecar, and what it fetches for a change of one target. */
const bars = { memory: 200, fetched: 2 };

/** Seconds until a step counts as lost. */
const patience = 900;

/**
 * `npm run bench -- million [TARGETS]`: one provider of a million targets (http_sd) through a cycle, a store in a folder,
 * the sidecar, and a Prometheus that reads its files and drops all targets; then one target more.
 */
export async function benchMillion([given = '1000000']: readonly string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'muster-bench-'));
  const count = Number(given);
  const backend = await startBackend(count);
  const [port = 0] = await freePorts(1);
  const [config, store, to] = [join(folder, 'muster.yml'), join(folder, 'store'), join(folder, 'to')];
  await writeFile(config, configText(store, backend.url));
  const listen = `127.0.0.1:${port}`;
  const env = { MUSTER_LOG_LEVEL: 'error' };
  const runCycle = async () =>
    medianOf([await measure(process.execPath, [muster, 'run', '-c', config], { env })]);
  let sidecar: ChildProcess | undefined;
  let prometheus: Prometheus | undefined;
  try {
    const rows = [cycleRow('first cycle', await runCycle()), cycleRow('quiet cycle', await runCycle())];
    sidecar = spawn(
      process.execPath,
      [...imageFlags, muster, 'sync', '--from', store, '--to', to, '--interval', '1s', '--listen', listen],
      { stdio: 'ignore', env: { ...process.env, ...env } },
    );
    const { pid = 0 } = sidecar;
    await until(async () => (await sampleOf(listen, 'muster_sync_rounds_total{result="success"}')) > 0);
    const first = { ...(await usageOf(pid)), bytes: await fetched(listen) };
    rows.push(sidecarRow('first mirror', first));
    prometheus = await startPrometheus(prometheusConfig(to));
    const { ownMetric } = prometheus;
    const start = performance.now();
    await until(async () => (await ownMetric('prometheus_sd_discovered_targets')) === count);
    rows.push(['Prometheus reads it', seconds(start), '', '', '']);
    backend.add();
    rows.push(cycleRow('cycle of one new target', await runCycle()));
    const changed = performance.now();
    await until(async () => (await ownMetric('prometheus_sd_discovered_targets')) === count + 1);
    const delay = seconds(changed);
    const after = { ...(await usageOf(pid)), bytes: await fetched(listen) };
    const change = { ...after, cpu: after.cpu - first.cpu, bytes: after.bytes - first.bytes };
    rows.push(sidecarRow('mirror of one new target, until Prometheus has it', change, delay));
    print(rows);
    judge('memory of the sidecar', after.memory, bars.memory);
    judge('fetched for one target', change.bytes / 1e6, bars.fetched);
  } finally {
    await prometheus?.stop();
    if (sidecar !== undefined) {
      const ended = once(sidecar, 'close');
      sidecar.kill('SIGTERM');
      await ended;
    }
    await backend.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** A server for http_sd whose list can grow by one target. */
async function startBackend(count: number) {
  const groups: string[] = [];
  for (let from = 0; from < count; from += perGroup)
    groups.push(groupText(from / perGroup, Math.min(perGroup, count - from)));
  const server = createServer((_request, answer) => {
    answer.setHeader('content-type', 'application/json').end(`[${groups.join(',\n')}]`);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address: AddressInfo | string | null = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return {
    url: `http://127.0.0.1:${port}/targets`,
    add() {
      groups[0] = groupText(0, Math.min(perGroup, count) + 1);
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function groupText(group: number, count: number): string {
  const host = (index: number) => `10.${(group >> 8) & 255}.${group & 255}.${index}:${9100 + (group >> 16)}`;
  const targets = Array.from({ length: count }, (_, index) => host(index));
  const labels = { __meta_group: `group-${group}`, __meta_zone: `zone-${group % 7}`, env: 'production' };
  return JSON.stringify({ targets, labels });
}

function configText(store: string, url: string): string {
  return `store: ${store}
scrape_configs:
  - job_name: bench
    muster: { deadline: 10m }
    http_sd_configs: [{ url: '${url}' }]
`;
}

/** All targets are discovered and none is scraped: a million scrapes are another matter. */
function prometheusConfig(to: string): object {
  const job = {
    job_name: 'bench',
    file_sd_configs: [{ files: [`${to}/bench/*.json`] }],
    relabel_configs: [{ action: 'drop', source_labels: ['__address__'], regex: '.*' }],
  };
  return { global: { keep_dropped_targets: 1 }, scrape_configs: [job] };
}

async function until(isDone: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + patience * 1000;
  while (!(await isDone())) {
    if (performance.now() > end) throw new Error(`nothing after ${patience} s`);
    await sleep(500);
  }
}

/** The sum of the samples whose name, or name and labels, begin so; 0 while the server does not answer. */
async function sampleOf(listen: string, beginning: string): Promise<number> {
  const text = await fetch(`http://${listen}/metrics`).then(
    (answer) => answer.text(),
    () => '',
  );
  const lines = text.split('\n').filter((line) => line.startsWith(beginning));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

function fetched(listen: string): Promise<number> {
  return sampleOf(listen, 'muster_sync_bytes_total');
}

type Usage = Pick<Measured, 'cpu' | 'memory'>;

async function usageOf(pid: number): Promise<Usage> {
  const usage = await readUsage(pid);
  if (usage === undefined) throw new Error('the sidecar has ended');
  return usage;
}

type Cells = readonly [what: string, wall: string, cpu: string, memory: string, fetched: string];

function cycleRow(what: string, { wall, cpu, memory }: Measured): Cells {
  return [what, wall.toFixed(1), cpu.toFixed(1), memory.toFixed(0), ''];
}

function sidecarRow(
  what: string,
  { cpu, memory, bytes }: Usage & { readonly bytes: number },
  wall = '',
): Cells {
  return [what, wall, cpu.toFixed(1), memory.toFixed(0), (bytes / 1e6).toFixed(2)];
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(1);
}

function print(rows: readonly Cells[]): void {
  process.stdout.write('| what | wall s | CPU s | peak MB | fetched MB |\n|---|---|---|---|---|\n');
  for (const row of rows) process.stdout.write(`| ${row.join(' | ')} |\n`);
}

function judge(what: string, found: number, bar: number): void {
  const verdict = found <= bar ? 'met' : 'NOT MET';
  if (found > bar) process.exitCode = 1;
  process.stdout.write(`${what}: ${found.toFixed(2)} MB, the bar is ${bar}: ${verdict}\n`);
}

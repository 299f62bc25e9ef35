import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { measure } from './measure.ts';
import type { Usage } from './usage.ts';

/** Sizes that end within minutes; larger ones by argument. */
const usualSizes = [1000, 10_000];

/** The most that each row may take, as a share of the listing in the same run. */
const bars: Readonly<Record<string, number>> = { first: 3, 'cold quiet': 1.4, 'churn 0.1 %': 1.5 };

/** Bars are held against lists of this many pods and more: with fewer what is measured is how Node starts. */
const leastPods = 50_000;

const project = join(import.meta.dirname, '../..');
const muster = join(project, 'dist/muster.mjs');

interface Row {
  readonly pods: number;
  readonly labels: 'all' | 'needed';
  readonly what: string;
  readonly cpu: number;
  readonly usage: Usage;
  readonly wall: number;
  /** Peak MB. */
  readonly memory: number;
  /** MB that the run wrote, of those that it left in the store. */
  readonly written: number;
  /** CPU as a share of the listing's. */
  readonly ratio: number;
}

/**
 * `npm run bench -- pipeline [PODS…] [--json FILE]`: a listing alone, then whole cycles of the same list on a folder
 * store: the first, one that finds nothing new, and ones that find 0.1 % and 10 % of the pods changed.
 */
export async function benchPipeline(args: readonly string[]): Promise<void> {
  const json = args.indexOf('--json');
  const sizes = args.map(Number).filter((size) => size > 0);
  const rows: Row[] = [];
  for (const pods of sizes.length === 0 ? usualSizes : sizes)
    for (const labels of ['all', 'needed'] as const) rows.push(...(await benchSize(pods, labels)));
  process.stdout.write(tableOf(rows));
  if (json !== -1) await writeFile(args[json + 1] ?? 'pipeline.json', `${JSON.stringify(rows, null, 1)}\n`);
}

async function benchSize(pods: number, labels: Row['labels']): Promise<readonly Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'muster-bench-'));
  try {
    await using server = await startServer(pods);
    const config = join(folder, 'muster.yml');
    const store = join(folder, 'store');
    const settings = `muster: { deadline: 10m, labels: ${labels} }`;
    const sd = `kubernetes_sd_configs: [{ role: pod, api_server: '${server.url}' }]`;
    await writeFile(
      config,
      `store: ${store}\nscrape_configs:\n  - job_name: bench\n    ${settings}\n    ${sd}\n    relabel_configs: [{ source_labels: [__meta_kubernetes_namespace], target_label: namespace }]\n`,
    );
    const rows: Row[] = [];
    const add = async (what: string, command: readonly string[]) => {
      const began = Date.now();
      const usageFile = join(folder, 'usage.json');
      const options = ['--import', join(import.meta.dirname, 'usage.ts')];
      const run = await measure(process.execPath, [...options, muster, ...command, '-c', config], {
        env: { MUSTER_BENCH_USAGE: usageFile },
      });
      if (run.code !== 0) throw new Error(run.errors);
      const usage: Usage = JSON.parse(await readFile(usageFile, 'utf8'));
      const { cpu, wall, memory } = run;
      const ratio = cpu / (rows[0]?.cpu ?? cpu);
      const written = await writtenSince(store, began);
      rows.push({ pods, labels, what, cpu, usage, wall, memory, written, ratio });
    };
    await add('listing', ['targets', '--job', 'bench', '--output', 'json']);
    await add('first', ['run']);
    await add('cold quiet', ['run']);
    await server.change(Math.ceil(pods / 1000));
    await add('churn 0.1 %', ['run']);
    await server.change(Math.ceil(pods / 10));
    await add('churn 10 %', ['run']);
    return rows;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** MB of the files that were written since a time. */
async function writtenSince(folder: string, time: number): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  let bytes = 0;
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const { size, mtimeMs } = await stat(join(entry.parentPath, entry.name));
    if (mtimeMs >= time) bytes += size;
  }
  return bytes / 1e6;
}

function tableOf(rows: readonly Row[]): string {
  const heading = [
    ...['pods', 'labels', 'what', 'CPU s', 'main thread', 'GC pauses', 'V8 threads', 'zlib and files'],
    ...['wall s', 'peak MB', 'MB written', 'CPU ÷ listing', 'bar'],
  ];
  const lines = rows.map(({ pods, labels, what, cpu, usage, wall, memory, written, ratio }) =>
    [
      ...[pods.toLocaleString('en'), labels, what, cpu.toFixed(1)],
      ...[usage.main, usage.collection, usage.v8, usage.pool].map((seconds) => seconds.toFixed(2)),
      ...[wall.toFixed(1), memory.toFixed(0), written.toFixed(2), ratio.toFixed(2)],
      verdict(pods, labels, what, ratio),
    ].join(' | '),
  );
  return `| ${heading.join(' | ')} |\n|${heading.map(() => '---').join('|')}|\n${lines.map((line) => `| ${line} |\n`).join('')}`;
}

function verdict(pods: number, labels: string, what: string, ratio: number): string {
  const bar = bars[what];
  if (bar === undefined || pods < leastPods || labels !== 'all') return '';
  if (ratio <= bar) return 'met';
  process.exitCode = 1;
  return 'NOT MET';
}

/** The simulated API server in a process of its own, so that its work is not measured. */
async function startServer(
  pods: number,
): Promise<{ url: string; change: (count: number) => Promise<void> } & AsyncDisposable> {
  const child = spawn(
    process.execPath,
    [join(project, 'test/sim/kubernetes-main.ts'), '--pods', String(pods), '--changes', '--other-lists'],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  child.stdout.setEncoding('utf8');
  const [line] = await once(child.stdout, 'data');
  return {
    url: String(line).trim(),
    async change(count) {
      const done = once(child.stdout, 'data');
      child.stdin.write(`${count}\n`);
      await done;
      // A file written within the same millisecond would count for the run before.
      await sleep(10);
    },
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'close');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

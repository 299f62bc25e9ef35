import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireProgram } from '../support/find-program.ts';
import { type Measured, measure, medianOf } from './measure.ts';

/** What is listed: a role, at a number of pods. promtool always runs for its whole timeout (seconds). */
interface Round {
  readonly role: string;
  readonly pods: number;
  readonly patience: number;
  /** How often; what is shown are the medians. */
  readonly runs: number;
}

const rounds: readonly Round[] = [
  { role: 'pod', pods: 1000, patience: 8, runs: 5 },
  { role: 'pod', pods: 10_000, patience: 20, runs: 5 },
  { role: 'pod', pods: 50_000, patience: 90, runs: 1 },
  { role: 'pod', pods: 100_000, patience: 180, runs: 1 },
  { role: 'endpointslice', pods: 10_000, patience: 40, runs: 3 },
];

/** The most that may be taken: shares of promtool's CPU and memory and of JSON.parse's CPU, and MB. */
interface Bars {
  readonly cpu?: number;
  readonly parse?: number;
  readonly share?: number;
  readonly memory?: number;
}

/** The bar for CPU is held against 10,000 pods and more: with 1,000 what is measured is how Node starts. */
const bars: Readonly<Record<string, Bars>> = {
  'pod 1000': { memory: 200 },
  'pod 10000': { cpu: 0.15, parse: 0.8, memory: 200 },
  'pod 50000': { cpu: 0.15, parse: 0.8, memory: 200 },
  'pod 100000': { cpu: 0.15, parse: 0.8, memory: 200 },
  'endpointslice 10000': { cpu: 0.25, share: 0.2 },
  'run 50000': { memory: 400 },
};

/** How much more 100,000 pods may cost than 10,000. */
const linear = 11;

const project = join(import.meta.dirname, '../..');
const muster = join(project, 'dist/muster.mjs');

/**
 * `npm run bench -- kubernetes [PODS…]`: `muster targets` beside `promtool check service-discovery` and beside a plain
 * paged list with JSON.parse, whole processes on one simulated API server; then a whole `muster run`.
 */
export async function benchKubernetes(args: readonly string[]): Promise<void> {
  const wanted = args.map(Number);
  const folder = await mkdtemp(join(tmpdir(), 'muster-bench-'));
  const rows: string[][] = [];
  const cost = new Map<number, number>();
  try {
    for (const round of rounds.filter(({ pods }) => wanted.length === 0 || wanted.includes(pods))) {
      const { role, pods } = round;
      await using server = await startServer(pods);
      const { own, table } = await benchRole(folder, server.url, round);
      if (role === 'pod') cost.set(pods, own);
      rows.push(...table);
      if (role === 'pod' && pods >= 10_000) rows.push(await benchRun(folder, server.url, pods));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const heading = [
    'role',
    'pods',
    'what',
    'targets',
    'CPU s',
    'wall s',
    'peak MB',
    'CPU ÷ promtool',
    'memory ÷ promtool',
    'CPU ÷ JSON.parse',
    'bars',
  ];
  process.stdout.write(`| ${heading.join(' | ')} |\n|${heading.map(() => '---').join('|')}|\n`);
  for (const row of rows) process.stdout.write(`| ${row.join(' | ')} |\n`);
  const [less, more] = [cost.get(10_000), cost.get(100_000)];
  if (less === undefined || more === undefined) return;
  const factor = more / less;
  process.stdout.write(
    `\n100,000 pods cost ${factor.toFixed(1)} times what 10,000 do: ${verdict([factor <= linear])}\n`,
  );
}

async function benchRole(
  folder: string,
  url: string,
  { role, pods, patience, runs }: Round,
): Promise<{ readonly own: number; readonly table: readonly string[][] }> {
  const config = join(folder, `${role}-${pods}.yml`);
  await writeFile(
    config,
    `scrape_configs:\n  - job_name: bench\n    kubernetes_sd_configs:\n      - role: ${role}\n        api_server: ${url}\n`,
  );
  const counts = new Set<number>();
  const counting = async (text: string, command: string, args: readonly string[]) => {
    const { take, count } = counter(text);
    const measured = await measure(command, args, { onOutput: take });
    counts.add(count());
    return measured;
  };
  const of: Record<'own' | 'parse' | 'promtool', Measured[]> = { own: [], parse: [], promtool: [] };
  // In turn, so that a machine that is slower for a while is so for all of them.
  for (let run = 0; run < runs; run++) {
    const args = ['targets', '-c', config, '--job', 'bench', '--output', 'json'];
    of.own.push(await counting('__address__', process.execPath, [muster, ...args]));
    const reader = join(import.meta.dirname, 'paged-json-parse.ts');
    of.parse.push(await measure(process.execPath, [reader, `${url}/api/v1/pods`]));
    of.promtool.push(
      await counting('discoveredLabels', requireProgram('promtool'), [
        ...['check', 'service-discovery', config, 'bench', `--timeout=${patience}s`],
      ]),
    );
  }
  const [own, parse, promtool] = [medianOf(of.own), medianOf(of.parse), medianOf(of.promtool)];
  const [targets = 0, ...others] = counts;
  if (others.length > 0)
    throw new Error(
      `muster and promtool found ${[...counts].join(', ')} targets: give promtool more than ${patience} s`,
    );
  const ratios = [
    ratio(own.cpu, promtool.cpu),
    ratio(own.memory, promtool.memory),
    role === 'pod' ? ratio(own.cpu, parse.cpu) : '',
  ];
  const bar = bars[`${role} ${pods}`] ?? {};
  const met = verdict([
    own.cpu <= (bar.cpu ?? Infinity) * promtool.cpu,
    own.cpu <= (bar.parse ?? Infinity) * parse.cpu,
    own.memory <= (bar.share ?? Infinity) * promtool.memory,
    own.memory <= (bar.memory ?? Infinity),
  ]);
  const table = [
    row(role, pods, 'muster targets', own, targets, [...ratios, met]),
    row(role, pods, 'promtool check service-discovery', promtool, targets),
    ...(role === 'pod' ? [row(role, pods, 'Node: pages of 500, JSON.parse', parse)] : []),
  ];
  return { own: own.cpu, table };
}

/** Says whether all of it holds; a bench that finds a bar not met ends with 1. */
function verdict(held: readonly boolean[]): string {
  if (held.every(Boolean)) return 'met';
  process.exitCode = 1;
  return 'NOT MET';
}

async function benchRun(folder: string, url: string, pods: number): Promise<string[]> {
  const config = join(folder, `run-${pods}.yml`);
  const job = `  - job_name: bench\n    muster: { deadline: 10m }\n    kubernetes_sd_configs:\n      - { role: pod, api_server: ${url} }\n`;
  await writeFile(config, `store: ${join(folder, `store-${pods}`)}\nscrape_configs:\n${job}`);
  const run = await measure(process.execPath, [muster, 'run', '-c', config]);
  if (run.code !== 0) throw new Error(run.errors);
  const bar = bars[`run ${pods}`]?.memory;
  const met = bar === undefined ? '' : verdict([run.memory <= bar]);
  return row('pod', pods, 'muster run, first cycle', run, undefined, ['', '', '', met]);
}

function row(
  role: string,
  pods: number,
  what: string,
  { cpu, wall, memory }: Measured,
  targets?: number,
  ratios: readonly string[] = ['', '', '', ''],
): string[] {
  const count = targets === undefined ? '' : targets.toLocaleString('en');
  return [
    role,
    pods.toLocaleString('en'),
    what,
    count,
    cpu.toFixed(1),
    wall.toFixed(1),
    memory.toFixed(0),
    ...ratios,
  ];
}

function ratio(own: number, other: number): string {
  return (own / other).toFixed(2);
}

/** Counts a text in a stream, also where it lies across two chunks. */
function counter(text: string): { take: (chunk: Buffer) => void; count: () => number } {
  const wanted = Buffer.from(text);
  let tail: Uint8Array = new Uint8Array();
  let count = 0;
  return {
    take(chunk) {
      const all = Buffer.concat([tail, chunk]);
      for (let at = all.indexOf(wanted); at !== -1; at = all.indexOf(wanted, at + wanted.length)) count++;
      tail = all.subarray(Math.max(0, all.length - wanted.length + 1));
    },
    count: () => count,
  };
}

/** The simulated API server in a process of its own, so that its work is not measured. */
async function startServer(pods: number): Promise<{ url: string } & AsyncDisposable> {
  const child = spawn(
    process.execPath,
    [join(project, 'test/sim/kubernetes-main.ts'), '--pods', String(pods)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
  return {
    url: String(line).trim(),
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'close');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

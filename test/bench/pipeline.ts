import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { nodeOptions } from '../../infra/stack/stack.ts';
import { findProgram } from '../support/find-program.ts';
import { benchDev, benchSqs, listingInterval } from './delay.ts';
import { measure } from './measure.ts';
import {
  type Entry,
  entryOf,
  type Figures,
  mergeEntries,
  reportPlaces,
  tableOf,
  verdictOf,
  writePlots,
  writeResults,
} from './report.ts';
import type { Usage } from './usage.ts';

const project = join(import.meta.dirname, '../..');
const muster = join(project, 'dist/muster.mjs');

/** What can be asked for by `--rows`, and the name of its row. */
const rowNames = {
  listing: 'listing',
  first: 'first',
  cold: 'cold quiet',
  warm: 'warm quiet',
  'churn0.1': 'churn 0.1 %',
  churn10: 'churn 10 %',
  delay: 'delay, polling',
  sqs: 'delay, SQS',
  promtool: 'promtool',
} as const;
type Row = keyof typeof rowNames;

/** Sizes that end within minutes; larger ones by argument. */
const usualSizes = '1000,10000';

/** Seconds that promtool needs to find all pods: it always runs for its whole timeout. */
const promtoolPatience = (pods: number) => Math.ceil(8 + pods / 580);

/**
 * `npm run bench -- pipeline`, with the flags of a function: a listing alone, then whole cycles of the same list on a folder store: the first, ones that
 * find nothing new, cold and warm, and ones that find 0.1 % and 10 % of the pods changed; the delay of a change; promtool.
 * Options: `--sizes 1000,10000`, `--rows first,cold`, `--labels all,needed`, `--runs N`, `--no-report`. What is measured takes the place
 * of the same rows in pipeline.json, from which RESULTS.md and the plots are written; `--sizes none` does that alone.
 */
export async function benchPipeline(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      sizes: { type: 'string', default: usualSizes },
      rows: { type: 'string', default: Object.keys(rowNames).join() },
      labels: { type: 'string', default: 'all,needed' },
      runs: { type: 'string' },
      json: { type: 'string', default: reportPlaces.json },
      'no-report': { type: 'boolean', default: false },
    },
  });
  const wanted = new Set(values.rows.split(',').map(readRow));
  const labels = (['all', 'needed'] as const).filter((one) => values.labels.split(',').includes(one));
  let entries = await mergeEntries(values.json, []);
  const fresh: Entry[] = [];
  const sizes = values.sizes.split(',').map(Number);
  for (const pods of sizes.filter((size) => size > 0))
    for (const one of labels) {
      // Of a process that lives a second one run alone says more of the machine than of the program.
      const runs = Number(values.runs ?? (pods > 10_000 ? 1 : 3));
      fresh.push(...(await benchSize({ pods, labels: one, wanted, runs })));
      // After each size, so that an end in between loses nothing.
      entries = await mergeEntries(values.json, fresh);
    }
  process.stdout.write(tableOf(fresh));
  if (fresh.some((one) => verdictOf(one) === 'NOT MET')) process.exitCode = 1;
  if (values['no-report']) return;
  await writeResults(reportPlaces.results, entries);
  await writePlots(reportPlaces.plots, entries);
}

function readRow(text: string): Row {
  const row = Object.keys(rowNames).find((name): name is Row => name === text);
  if (row === undefined)
    throw new Error(`--rows has ${text}, which is none of ${Object.keys(rowNames).join()}`);
  return row;
}

interface SizeInput {
  readonly pods: number;
  readonly labels: Entry['labels'];
  readonly wanted: ReadonlySet<Row>;
  readonly runs: number;
}

/** The rows of one size. Each run begins with a listing, to which its other rows are compared. */
async function benchSize({ pods, labels, wanted, runs }: SizeInput): Promise<readonly Entry[]> {
  const found = new Map<Row, Figures[]>();
  const take = (row: Row, figures: Figures | undefined) => {
    if (figures !== undefined && wanted.has(row)) found.set(row, [...(found.get(row) ?? []), figures]);
  };
  for (let run = 0; run < runs; run += 1) await benchOnce({ pods, labels, wanted, isFirst: run === 0 }, take);
  // promtool ran in the first run alone.
  const promtool = found.get('promtool')?.[0]?.cpu;
  const beside = (figures: Figures): Figures => {
    const { cpu } = figures;
    return cpu === undefined || promtool === undefined ? figures : { ...figures, promtool: cpu / promtool };
  };
  return [...found].map(([row, [first = {}, ...others]]) =>
    entryOf({ pods, labels, what: rowNames[row] }, [beside(first), ...others]),
  );
}

async function benchOnce(
  { pods, labels, wanted, isFirst }: Omit<SizeInput, 'runs'> & { readonly isFirst: boolean },
  take: (row: Row, figures: Figures | undefined) => void,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'muster-bench-'));
  try {
    await using server = await startServer(pods);
    const [config, store] = [join(folder, 'muster.yml'), join(folder, 'store')];
    const configOf = (where: string) => configText(where, server.url, labels);
    await writeFile(config, configOf(store));
    const runMuster = (command: readonly string[]) => measureMuster(command, { folder, config, store });
    const listing = await runMuster(['targets', '--job', 'bench', '--output', 'json']);
    const compared = (figures: Figures): Figures => ({
      ...figures,
      ratio: (figures.cpu ?? 0) / (listing.cpu ?? 1),
    });
    take('listing', compared(listing));
    const has = (...rows: readonly Row[]) => rows.some((row) => wanted.has(row));
    const change = (count: number) => server.change(Math.ceil(count));
    // Each step needs those before it, whether they are asked for or not.
    if (has('first', 'cold', 'churn0.1', 'churn10')) take('first', compared(await runMuster(['run'])));
    if (has('cold')) take('cold', compared(await runMuster(['run'])));
    if (has('churn0.1')) {
      await change(pods / 1000);
      take('churn0.1', compared(await runMuster(['run'])));
    }
    if (has('churn10')) {
      await change(pods / 10);
      take('churn10', compared(await runMuster(['run'])));
    }
    // Some changes touch what no label shows.
    const changeOne = () => change(10 + pods / 1000);
    if (has('warm', 'delay')) {
      const asked = { quiet: wanted.has('warm'), delay: wanted.has('delay') && isFirst };
      const { quiet, delays } = await benchDev({ folder, config, store, change: changeOne, wanted: asked });
      take('warm', quiet && compared(quiet));
      for (const one of delays) take('delay', one);
    }
    if (!isFirst || labels !== 'all') return;
    if (has('sqs') && findProgram('moto') !== undefined)
      for (const one of await benchSqs(folder, configOf, changeOne)) take('sqs', one);
    const promtool = findProgram('promtool');
    if (has('promtool') && promtool !== undefined)
      take('promtool', compared(await measurePromtool(promtool, folder, { url: server.url, pods })));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function configText(store: string, url: string, labels: Entry['labels']): string {
  return `store: ${store}
scrape_configs:
  - job_name: bench
    muster: { deadline: 10m, labels: ${labels} }
    kubernetes_sd_configs: [{ role: pod, api_server: '${url}', refresh_interval: ${listingInterval}s }]
    relabel_configs: [{ source_labels: [__meta_kubernetes_namespace], target_label: namespace }]
`;
}

interface MusterPlace {
  readonly folder: string;
  readonly config: string;
  readonly store: string;
}

async function measureMuster(
  command: readonly string[],
  { folder, config, store }: MusterPlace,
): Promise<Figures> {
  const began = Date.now();
  const usageFile = join(folder, 'usage.json');
  const flags = [...nodeOptions.split(' '), '--import', join(import.meta.dirname, 'usage.ts')];
  const args = [...flags, muster, ...command, '-c', config];
  const run = await measure(process.execPath, args, { env: { MUSTER_BENCH_USAGE: usageFile } });
  if (run.code !== 0) throw new Error(run.errors);
  const { main, collection, v8, pool, read }: Usage = JSON.parse(await readFile(usageFile, 'utf8'));
  const written = await writtenSince(store, began);
  // A file written within the same millisecond would count for the run before.
  await sleep(10);
  return {
    ...{ cpu: run.cpu, main, collection, v8, pool, wall: run.wall, peak: run.memory },
    ...{ read: read / 1e6, written },
  };
}

async function measurePromtool(
  promtool: string,
  folder: string,
  { url, pods }: { readonly url: string; readonly pods: number },
): Promise<Figures> {
  const config = join(folder, 'prometheus.yml');
  await writeFile(
    config,
    `scrape_configs: [{ job_name: bench, kubernetes_sd_configs: [{ role: pod, api_server: '${url}' }] }]\n`,
  );
  const args = ['check', 'service-discovery', `--timeout=${promtoolPatience(pods)}s`, config, 'bench'];
  let bytes = 0;
  const onOutput = (chunk: Buffer) => {
    bytes += chunk.length;
  };
  const { code, errors, cpu, wall, memory } = await measure(promtool, args, { onOutput });
  if (code !== 0 || bytes < pods * 100) throw new Error(`promtool found too little: ${errors}`);
  return { cpu, wall, peak: memory };
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
      await sleep(10);
    },
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'close');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

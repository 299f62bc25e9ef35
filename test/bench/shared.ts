import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { nodeOptions } from '../../infra/stack/stack.ts';
import { type Measured, measure, medianOf } from './measure.ts';

const project = join(import.meta.dirname, '../..');

/** The jobs of a usual chart and their roles. */
const chart = [
  ['apiservers', 'endpoints'],
  ['nodes', 'node'],
  ['cadvisor', 'node'],
  ['endpoints', 'endpoints'],
  ['services', 'service'],
  ['ingresses', 'ingress'],
  ['pods', 'pod'],
] as const;

/** What is measured, in turn: which jobs, and whether they share their listings. */
const ways = [
  { name: 'pods alone', jobs: chart.slice(-1), how: 'apart' },
  { name: '7 jobs, shared', jobs: chart, how: 'together' },
  { name: '7 jobs, each by itself', jobs: chart, how: 'apart' },
] as const;

/** The most CPU that the jobs may take, as a multiple of the listing of the pods alone. */
const bar = 1.6;

/**
 * `npm run bench -- shared [PODS…]`: the listing of a usual chart's seven jobs, shared and each by itself, beside that of
 * the pods alone; whole processes with the flags of a function, on one simulated API server. 10,000 and 50,000 pods by default.
 */
export async function benchShared(args: readonly string[]): Promise<void> {
  const sizes = args.length === 0 ? [10_000, 50_000] : args.map(Number);
  const folder = await mkdtemp(join(tmpdir(), 'muster-bench-'));
  try {
    const program = await buildLister(folder);
    process.stdout.write('| pods | what | targets | requests | CPU s | peak MB | CPU ÷ pods alone |\n');
    process.stdout.write('|---|---|---|---|---|---|---|\n');
    for (const pods of sizes) await benchSize(pods, program, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function benchSize(pods: number, program: string, folder: string): Promise<void> {
  const server = spawn(
    process.execPath,
    [join(project, 'test/sim/kubernetes-main.ts'), '--pods', String(pods)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  try {
    const [line] = await once(server.stdout.setEncoding('utf8'), 'data');
    const runs = new Map<string, { said: string; measured: Measured[] }>();
    // In turn, so that a machine that is slower for a while is so for all of them.
    for (let round = 0; round < 3; round += 1)
      for (const { name, jobs, how } of ways) {
        const config = join(folder, `${jobs.length}.yml`);
        await writeFile(config, configOf(jobs, String(line).trim()));
        const run = runs.get(name) ?? { said: '', measured: [] };
        run.said = '';
        const onOutput = (chunk: Buffer) => {
          run.said += chunk.toString();
        };
        run.measured.push(
          await measure(process.execPath, [...nodeOptions.split(' '), program, config, how], { onOutput }),
        );
        runs.set(name, run);
      }
    const alone = medianOf(runs.get(ways[0].name)?.measured ?? []);
    for (const [name, { said, measured }] of runs) {
      const { cpu, memory } = medianOf(measured);
      const [targets = '', requests = ''] = said.trim().split(' ');
      const times = cpu / alone.cpu;
      const verdict = name !== ways[1].name ? '' : times <= bar ? ' met' : ` NOT MET (${bar})`;
      if (verdict.includes('NOT')) process.exitCode = 1;
      const cells = [pods, name, targets, requests, cpu.toFixed(1), memory.toFixed(0)];
      process.stdout.write(`| ${cells.join(' | ')} | ${times.toFixed(2)}${verdict} |\n`);
    }
  } finally {
    server.kill('SIGKILL');
  }
}

function configOf(jobs: readonly (readonly [name: string, role: string])[], url: string): string {
  const entries = jobs.map(
    ([name, role]) =>
      `  - job_name: ${name}\n    kubernetes_sd_configs: [{ role: ${role}, api_server: '${url}' }]\n`,
  );
  return `scrape_configs:\n${entries.join('')}`;
}

/** Bundled as the command is, so that no time goes into reading TypeScript. */
async function buildLister(folder: string): Promise<string> {
  await symlink(join(project, 'node_modules'), join(folder, 'node_modules'));
  await build({
    entryPoints: [join(import.meta.dirname, 'list-jobs-main.ts')],
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    external: ['@aws-sdk/*', '@aws-lambda-powertools/*', '@smithy/*'],
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  return join(folder, 'list-jobs-main.mjs');
}

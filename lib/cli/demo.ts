import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadApp } from '../app/app.ts';
import type { CycleResult } from '../discovery/provider.ts';
import { MusterError } from '../errors.ts';
import { errorCode } from '../store/file-failure.ts';
import { countChange } from '../target/target-changes.ts';
import { silentLogger } from '../telemetry/log.ts';
import { summaryText } from './change-text.ts';
import { defineCommand, exitCodes, type Io } from './command.ts';
import { type DemoBackend, startDemoBackends } from './demo-backends.ts';
import { develop } from './develop.ts';
import { readDuration } from './options.ts';
import { printChange } from './print-change.ts';
import { prometheusStanza } from './prometheus-stanza.ts';

/** Lines of one change that are shown; a first listing is long. */
const shownLines = 8;

/** `muster demo` */
export const demo = defineCommand({
  name: 'demo',
  description:
    'Starts a simulated Consul, Kubernetes and Marathon on loopback, whose targets come and go, and runs Muster on them\n' +
    'as "muster dev" does. Shows each change as it is published. Everything lies in a temporary folder, which is removed\n' +
    'at the end.',
  examples: ['muster demo', 'muster demo --duration 20s'],
  options: {
    listen: {
      value: 'ADDR',
      default: '127.0.0.1:0',
      help: 'Serve the page, http_sd, metrics and probes here.',
    },
    duration: { value: 'DURATION', help: 'End by itself after this time.' },
  },
  async run({ listen, duration }, io) {
    const milliseconds = duration === undefined ? undefined : readDuration('duration', duration, 1000);
    const signal =
      milliseconds === undefined
        ? io.signal
        : AbortSignal.any([io.signal, AbortSignal.timeout(milliseconds)]);
    const folder = await makeFolder();
    try {
      await runDemo(folder, listen, { ...io, signal });
      return exitCodes.good;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
});

async function makeFolder(): Promise<string> {
  try {
    return await mkdtemp(join(tmpdir(), 'muster-demo-'));
  } catch (cause) {
    const why = `no folder can be made in ${tmpdir()} (${errorCode(cause) ?? 'unknown error'})`;
    throw new MusterError('storage', `${why}: set TMPDIR to one that can be written`, { cause });
  }
}

async function runDemo(folder: string, listen: string, io: Io): Promise<void> {
  const backends = await startDemoBackends();
  try {
    await showBackends(backends, folder, listen, io);
  } finally {
    await Promise.all(backends.map(({ fleet }) => fleet.stop()));
  }
}

async function showBackends(
  backends: readonly DemoBackend[],
  folder: string,
  listen: string,
  io: Io,
): Promise<void> {
  const config = join(folder, 'muster.yml');
  const jobs = backends.map(({ job }) => job);
  // JSON is YAML.
  const scrape_configs = backends.map(({ job, sdConfigs }) => ({ job_name: job, ...sdConfigs }));
  await writeFile(config, JSON.stringify({ scrape_configs }));
  const app = await loadApp(config, io);
  const targets = join(folder, 'targets');
  for (const { title, fleet } of backends) await io.out(`A simulated ${title} answers at ${fleet.url}\n`);
  await io.out('One of them changes every second; Ctrl-C ends.\n\n');
  await io.out(`# Paste into prometheus.yml:\n${prometheusStanza(targets, jobs)}\n`);
  const ended = new AbortController();
  // One after the other: the lines of two results shall not mix.
  let shown = Promise.resolve();
  const churn = changeInTurn(backends, AbortSignal.any([io.signal, ended.signal]));
  try {
    await develop({
      store: app.store,
      config: async () => app,
      folder: targets,
      listen,
      log: silentLogger,
      signal: io.signal,
      onResult: (result) => {
        shown = shown.then(() => showResult(result, io));
      },
      onListening: (url) => void io.out(`Look at it: ${url}/  (metrics: ${url}/metrics)\n\n`),
    });
  } finally {
    ended.abort();
    await Promise.all([churn, shown]);
    await app.store.close();
  }
}

async function changeInTurn(backends: readonly DemoBackend[], signal: AbortSignal): Promise<void> {
  for (let turn = 0; !signal.aborted; turn++) {
    await sleep(1000, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) backends[turn % backends.length]?.fleet.mutate();
  }
}

async function showResult(
  { job, outcome, version, targets, change, held, error }: CycleResult,
  io: Io,
): Promise<void> {
  if (outcome === 'unchanged' || (outcome === 'failed' && io.signal.aborted)) return;
  const what =
    error?.message ?? held?.message ?? (change === undefined ? '' : summaryText(countChange(change)));
  await io.out(
    `${new Date().toLocaleTimeString('en-GB')}  ${job}  version ${version}  ${targets} targets  ${outcome}  ${what}\n`,
  );
  if (change !== undefined) await printChange(io, change, { indent: '    ', limit: shownLines });
}

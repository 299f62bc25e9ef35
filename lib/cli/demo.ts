import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadApp } from '../app/app.ts';
import type { CycleResult } from '../discovery/provider.ts';
import { type ConsulFleet, startConsulFleet } from '../fleet/consul.ts';
import { silentLogger } from '../telemetry/log.ts';
import { summaryText } from './change-text.ts';
import { defineCommand, exitCodes, type Io } from './command.ts';
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
    'Starts a simulated Consul on loopback whose services come and go, and runs Muster on it as "muster dev" does. Shows\n' +
    'each change as it is published. Everything lies in a temporary folder, which is removed at the end.',
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
    const folder = await mkdtemp(join(tmpdir(), 'muster-demo-'));
    const fleet = await startConsulFleet({ seed: 'demo', services: 12, instances: 60 });
    try {
      await runDemo(folder, fleet, listen, { ...io, signal });
      return exitCodes.good;
    } finally {
      await fleet.stop();
      await rm(folder, { recursive: true, force: true });
    }
  },
});

async function runDemo(folder: string, fleet: ConsulFleet, listen: string, io: Io): Promise<void> {
  const config = join(folder, 'muster.yml');
  await writeFile(config, demoConfig(fleet.url));
  const app = await loadApp(config, io);
  const targets = join(folder, 'targets');
  await io.out(
    `A simulated Consul answers at ${fleet.url}. Its services change every other second; Ctrl-C ends.\n\n`,
  );
  await io.out(`# Paste into prometheus.yml:\n${prometheusStanza(targets, ['demo'])}\n`);
  const ended = new AbortController();
  const churn = changeFleet(fleet, AbortSignal.any([io.signal, ended.signal]));
  try {
    await develop({
      store: app.store,
      config: async () => app,
      folder: targets,
      listen,
      log: silentLogger,
      signal: io.signal,
      onResult: (result) => void showResult(result, io),
      onListening: (url) => void io.out(`Look at it: ${url}/  (metrics: ${url}/metrics)\n\n`),
    });
  } finally {
    ended.abort();
    await churn;
    await app.store.close();
  }
}

async function changeFleet(fleet: ConsulFleet, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(2000, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) fleet.mutate();
  }
}

async function showResult(
  { outcome, version, targets, change, held, error }: CycleResult,
  io: Io,
): Promise<void> {
  if (outcome === 'unchanged' || (outcome === 'failed' && io.signal.aborted)) return;
  const what = error?.message ?? held ?? (change === undefined ? '' : summaryText(change));
  await io.out(
    `${new Date().toLocaleTimeString('en-GB')}  version ${version}  ${targets} targets  ${outcome}  ${what}\n`,
  );
  if (change !== undefined) await printChange(io, change, { indent: '    ', limit: shownLines });
}

function demoConfig(url: string): string {
  return `scrape_configs:
  - job_name: demo
    consul_sd_configs:
      - server: ${JSON.stringify(url)}
        refresh_interval: 1s
`;
}

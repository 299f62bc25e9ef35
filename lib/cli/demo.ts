import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, MusterError } from '../base/errors.ts';
import { silentLogger } from '../base/logger.ts';
import type { CycleResult } from '../cycle/provider.ts';
import { loadApp } from '../run/app.ts';
import { startConsulFleet } from '../sim/consul.ts';
import { startKubernetesFleet } from '../sim/kubernetes.ts';
import { startMarathonFleet } from '../sim/marathon.ts';
import type { FleetServer } from '../sim/server.ts';
import { countChange } from '../targets/diff.ts';
import { printChange, summaryText } from './change-text.ts';
import { defineCommand, exitCodes, type Io } from './command.ts';
import { prometheusStanza, runWithSidecar } from './dev.ts';
import { readDuration } from './options.ts';

/** The most lines of a change that are shown, since a first listing is long. */
const shownLines = 8;

/** `muster demo` */
export const demo = defineCommand({
  name: 'demo',
  description:
    'Starts a simulated Consul, Kubernetes and Marathon on loopback, whose targets change, and runs Muster on them as\n' +
    '"muster dev" does, with the kube state of the cluster. Shows each change when it is published, and sometimes a drop\n' +
    'that the guard holds, or a backend that fails. All files are in a temporary folder, which is removed at the end.',
  examples: ['muster demo', 'muster demo --duration 20s'],
  options: {
    listen: {
      value: 'ADDR',
      help: 'Serve the page and everything else here. Default: 127.0.0.1:9469, or the next free port.',
    },
    duration: { value: 'DURATION', help: 'End after this time.' },
  },
  async run({ listen, duration }, io) {
    const milliseconds = duration === undefined ? undefined : readDuration('duration', duration, 1000);
    const signal =
      milliseconds === undefined
        ? io.signal
        : AbortSignal.any([io.signal, AbortSignal.timeout(milliseconds)]);
    const folder = await makeFolder();
    try {
      await runDemo(folder, listen ?? (await freeAddress()), { ...io, signal });
      return exitCodes.good;
    } catch (error) {
      // The signal may fire before the start.
      if (!signal.aborted) throw error;
      return exitCodes.good;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
});

/** The usual port, so that the page can stay open from one demo to the next. */
const firstPort = 9469;
/** The number of ports to try. */
const portsTried = 20;

async function freeAddress(): Promise<string> {
  for (let port = firstPort; port < firstPort + portsTried; port++) {
    const server = createServer().listen(port, '127.0.0.1');
    try {
      await once(server, 'listening');
      return `127.0.0.1:${port}`;
    } catch {
      // Another program has this port, perhaps a sidecar.
    } finally {
      server.close();
    }
  }
  return '127.0.0.1:0';
}

async function makeFolder(): Promise<string> {
  try {
    return await mkdtemp(join(tmpdir(), 'muster-demo-'));
  } catch (cause) {
    const why = `cannot make a folder in ${tmpdir()} (${codeOf(cause) ?? 'unknown error'})`;
    throw new MusterError('storage', `${why}: set TMPDIR to a writable folder`, { cause });
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
  // JSON is YAML.
  const scrape_configs = backends.map(({ job, sdConfigs }) => ({ job_name: job, ...sdConfigs }));
  const kube_state_metrics = backends.flatMap(({ title, fleet }) =>
    title === 'Kubernetes'
      ? [
          {
            name: 'demo',
            kubernetes: { api_server: fleet.url },
            resources: demoResources,
          },
        ]
      : [],
  );
  await writeFile(config, JSON.stringify({ scrape_configs, kube_state_metrics }));
  const app = await loadApp(config, io);
  await using store = app.store;
  const targets = join(folder, 'targets');
  const outputs = app.outputs.map(({ object }) => object);
  for (const { title, fleet } of backends) await io.out(`A simulated ${title} answers at ${fleet.url}\n`);
  await io.out('One of them changes every second; Ctrl-C ends.\n\n');
  await io.out(
    `# Paste into prometheus.yml:\n${prometheusStanza(targets, app.providers, { outputs, listen })}\n`,
  );
  const ended = new AbortController();
  // One after the other, so that the lines of two results do not mix.
  let shown = Promise.resolve();
  const show = (text: () => Promise<void>) => {
    shown = shown.then(text);
  };
  let where = '';
  const churn = changeInTurn(backends, AbortSignal.any([io.signal, ended.signal]), (says) =>
    show(() => io.out(`\n*** ${says}.\n\n`)),
  );
  const showResult = resultPrinter(io);
  let printed = 0;
  try {
    await runWithSidecar({
      store,
      config: async () => app,
      folder: targets,
      listen,
      log: silentLogger,
      signal: io.signal,
      onResult(result) {
        show(async () => {
          if (!(await showResult(result))) return;
          printed++;
          // The address that was printed at the start has scrolled away.
          if (printed % resultsBetweenAddresses === 0) await io.out(where);
        });
      },
      onListening(url) {
        where = `Look at it: ${url}/  (metrics: ${url}/metrics, kube state: ${outputs.map((name) => `${url}/kube-state/${name}`).join(' ')})\n\n`;
        show(() => io.out(where));
      },
    });
  } finally {
    ended.abort();
    await Promise.all([churn, shown]);
  }
}

/** The number of results after which the address is printed again. */
const resultsBetweenAddresses = 12;

/** Seconds from one trouble to the next. */
const troubleEvery = 10;
/** Seconds that a trouble lasts. */
const troubleLasts = 5;

/** Changes another backend each second. From time to time a backend is in trouble, and does not change. */
async function changeInTurn(
  backends: readonly DemoBackend[],
  signal: AbortSignal,
  announce: (text: string) => void,
): Promise<void> {
  const troubles = backends.filter(({ trouble }) => trouble !== undefined);
  let troubled: DemoBackend | undefined;
  let end: (() => void) | undefined;
  for (let turn = 1; !signal.aborted; turn++) {
    await sleep(1000, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    if (turn % troubleEvery === 0) {
      troubled = troubles[(turn / troubleEvery - 1) % troubles.length];
      end = troubled?.trouble?.begin();
      announce(troubled?.trouble?.says ?? '');
    } else if (turn % troubleEvery === troubleLasts && end !== undefined) {
      end();
      announce(`${troubled?.title} works again`);
      troubled = undefined;
      end = undefined;
    }
    const next = backends[turn % backends.length];
    if (next !== troubled) next?.fleet.mutate();
  }
}

/** Prints a result and returns true. Skips a result without a change, and an error that the last cycle had too. */
function resultPrinter(io: Io): (result: CycleResult) => Promise<boolean> {
  const lastByJob = new Map<string, string>();
  return async ({ job, outcome, version, targets, change, held, error }) => {
    const before = lastByJob.get(job);
    const trouble = held === undefined ? outcome : 'held';
    lastByJob.set(job, trouble);
    if (outcome === 'unchanged' || (outcome === 'failed' && io.signal.aborted)) return false;
    const isOld = before === trouble;
    if ((outcome === 'failed' || outcome === 'held') && isOld) return false;
    const notes = [
      ...(error === undefined ? [] : [error.message]),
      ...(change === undefined ? [] : [summaryText(countChange(change))]),
      ...(held === undefined || isOld ? [] : [outcome === 'held' ? held.message : `held: ${held.message}`]),
    ];
    await io.out(
      `${new Date().toLocaleTimeString('en-GB')}  ${job}  version ${version}  ${targets} targets  ${outcome}  ${notes.join('; ')}\n`,
    );
    if (change !== undefined) await printChange(io, change, { indent: '    ', limit: shownLines });
    return true;
  };
}

/** A simulated backend on loopback. */
export interface DemoBackend {
  /** The name of the product. */
  readonly title: string;
  /** The job that lists it. */
  readonly job: string;
  /** The job's SD configs, by their key. */
  readonly sdConfigs: Readonly<Record<string, readonly object[]>>;
  readonly fleet: FleetServer & { readonly mutate: () => readonly string[] };
  /** The trouble that it may have. */
  readonly trouble?: Trouble;
}

/** A failure that lasts for a while. */
export interface Trouble {
  /** One line about it. */
  readonly says: string;
  /** Begins the trouble, and returns the function that ends it. */
  readonly begin: () => () => void;
}

/** Resources of the simulated cluster that the demo publishes as kube state. */
export const demoResources = ['nodes', 'pods', 'services'] as const;

/** Starts one backend of each kind that the demo shows; the caller stops their fleets. */
export async function startDemoBackends(): Promise<readonly DemoBackend[]> {
  const [consul, kubernetes, marathon] = await Promise.all([
    startConsulFleet({ seed: 'demo', services: 12, instances: 60 }),
    startKubernetesFleet({ seed: 'demo', pods: 90 }),
    startMarathonFleet({ seed: 'demo', apps: 12 }),
  ]);
  return [
    {
      ...{ title: 'Consul', job: 'consul', fleet: consul },
      sdConfigs: { consul_sd_configs: [{ server: consul.url, refresh_interval }] },
      trouble: {
        says: 'Consul loses most of its instances: the guard holds the drop, and the last good list stays',
        begin() {
          const before = consul.world();
          consul.replace({ ...before, instances: before.instances.slice(0, 8) });
          return () => consul.replace(before);
        },
      },
    },
    {
      ...{ title: 'Kubernetes', job: 'kubernetes', fleet: kubernetes },
      sdConfigs: {
        kubernetes_sd_configs: [{ api_server: kubernetes.url, role: 'pod', refresh_interval }],
      },
    },
    {
      ...{ title: 'Marathon', job: 'marathon', fleet: marathon },
      sdConfigs: { marathon_sd_configs: [{ servers: [marathon.url], refresh_interval }] },
      trouble: {
        says: 'Marathon answers with errors: its cycles fail, and the last good list stays',
        begin: () => marathon.faults.add({ kind: 'status', status: 503 }),
      },
    },
  ];
}

const refresh_interval = '1s';

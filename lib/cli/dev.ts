import { mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Logger } from '../base/logger.ts';
import { version } from '../base/version.ts';
import type { CycleResult } from '../cycle/provider.ts';
import { type AppConfig, loadApp } from '../run/app.ts';
import type { AppProvider } from '../run/providers.ts';
import { namedConfig, reloadingConfig } from '../run/reload.ts';
import { runScheduler, type Scheduled } from '../run/scheduler.ts';
import type { HttpServer } from '../sidecar/serve/http.ts';
import type { ConfigReport } from '../sidecar/serve/model.ts';
import { syncForever } from '../sidecar/sync.ts';
import type { ObjectStore } from '../store/store.ts';
import { encodeJob } from '../targets/keys.ts';
import { defineCommand, exitCodes } from './command.ts';
import { logOf, shared } from './options.ts';
import { leftAloneText } from './output.ts';

/** `muster dev` */
export const dev = defineCommand({
  name: 'dev',
  description:
    'Runs Muster without a cloud: runs every provider at its refresh_interval, and mirrors the published targets into a\n' +
    'folder for Prometheus. Kube-state outputs are published at their intervals and served under /kube-state/NAME. The\n' +
    'store is that of the configuration, by default .muster/store beside it. A changed configuration is read again, after\n' +
    'SIGHUP at once.',
  examples: [
    'muster dev -c muster.yml',
    'muster dev -c muster.yml --to /etc/prometheus/muster --listen 127.0.0.1:9469',
  ],
  options: {
    config: shared.config,
    strict: shared.strict,
    to: {
      value: 'DIR',
      env: 'MUSTER_TO',
      help: 'Folder of the target files. Default: .muster/targets beside the configuration.',
    },
    listen: {
      value: 'ADDR',
      env: 'MUSTER_LISTEN',
      default: '127.0.0.1:9469',
      help: 'Serve the page, http_sd, metrics and probes here.',
    },
    'log-format': shared.logFormat,
    'web-config': shared.webConfig,
  },
  async run({ config, strict, to, listen, 'log-format': logFormat, 'web-config': webConfig }, io) {
    const log = logOf(io, logFormat);
    const input = { ...io, log, strict };
    const app = await loadApp(config, input);
    await using store = app.store;
    const folder = to ?? join(app.directory, '.muster', 'targets');
    // If the store is elsewhere, nothing else has made the folder around the target folder.
    if (to === undefined) await mkdir(dirname(folder), { recursive: true });
    const configuration = reloadingConfig(config, app, input);
    io.onHangup?.(configuration.reload);
    log.info('started', { muster: version });
    io.err(leftAloneText(app.leftAlone));
    const outputs = app.outputs.map(({ object }) => object);
    await io.out(
      `# Paste into prometheus.yml, and keep your rules:\n${prometheusStanza(folder, app.providers, { outputs, listen })}`,
    );
    await runWithSidecar({
      store,
      config: configuration.current,
      configProblem: configuration.problem,
      configLoadedAt: configuration.loadedAt,
      configNote: configuration.note,
      folder,
      listen,
      webConfig,
      log,
      signal: io.signal,
      onListening: (url) => log.info('serving the page, http_sd, metrics and probes', { url }),
    });
    return exitCodes.good;
  },
});

/** A scheduler and a sidecar over one store. */
export interface LocalRunInput extends ConfigReport {
  readonly store: ObjectStore;
  readonly config: () => Promise<Scheduled & Pick<AppConfig, 'owner'>>;
  /** Folder of the target files. */
  readonly folder: string;
  readonly listen: string;
  /** File in the format of Prometheus's `--web.config.file`. */
  readonly webConfig?: string | undefined;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly onResult?: ((result: CycleResult) => void) | undefined;
  /** Called with the URL of the server. */
  readonly onListening?: ((url: string) => void) | undefined;
}

/** Milliseconds between two rounds of the mirror; the store is local. */
const mirrorInterval = 1000;

/** Runs scheduler and sidecar together until the signal fires or one of them fails. Throws the error of that one. */
export async function runWithSidecar(input: LocalRunInput): Promise<void> {
  const { store, folder, listen, webConfig, log, onListening } = input;
  const { configProblem, configLoadedAt, configNote } = input;
  await store.verify({ signal: input.signal });
  const config = namedConfig(input.config, { store, signal: input.signal });
  // Throws when the store belongs to another configuration.
  await config();
  const failure = new AbortController();
  const signal = AbortSignal.any([input.signal, failure.signal]);
  const both = [
    runScheduler({ ...input, config, signal }),
    syncForever({
      sources: [{ name: '', store }],
      to: folder,
      version,
      log,
      signal,
      interval: mirrorInterval,
      listen,
      webConfig,
      configProblem,
      configLoadedAt,
      configNote,
      onListening: onListening && ((address) => onListening(urlOf(address))),
    }),
  ];
  const results = await Promise.allSettled(both.map((task) => task.finally(() => failure.abort())));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

function urlOf({ scheme, host, port }: HttpServer['address']): string {
  const anywhere = host === '::' || host === '0.0.0.0';
  const name = anywhere ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `${scheme}://${name}:${port}`;
}

/** Kube-state outputs, and the address that serves them. */
export interface ServedOutputs {
  readonly outputs: readonly string[];
  readonly listen: string;
}

/** The scrape configs with which Prometheus reads the mirrored jobs and outputs, to paste into its configuration. */
export function prometheusStanza(
  folder: string,
  providers: readonly Pick<AppProvider, 'job' | 'rulesRun'>[],
  served?: ServedOutputs,
): string {
  const jobs = new Map(providers.map((one) => [one.job, one]));
  const stanzas = [...jobs.values()].map(({ job, rulesRun = false }) => {
    const files = JSON.stringify(`${resolve(folder)}/${encodeJob(job)}/*.json`);
    // Rules that run again read __meta_ labels that are gone, and overwrite good labels with nothing.
    const rules = rulesRun
      ? '    # Without its relabel_configs, which Muster has run (relabel: publish); "muster check" has the order.\n'
      : '';
    return `  - job_name: ${JSON.stringify(job)}\n${rules}    file_sd_configs:\n      - files: [${files}]\n`;
  });
  const kubeState = served === undefined || served.outputs.length === 0 ? '' : kubeStateStanza(served);
  return `scrape_configs:\n${stanzas.join('')}${kubeState}`;
}

/** One job for all outputs, as the rules for kube-state-metrics expect it; its targets differ in path and instance. */
function kubeStateStanza({ outputs, listen }: ServedOutputs): string {
  const address = listen.replace(/^(?:0\.0\.0\.0|\[::\])?:/, 'localhost:');
  const targets = outputs.map(
    (output) =>
      `      - targets: [${JSON.stringify(address)}]\n        labels: { instance: ${output}, __metrics_path__: /kube-state/${output} }\n`,
  );
  return `  - job_name: kube-state-metrics\n    honor_labels: true\n    static_configs:\n${targets.join('')}`;
}

import { join } from 'node:path';
import { loadApp } from '../app/app.ts';
import { reloadingConfig } from '../app/reload.ts';
import { defineCommand, exitCodes } from './command.ts';
import { develop } from './develop.ts';
import { shared } from './options.ts';
import { leftAloneText } from './output.ts';
import { prometheusStanza } from './prometheus-stanza.ts';

/** `muster dev` */
export const dev = defineCommand({
  name: 'dev',
  description:
    'Runs every provider at its refresh_interval and mirrors the published targets into a folder for Prometheus: Muster\n' +
    'without a cloud. Kube-state outputs are published at theirs, and served under /kube-state/NAME. The store is the one\n' +
    'of the configuration, by default .muster/store beside it. The configuration is read again when it changes.',
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
    'web-config': shared.webConfig,
  },
  async run({ config, strict, to, listen, 'web-config': webConfig }, io) {
    const input = { ...io, strict };
    const app = await loadApp(config, input);
    const folder = to ?? join(app.directory, '.muster', 'targets');
    const configuration = reloadingConfig(config, app, input);
    try {
      io.err(leftAloneText(app.leftAlone));
      const outputs = app.outputs.map(({ object }) => object);
      await io.out(
        `# Paste into prometheus.yml, beside the rules that you have:\n${prometheusStanza(folder, app.providers, { outputs, listen })}`,
      );
      await develop({
        store: app.store,
        config: configuration.current,
        configProblem: configuration.problem,
        configLoadedAt: configuration.loadedAt,
        configNote: configuration.note,
        folder,
        listen,
        ...(webConfig !== undefined && { webConfig }),
        log: io.log,
        signal: io.signal,
        onListening: (url) => io.log.info('serving the page, http_sd, metrics and probes', { url }),
      });
      return exitCodes.good;
    } finally {
      await app.store.close();
    }
  },
});

import { syncForever, syncOnce } from '../sidecar/sync.ts';
import { openStore } from '../store/open.ts';
import { version } from '../version.ts';
import { defineCommand, exitCodes } from './command.ts';
import { readDuration, shared } from './options.ts';

/** `muster sync` */
export const sync = defineCommand({
  name: 'sync',
  description:
    'The sidecar: keeps DIR/<job>/<provider>.json equal to what the store publishes. Each file is replaced at once and\n' +
    'whole; what cannot be fetched or is not sound stays as it was. With --listen it serves metrics and\n' +
    'probes, the targets for http_sd, and a page to look at.',
  examples: [
    'muster sync --from s3://my-bucket --to /etc/prometheus/muster --listen :9469',
    'muster sync --from .muster/store --to targets --once',
  ],
  options: {
    from: {
      value: 'STORE',
      env: 'MUSTER_FROM',
      required: true,
      help: 's3://bucket/prefix, file:///folder, or a folder.',
    },
    to: { value: 'DIR', env: 'MUSTER_TO', required: true, help: 'Folder of the target files.' },
    once: { env: 'MUSTER_ONCE', help: 'Mirror once and end; for init containers.' },
    interval: {
      value: 'DURATION',
      env: 'MUSTER_INTERVAL',
      default: '15s',
      help: 'Time between two looks at the store.',
    },
    listen: {
      value: 'ADDR',
      env: 'MUSTER_LISTEN',
      help: 'Serve the page, http_sd, metrics and probes here, as in :9469 or 127.0.0.1:9469.',
    },
    'web-config': shared.webConfig,
    'allow-empty': { env: 'MUSTER_ALLOW_EMPTY', help: 'Remove all files when the store has none.' },
  },
  async run(
    { from, to, once, interval, listen, 'allow-empty': allowEmpty, 'web-config': webConfig },
    { log, signal },
  ) {
    const milliseconds = readDuration('interval', interval, 100);
    const store = openStore(from);
    try {
      const options = { store, to, version, log, signal, allowEmpty };
      if (once) await syncOnce(options);
      else {
        await syncForever({
          ...options,
          interval: milliseconds,
          ...(listen !== undefined && { listen }),
          ...(webConfig !== undefined && { webConfig }),
        });
      }
      return exitCodes.good;
    } finally {
      await store.close();
    }
  },
});

import { MusterError } from '../base/errors.ts';
import { version } from '../base/version.ts';
import { layouts } from '../sidecar/mirror/round.ts';
import { parseShard } from '../sidecar/mirror/shard.ts';
import type { SyncSource } from '../sidecar/mirror/sources.ts';
import { syncForever, syncOnce } from '../sidecar/sync.ts';
import { openStore } from '../store/open.ts';
import { defineCommand, exitCodes } from './command.ts';
import { logOf, readDuration, readSize, shared } from './options.ts';

/** `muster sync` */
export const sync = defineCommand({
  name: 'sync',
  description:
    'The sidecar: keeps the files in DIR/<job> equal to what the store publishes. It replaces each file atomically; a\n' +
    'file stays as it is when its object cannot be fetched or is invalid. With --listen it serves metrics, probes, the\n' +
    'targets for http_sd, and a page. SIGHUP starts a round at once.',
  examples: [
    'muster sync --from s3://my-bucket --to /etc/prometheus/muster --listen :9469',
    'muster sync --from eu=s3://bucket-eu --from us=s3://bucket-us --to /etc/prometheus/muster',
    'muster sync --from .muster/store --to targets --once',
  ],
  options: {
    from: {
      value: 'STORE',
      env: 'MUSTER_FROM',
      required: true,
      multiple: true,
      help: 's3://bucket/prefix, file:///folder, a folder, or NAME=STORE for the sub-folder NAME.',
    },
    to: { value: 'DIR', env: 'MUSTER_TO', required: true, help: 'Folder of the target files.' },
    once: { env: 'MUSTER_ONCE', help: 'Mirror once and end; for init containers.' },
    interval: {
      value: 'DURATION',
      env: 'MUSTER_INTERVAL',
      default: '15s',
      help: 'Time between two rounds, give or take a tenth.',
    },
    sqs: {
      value: 'URL',
      env: 'MUSTER_SQS',
      multiple: true,
      help: 'Queue with S3 notifications: changes arrive within a second.',
    },
    shard: {
      value: 'I/N',
      env: 'MUSTER_SHARD',
      help: 'Only targets whose address hashes to I of N, as by hashmod.',
    },
    files: {
      value: 'job|provider',
      env: 'MUSTER_FILES',
      default: 'job',
      choices: layouts,
      help: 'One file for each job with several providers, or one for each provider.',
    },
    'stale-after': {
      value: 'DURATION',
      env: 'MUSTER_STALE_AFTER',
      default: '15m',
      help: 'Age of its last success at which a provider is stale.',
    },
    listen: {
      value: 'ADDR',
      env: 'MUSTER_LISTEN',
      help: 'Serve the page, http_sd, metrics and probes here, as in :9469 or 127.0.0.1:9469.',
    },
    'web-config': shared.webConfig,
    'log-format': shared.logFormat,
    'external-url': {
      value: 'URL',
      env: 'MUSTER_EXTERNAL_URL',
      help: 'URL for readers, if a proxy serves it below a path, as in https://example.com/muster.',
    },
    'max-object-size': {
      value: 'SIZE',
      env: 'MUSTER_MAX_OBJECT_SIZE',
      default: '256MiB',
      help: 'Largest object that is mirrored; for a larger one the last good file stays.',
    },
    'allow-partial': {
      env: 'MUSTER_ALLOW_PARTIAL',
      help: 'With --once: succeed even if a job lacks a provider, or the store is empty.',
    },
    'remove-orphans': { help: 'With --once: remove every file that the store no longer lists.' },
    'accept-older': {
      help: 'With --once: accept lists that are older than the files, from a restored store.',
    },
  },
  async run(values, io) {
    const { signal, onHangup } = io;
    const log = logOf(io, values['log-format']);
    const {
      to,
      once,
      listen,
      sqs: queues,
      shard,
      'allow-partial': allowPartial,
      'remove-orphans': removeOrphans,
      'accept-older': acceptOlder,
      'web-config': webConfig,
      'external-url': externalUrl,
    } = values;
    // If the option stayed in force, it would repeat every mistake of the store.
    const [order] = [removeOrphans && '--remove-orphans', acceptOlder && '--accept-older'].filter(Boolean);
    if (order && !once) throw new MusterError('config', `${order} is for one round only; add --once`);
    const interval = readDuration('interval', values.interval, 100);
    const providerStaleAfter = readDuration('stale-after', values['stale-after'], 1000);
    const maxObjectBytes = readSize('max-object-size', values['max-object-size']);

    const afterRound = sweepAfterRounds();
    const sources = openStores(values.from);
    try {
      const options = {
        ...{ sources, to, version, log, signal, maxObjectBytes, afterRound },
        shard: shard === undefined ? undefined : parseShard(shard),
        layout: values.files,
      };
      if (once) await syncOnce({ ...options, allowPartial, removeOrphans, acceptOlder });
      else {
        log.info('started', { muster: version });
        await syncForever({
          ...options,
          onHangup,
          ...{ interval, providerStaleAfter, queues },
          listen,
          webConfig,
          externalUrl,
        });
      }
      return exitCodes.good;
    } finally {
      await Promise.all(sources.map(({ store }) => store[Symbol.asyncDispose]()));
    }
  },
});

/**
 * Collects garbage after a round, where the process was started with `node --expose-gc`, as in the image: almost all
 * memory of a round is garbage at its end. V8's settings are never changed while the process runs.
 */
function sweepAfterRounds(): () => void {
  const { gc } = globalThis;
  return () => gc?.();
}

/** Opens `NAME=STORE` or `STORE`. A text that looks like a scheme or a path is not a name. */
function openStores(from: readonly string[]): readonly SyncSource[] {
  return from.map((text) => {
    const [, name = '', url = text] = /^([^/:?.=]+)=(.*)$/s.exec(text) ?? [];
    return { name, store: openStore(url) };
  });
}

import { MusterError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { folders } from '../targets/keys.ts';
import type { FileSystem } from './mirror/files.ts';
import { incompleteness } from './mirror/folder.ts';
import { createFreshness } from './mirror/freshness.ts';
import { type LoopOptions, mirrorWithin, runMirror } from './mirror/loop.ts';
import { mirrorOnce } from './mirror/mirror-once.ts';
import { createReporter, type Layout, type MirrorOptions, type Round } from './mirror/round.ts';
import type { Shard } from './mirror/shard.ts';
import { closeSources, type MirroredSource, openSources, type SyncSource } from './mirror/sources.ts';
import type { HttpServer } from './serve/http.ts';
import type { SourceMetrics, SyncMetrics } from './serve/metrics.ts';
import type { ConfigReport } from './serve/model.ts';

/** The input of a sync, and its limits. */
export interface SyncOptions {
  /** One source without a name, or several with a name each. */
  readonly sources: readonly SyncSource[];
  /** The folder in which Prometheus finds `<encoded job>/*.json`; a source with a name has a sub-folder. */
  readonly to: string;
  /** Version of Muster, for `muster_build_info`. */
  readonly version: string;
  readonly log: Logger;
  /** Ends the sync; a round in progress ends between two operations. */
  readonly signal: AbortSignal;
  /** What Prometheus reads: one file for each job (default), or one for each provider. */
  readonly layout?: Layout | undefined;
  /** Keeps only the targets of this shard. */
  readonly shard?: Shard | undefined;
  /** Limit of one object in bytes. */
  readonly maxObjectBytes?: number | undefined;
  /** Milliseconds for one round. Default 5 minutes. */
  readonly roundTimeout?: number | undefined;
  readonly files?: FileSystem | undefined;
  /** Called after a round has ended and was reported. */
  readonly afterRound?: (() => void) | undefined;
}

/** The input of a sync that goes on, and of its server. */
export interface LoopedSyncOptions extends SyncOptions, ConfigReport {
  /** Milliseconds between rounds. */
  readonly interval: number;
  /** `host:port`, `[host]:port` or `:port`. Without it nothing is served. */
  readonly listen?: string | undefined;
  /** Milliseconds without a good round after which `/healthz` fails. Default 5 minutes, at least 3 intervals. */
  readonly staleAfter?: number | undefined;
  /** Milliseconds since the last success of a provider after which it is flagged. Default 15 minutes. */
  readonly providerStaleAfter?: number | undefined;
  /** URLs of queues that report changes in the stores. */
  readonly queues?: readonly string[] | undefined;
  /** File in the format of Prometheus's `--web.config.file`: TLS and who may read. Default: plain HTTP for everybody. */
  readonly webConfig?: string | undefined;
  /** The sidecar's URL for readers, where a proxy serves it below a path. */
  readonly externalUrl?: string | undefined;
  /** Is given what asks for a round at once, as after SIGHUP. */
  readonly onHangup?: ((reload: () => void) => void) | undefined;
  /** Called with the address of the server. */
  readonly onListening?: ((address: HttpServer['address']) => void) | undefined;
}

/** Mirrors until the signal fires. Throws only when it cannot start: `conflict`, `storage` or `config`. */
export async function syncForever(options: LoopedSyncOptions): Promise<void> {
  const { interval, staleAfter = Math.max(defaultStaleAfter, 3 * interval), version, listen } = options;
  const { createSyncMetrics } = await import('./serve/metrics.ts');
  const sources = await openSources({ ...options, staleAfter });
  try {
    const metrics = createSyncMetrics({ version });
    const { registry } = metrics;
    await using server =
      listen === undefined ? undefined : await openServer({ ...options, listen, sources, registry });
    if (server !== undefined) options.onListening?.(server.address);
    options.onHangup?.(() => {
      options.log.info('the stores are read again');
      for (const { requests } of sources) void requests.ask(options.signal);
    });
    await Promise.all([
      ...sources.map((source) => follow(options, source, metrics.of(source.name))),
      ...(options.queues ?? []).map((url) => followNotifications(options, url, sources, metrics)),
    ]);
  } finally {
    closeSources(sources);
  }
}

/**
 * Mirrors once, as for an init container, and returns the first complete round of each source. Throws the error of a
 * source that has none within `deadline` milliseconds (default one minute); the other sources are complete then. Throws
 * `malformed` when a job is incomplete, and `not-found` when no cycle has ever run in a store: its name is misspelt, or
 * nobody has published yet. `allowPartial` allows both; so does `removeOrphans` for the latter.
 */
export async function syncOnce(
  options: SyncOptions & {
    readonly deadline?: number | undefined;
    /** An operator's order: remove every file that the store does not list. */
    readonly removeOrphans?: boolean | undefined;
    /** An operator's order: let an older version of a list replace a newer one. */
    readonly acceptOlder?: boolean | undefined;
    /** Whether a job may lack the file of a provider. */
    readonly allowPartial?: boolean | undefined;
  },
): Promise<readonly Round[]> {
  const sources = await openSources({ ...options, staleAfter: defaultStaleAfter });
  try {
    const { deadline = defaultDeadline } = options;
    const ends = await Promise.allSettled(
      sources.map(async (source) => {
        const round = await mirrorWithin(loopOptions(options, source), deadline);
        // With an order to remove files, the store may be empty on purpose.
        const mayBeEmpty = options.allowPartial === true || options.removeOrphans === true;
        if (!mayBeEmpty && source.folder.owned.size === 0) await refuseNoStore(source, options.signal);
        return round;
      }),
    );
    const rounds = ends.map((end) => {
      if (end.status === 'rejected') throw end.reason;
      return end.value;
    });
    const lacking = sources.map(({ folder }) => incompleteness(folder)).find((one) => one !== undefined);
    if (lacking !== undefined && options.allowPartial !== true)
      throw new MusterError('malformed', `${lacking}; --allow-partial lets this pass`);
    return rounds;
  } finally {
    closeSources(sources);
  }
}

/** Throws when no cycle has run in the store: every cycle leaves a status, and every kube-state output its text. */
async function refuseNoStore({ store }: SyncSource, signal: AbortSignal): Promise<void> {
  for (const folder of [folders.targets, folders.status, folders.metrics])
    if ((await store.list(folder, { signal })).length > 0) return;
  throw new MusterError(
    'not-found',
    `${store.url} is not a Muster store, no cycle has run there: check its name; --allow-partial lets this pass`,
  );
}

const defaultStaleAfter = 5 * 60_000;
const defaultProviderStaleAfter = 15 * 60_000;
const defaultRoundTimeout = 5 * 60_000;
const defaultDeadline = 60_000;

/** Loads the server only where something is served. */
async function openServer(options: Parameters<typeof import('./app.ts')['serve']>[0]) {
  const { serve } = await import('./app.ts');
  return serve(options);
}

/** Mirrors one source until the signal fires. */
async function follow(
  options: LoopedSyncOptions,
  source: MirroredSource,
  metrics: SourceMetrics,
): Promise<void> {
  const { interval, providerStaleAfter: staleAfter = defaultProviderStaleAfter } = options;
  const { folder, log, requests, store } = source;
  const { round: mirror, onRound, ...loop } = loopOptions(options, source);
  const look = createFreshness({ store, staleAfter });
  let silent = false;
  await runMirror({
    ...loop,
    interval,
    files: () => folder.owned.size,
    requests,
    async round(signal) {
      const round = await mirror(signal);
      // A store that just failed would only fail again.
      const { ages, error } = await look(
        folder.owned,
        round.errors.length > 0 ? AbortSignal.abort() : signal,
      );
      metrics.recordAges(ages);
      if (error !== undefined && !silent) log.warn(`the age of providers is not known: ${error.message}`);
      silent = error !== undefined;
      return round;
    },
    onRound(round, seconds) {
      metrics.record(round, seconds, folder);
      onRound(round, seconds);
    },
  });
}

async function followNotifications(
  { log, signal }: Pick<LoopedSyncOptions, 'log' | 'signal'>,
  url: string,
  sources: readonly MirroredSource[],
  { notifications }: SyncMetrics,
): Promise<void> {
  const { openSqs, followQueue } = await import('./notifications/follow.ts');
  await using queue = openSqs(url);
  const notified = sources.map(({ store, requests }) => ({ url: store.url, requests }));
  await followQueue({ queue, sources: notified, log, signal, onResult: notifications });
}

function loopOptions(
  options: SyncOptions & Pick<MirrorOptions, 'acceptOlder' | 'removeOrphans'>,
  source: MirroredSource,
): Omit<LoopOptions, 'interval'> {
  const { maxObjectBytes, acceptOlder, removeOrphans, layout, signal } = options;
  const { roundTimeout = defaultRoundTimeout } = options;
  const { store, folder, log, health } = source;
  const report = createReporter(log);
  let warnedOfEmptyStore = false;
  return {
    round: (roundSignal) =>
      mirrorOnce({
        store,
        folder,
        signal: roundSignal,
        maxObjectBytes,
        acceptOlder,
        removeOrphans,
        layout,
      }),
    roundTimeout,
    signal,
    onRound(round, seconds) {
      // A round that ended because the sync ends is not reported as failed.
      report(signal.aborted ? { ...round, errors: [] } : round, seconds);
      if (
        !warnedOfEmptyStore &&
        folder.owned.size === 0 &&
        round.errors.length + round.rejections.length === 0
      ) {
        // A misspelt prefix looks the same, and an init container would succeed without a word.
        log.info('the store has no target file', { store: store.url });
        warnedOfEmptyStore = true;
      }
      health.record(round.errors[0], incompleteness(folder));
      options.afterRound?.();
    },
  };
}

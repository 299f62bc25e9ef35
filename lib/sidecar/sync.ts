import type { ObjectStore } from '../store/store.ts';
import type { Logger } from '../telemetry/log.ts';
import { createFaceApp } from './face/app.ts';
import { disk, type FileSystem } from './files.ts';
import { openFolder, type TargetFolder } from './folder.ts';
import { createHealth, type Health } from './health.ts';
import { type Face, openFace } from './http.ts';
import { type LoopOptions, mirrorWithin, runMirror } from './loop.ts';
import { createSyncMetrics, type SyncMetrics } from './metrics.ts';
import { mirrorOnce } from './mirror.ts';
import { createReporter } from './report.ts';
import type { Round } from './round.ts';
import { openGate } from './web/gate.ts';

export interface SyncOptions {
  /** Stays open; whoever opened it closes it. */
  readonly store: ObjectStore;
  /** The folder under which Prometheus finds `<encoded job>/*.json`. */
  readonly to: string;
  /** Version of Muster, for `muster_build_info`. */
  readonly version: string;
  readonly log: Logger;
  /** Ends the sync; a round at work is ended between two operations. */
  readonly signal: AbortSignal;
  readonly allowEmpty?: boolean;
  /** Bytes of one object. */
  readonly maxObjectBytes?: number;
  /** Milliseconds for one round. Default 5 minutes. */
  readonly roundTimeout?: number;
  readonly files?: FileSystem;
}

export interface LoopedSyncOptions extends SyncOptions {
  /** Milliseconds between rounds. */
  readonly interval: number;
  /** `host:port`, `[host]:port` or `:port`; nothing is served without it. */
  readonly listen?: string;
  /** Milliseconds without a good round after which `/healthz` is red. Default 5 minutes, at least 3 intervals. */
  readonly staleAfter?: number;
  /** File in the format of Prometheus's `--web.config.file`: TLS and who may read. Default: plain HTTP, everybody. */
  readonly webConfig?: string;
  /** Told where the server listens. */
  readonly onListening?: (address: Face['address']) => void;
}

/** Mirrors until the signal fires. Throws only when it cannot start: folder taken or not writable, bad address. */
export async function syncForever(options: LoopedSyncOptions): Promise<void> {
  const { interval, staleAfter = Math.max(defaultStaleAfter, 3 * interval), version } = options;
  const folder = await open(options);
  try {
    const health = createHealth({ staleAfter });
    const metrics = createSyncMetrics({ version });
    await using face = await serve(options, folder, health, metrics);
    if (face !== undefined) options.onListening?.(face.address);
    const { onRound, ...loop } = loopOptions(options, folder, health);
    await runMirror({
      ...loop,
      interval,
      onRound(round, seconds) {
        metrics.record(round, seconds, folder.owned);
        onRound(round, seconds);
      },
    });
  } finally {
    folder.close();
  }
}

/**
 * Mirrors once, as an init container does: returns the first complete round, or throws its error when there is none
 * within `deadline` milliseconds (default one minute).
 */
export async function syncOnce(options: SyncOptions & { readonly deadline?: number }): Promise<Round> {
  const folder = await open(options);
  try {
    const health = createHealth({ staleAfter: defaultStaleAfter });
    return await mirrorWithin(loopOptions(options, folder, health), options.deadline ?? defaultDeadline);
  } finally {
    folder.close();
  }
}

const defaultStaleAfter = 5 * 60_000;
const defaultRoundTimeout = 5 * 60_000;
const defaultDeadline = 60_000;

async function open({ to, files = disk, log }: SyncOptions): Promise<TargetFolder> {
  const folder = await openFolder(to, files);
  if (folder.warning !== undefined) log.warn(folder.warning);
  return folder;
}

/** The HTTP face, if it was asked for. */
async function serve(
  { store, listen, webConfig, log }: LoopedSyncOptions,
  folder: TargetFolder,
  health: Health,
  { registry }: SyncMetrics,
): Promise<(Pick<Face, 'address'> & AsyncDisposable) | undefined> {
  if (listen === undefined) return undefined;
  const sources = [{ name: '', store, folder, ready: () => health.ready().ok }];
  const answer = createFaceApp({ sources, health, registry, log });
  const gate = webConfig === undefined ? undefined : await openGate({ path: webConfig, log });
  const close = async (face?: Face) => {
    gate?.close();
    await face?.close();
  };
  try {
    const face = await openFace({ listen, answer, log, ...(gate && { gate }) });
    return { address: face.address, [Symbol.asyncDispose]: () => close(face) };
  } catch (error) {
    await close();
    throw error;
  }
}

function loopOptions(
  options: SyncOptions,
  folder: TargetFolder,
  health: Health,
): Omit<LoopOptions, 'interval'> {
  const { store, maxObjectBytes, allowEmpty, signal, log, roundTimeout = defaultRoundTimeout } = options;
  const report = createReporter(log);
  return {
    round: (roundSignal) =>
      mirrorOnce({
        store,
        folder,
        signal: roundSignal,
        ...(maxObjectBytes === undefined ? {} : { maxObjectBytes }),
        ...(allowEmpty === undefined ? {} : { allowEmpty }),
      }),
    roundTimeout,
    signal,
    onRound(round, seconds) {
      // That a round was cut short by our own end is no news.
      report(signal.aborted ? { ...round, errors: [] } : round, seconds);
      health.record(round.errors[0]);
    },
  };
}

import type { AppConfig } from '../app/app.ts';
import { namedConfig } from '../app/named-config.ts';
import { runScheduler, type Scheduled } from '../app/scheduler.ts';
import type { CycleResult } from '../discovery/provider.ts';
import type { Face } from '../sidecar/http.ts';
import { syncForever } from '../sidecar/sync.ts';
import type { ObjectStore } from '../store/store.ts';
import type { Logger } from '../telemetry/log.ts';
import { version } from '../version.ts';

export interface DevelopInput {
  readonly store: ObjectStore;
  readonly config: () => Promise<Scheduled & Pick<AppConfig, 'owner'>>;
  /** Says why the configuration as it is now is not in force; empty where it is. */
  readonly configProblem?: () => string;
  /** When the configuration in force was taken over, in milliseconds of Unix time. */
  readonly configLoadedAt?: () => number;
  /** Says what of the configuration is left to Prometheus; empty for nothing. */
  readonly configNote?: () => string;
  /** Folder of the target files. */
  readonly folder: string;
  readonly listen: string;
  /** File that says who may read. */
  readonly webConfig?: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly onResult?: (result: CycleResult) => void;
  readonly onListening?: (url: string) => void;
}

/** Milliseconds between two looks of the mirror at a store which is near. */
const mirrorInterval = 1000;

/** Scheduler and sidecar side by side, until the signal fires or one of them fails. */
export async function develop(input: DevelopInput): Promise<void> {
  const { store, folder, listen, webConfig, log, onListening } = input;
  const { configProblem, configLoadedAt, configNote } = input;
  await store.verify({ signal: input.signal });
  const config = namedConfig(input.config, { store, signal: input.signal });
  // A store that belongs to somebody else ends it here.
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
      ...(webConfig !== undefined && { webConfig }),
      ...(configProblem && { configProblem }),
      ...(configLoadedAt && { configLoadedAt }),
      ...(configNote && { configNote }),
      ...(onListening && { onListening: (address) => onListening(urlOf(address)) }),
    }),
  ];
  const results = await Promise.allSettled(both.map((task) => task.finally(() => failure.abort())));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

function urlOf({ scheme, host, port }: Face['address']): string {
  const anywhere = host === '::' || host === '0.0.0.0';
  const name = anywhere ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `${scheme}://${name}:${port}`;
}

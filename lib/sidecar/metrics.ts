import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { folders, parseTargetsKey } from '../target/names.ts';
import { syncMetrics } from '../telemetry/metrics.ts';
import { rejectionReasons } from './plan.ts';
import type { Round } from './round.ts';
import { countTargets, type Owned } from './state.ts';

/** The sidecar's metrics, in a registry of their own. */
export interface SyncMetrics {
  readonly registry: Registry;
  /** Counts a round which took so many seconds and left these files. */
  record(round: Round, seconds: number, owned: Owned): void;
}

export interface SyncMetricsOptions {
  /** Version of Muster. */
  readonly version: string;
  /** Milliseconds of Unix time. */
  readonly now?: () => number;
}

export function createSyncMetrics({ version, now = Date.now }: SyncMetricsOptions): SyncMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  new Gauge({ ...options(syncMetrics.buildInfo), registers }).set(
    { version, node_version: process.version },
    1,
  );
  const rounds = new Counter({ ...options(syncMetrics.rounds), registers });
  for (const result of ['success', 'error']) rounds.inc({ result }, 0);
  const lastSuccess = new Gauge({ ...options(syncMetrics.lastSuccess), registers });
  const duration = new Histogram({ ...options(syncMetrics.duration), registers, buckets });
  const files = new Gauge({ ...options(syncMetrics.files), registers });
  const targets = new Gauge({ ...options(syncMetrics.targets), registers });
  const fileChanges = new Counter({ ...options(syncMetrics.fileChanges), registers });
  const rejected = new Gauge({ ...options(syncMetrics.rejectedObjects), registers });
  for (const reason of rejectionReasons) rejected.set({ reason }, 0);
  const bytes = new Counter({ ...options(syncMetrics.bytes), registers });

  return {
    registry,
    record(round, seconds, owned) {
      const success = round.errors.length === 0;
      rounds.inc({ result: success ? 'success' : 'error' });
      if (success) lastSuccess.set(now() / 1000);
      duration.observe(seconds);
      bytes.inc(round.bytes);
      for (const { path } of round.changes) fileChanges.inc(labelsOf(path));
      for (const reason of rejectionReasons) {
        rejected.set({ reason }, round.rejections.filter((rejection) => rejection.reason === reason).length);
      }
      const visible = [...owned].filter(([, { facts }]) => facts !== undefined);
      files.set(visible.length);
      targets.reset();
      for (const [path, file] of visible) targets.set(labelsOf(path), countTargets(file));
    },
  };
}

/** Seconds: a quiet round is one listing, a first one may copy gigabytes. */
const buckets = [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300];

function options<Label extends string>(metric: {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly Label[];
}): { name: string; help: string; labelNames: readonly Label[] } {
  return { name: metric.name, help: metric.help, labelNames: metric.labels };
}

function labelsOf(path: string): { job: string; provider: string } {
  const { job = '', provider = '' } = parseTargetsKey(folders.targets + path) ?? {};
  return { job, provider };
}

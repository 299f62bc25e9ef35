import { Counter, collectDefaultMetrics, Gauge, Histogram, type LabelValues, Registry } from 'prom-client';
import { oneLine } from '../errors.ts';
import { folders, parseTargetsKey } from '../target/names.ts';
import { syncMetrics } from '../telemetry/metrics.ts';
import type { ProviderAge } from './freshness.ts';
import { type NotificationResult, notificationResults } from './notifications/result.ts';
import { rejectionReasons } from './plan.ts';
import type { Round } from './round.ts';
import { countTargets, type Owned } from './state.ts';

/** The sidecar's metrics, in a registry of their own. */
export interface SyncMetrics {
  readonly registry: Registry;
  /** Those of a source; its name becomes a label, unless it is empty. */
  of(source: string): SourceMetrics;
  /** Counts a message of a queue. */
  readonly notifications: (result: NotificationResult) => void;
}

export interface SourceMetrics {
  /** Counts a round which took so many seconds and left these files. */
  record(round: Round, seconds: number, owned: Owned): void;
  recordAges(ages: readonly ProviderAge[]): void;
}

export interface SyncMetricsOptions {
  /** Version of Muster. */
  readonly version: string;
  /** Milliseconds of Unix time. */
  readonly now?: () => number;
}

export function createSyncMetrics({ version, now = Date.now }: SyncMetricsOptions): SyncMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gauge = <Label extends string>(metric: Metric<Label>) =>
    new Gauge({ ...options(metric), registers: [registry] });
  const counter = <Label extends string>(metric: Metric<Label>) =>
    new Counter({ ...options(metric), registers: [registry] });
  gauge(syncMetrics.buildInfo).set({ version, node_version: process.version }, 1);
  const rounds = counter(syncMetrics.rounds);
  const lastSuccess = gauge(syncMetrics.lastSuccess);
  const duration = new Histogram({ ...options(syncMetrics.duration), registers: [registry], buckets });
  const files = gauge(syncMetrics.files);
  const targets = gauge(syncMetrics.targets);
  const fileChanges = counter(syncMetrics.fileChanges);
  const rejected = gauge(syncMetrics.rejectedObjects);
  const rejectedKeys = gauge(syncMetrics.rejectedObject);
  const bytes = counter(syncMetrics.bytes);
  const providerLastSuccess = gauge(syncMetrics.providerLastSuccess);
  const providerStale = gauge(syncMetrics.providerStale);
  const notifications = counter(syncMetrics.notifications);
  for (const result of notificationResults) notifications.inc({ result }, 0);

  return {
    registry,
    notifications: (result) => notifications.inc({ result }),
    of(name) {
      const source = name === '' ? {} : { source: name };
      for (const result of ['success', 'error']) rounds.inc({ ...source, result }, 0);
      lastSuccess.set(source, 0);
      duration.zero(source);
      for (const reason of rejectionReasons) rejected.set({ ...source, reason }, 0);
      const setTargets = replacing(targets);
      const setRejected = replacing(rejectedKeys);
      const setLastSuccess = replacing(providerLastSuccess);
      const setStale = replacing(providerStale);
      return {
        record(round, seconds, owned) {
          const success = round.errors.length === 0;
          rounds.inc({ ...source, result: success ? 'success' : 'error' });
          if (success) lastSuccess.set(source, now() / 1000);
          duration.observe(source, seconds);
          bytes.inc(source, round.bytes);
          for (const { path } of round.changes) fileChanges.inc({ ...source, ...labelsOf(path) });
          const { rejections } = round;
          for (const reason of rejectionReasons)
            rejected.set({ ...source, reason }, rejections.filter((one) => one.reason === reason).length);
          setRejected(
            rejections
              .slice(0, mostKeys)
              .map(({ reason, key }) => [{ ...source, reason, key: shown(key) }, 1]),
          );
          const visible = [...owned].filter(([, { facts }]) => facts !== undefined);
          files.set(source, visible.length);
          setTargets(visible.map(([path, file]) => [{ ...source, ...labelsOf(path) }, countTargets(file)]));
        },
        recordAges(ages) {
          setLastSuccess(
            ages.map(({ job, provider, lastSuccess }) => [{ ...source, job, provider }, lastSuccess / 1000]),
          );
          setStale(ages.map(({ job, provider, stale }) => [{ ...source, job, provider }, stale ? 1 : 0]));
        },
      };
    },
  };
}

/** A hostile bucket must not fill the metrics. */
const mostKeys = 20;

function shown(key: string): string {
  return oneLine(key.toWellFormed()).slice(0, 120);
}

type Sample<Label extends string> = readonly [labels: LabelValues<Label>, value: number];

/** Sets samples, and removes those that were set the last time and are not there any more. */
function replacing<Label extends string>(gauge: Gauge<Label>): (samples: readonly Sample<Label>[]) => void {
  let before = new Map<string, LabelValues<Label>>();
  return (samples) => {
    const current = new Map(samples.map(([labels]) => [JSON.stringify(labels), labels]));
    for (const [text, labels] of before) if (!current.has(text)) gauge.remove(labels);
    for (const [labels, value] of samples) gauge.set(labels, value);
    before = current;
  };
}

/** Seconds: a quiet round is one listing, a first one may copy gigabytes. */
const buckets = [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300];

interface Metric<Label extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly Label[];
}

function options<Label extends string>(metric: Metric<Label>) {
  return { name: metric.name, help: metric.help, labelNames: metric.labels };
}

function labelsOf(path: string): { job: string; provider: string } {
  const { job = '', provider = '' } = parseTargetsKey(folders.targets + path) ?? {};
  return { job, provider };
}

import { setTimeout as sleep } from 'node:timers/promises';
import { Counter, collectDefaultMetrics, Gauge, Histogram, type LabelValues, Registry } from 'prom-client';
import { oneLine } from '../../base/errors.ts';
import { syncMetrics } from '../../base/metrics.ts';
import { storedKubeStateMetrics } from '../../kube-state/metrics.ts';
import type { Oddity, TargetFolder } from '../mirror/folder.ts';
import type { Heartbeat, ProviderAge } from '../mirror/freshness.ts';
import { idOfPath, rejectionReasons } from '../mirror/plan.ts';
import type { Round } from '../mirror/round.ts';
import type { MirrorView } from '../mirror/target-files.ts';
import { type NotificationResult, notificationResults } from '../notifications/follow.ts';
import { createOutputsReader, type OutputView, readOutputs } from './outputs.ts';

/** The sidecar's metrics, in a registry of their own. */
export interface SyncMetrics {
  readonly registry: Registry;
  /** Those of a source; its name becomes a label, unless it is empty. */
  of(source: string): SourceMetrics;
  /** Counts a message of a queue. */
  readonly notifications: (result: NotificationResult) => void;
}

/** The metrics of one source. */
export interface SourceMetrics {
  /** Counts a round, with its duration in seconds and the folder after it. */
  record(round: Round, seconds: number, folder: Pick<TargetFolder, 'owned' | 'oddities'>): void;
  recordAges(ages: readonly ProviderAge[]): void;
}

/** What all metrics share. */
export interface SyncMetricsOptions {
  /** Version of Muster. */
  readonly version: string;
  /** Milliseconds of Unix time. */
  readonly now?: (() => number) | undefined;
}

/** Registers the metrics of a sidecar in a registry of its own. */
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
  const fileChanges = counter(syncMetrics.fileChanges);
  const rejected = gauge(syncMetrics.rejectedObjects);
  const bytes = counter(syncMetrics.bytes);
  const views: View[] = [];
  /** Made when it is scraped: with thousands of providers the samples take more memory and CPU than a quiet round. */
  const sampled = <Label extends string>(
    metric: Metric<Label>,
    samples: (view: View) => Iterable<Sample<Label>>,
  ) =>
    new Gauge({
      ...options(metric),
      registers: [registry],
      collect() {
        this.reset();
        for (const view of views) for (const [labels, value] of samples(view)) this.set(labels, value);
      },
    });
  sampleFolders(sampled);
  sampleAges(sampled, now);
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
      const view: View = { source, folder: undefined, rejections: [], ages: [] };
      views.push(view);
      return {
        record(round, seconds, folder) {
          const success = round.errors.length === 0;
          rounds.inc({ ...source, result: success ? 'success' : 'error' });
          if (success) lastSuccess.set(source, now() / 1000);
          duration.observe(source, seconds);
          bytes.inc(source, round.bytes);
          for (const { path } of round.changes) {
            const id = idOfPath(path);
            // The file of a job with several providers is no provider's.
            if (id.job !== '') fileChanges.inc({ ...source, ...id });
          }
          const { rejections } = round;
          for (const reason of rejectionReasons)
            rejected.set({ ...source, reason }, rejections.filter((one) => one.reason === reason).length);
          files.set(source, [...visibleFiles(folder)].length);
          view.folder = folder;
          view.rejections = rejections.slice(0, mostKeys);
        },
        recordAges(ages) {
          view.ages = ages;
        },
      };
    },
  };
}

/** What a source said last. */
interface View {
  /** Its label. */
  readonly source: { readonly source?: string };
  folder: MirroredFolder | undefined;
  rejections: Round['rejections'];
  ages: readonly ProviderAge[];
}

type MirroredFolder = Pick<TargetFolder, 'owned' | 'oddities'>;

type Sample<Label extends string> = readonly [labels: LabelValues<Label>, value: number];

type Sampled = <Label extends string>(
  metric: Metric<Label>,
  samples: (view: View) => Iterable<Sample<Label>>,
) => void;

function sampleFolders(sampled: Sampled): void {
  sampled(syncMetrics.targets, function* ({ source, folder }) {
    for (const [path, { targets }] of visibleFiles(folder)) yield [{ ...source, ...idOfPath(path) }, targets];
  });
  sampled(syncMetrics.rejectedObject, function* ({ source, rejections }) {
    for (const { reason, key } of rejections) yield [{ ...source, reason, key: shown(key) }, 1];
  });
  sampled(syncMetrics.orphanedTargets, function* ({ source, folder }) {
    for (const path of oddPaths(folder, 'orphaned'))
      yield [{ ...source, ...idOfPath(path) }, folder?.owned.get(path)?.targets ?? 0];
  });
  sampled(syncMetrics.incomplete, function* ({ source, folder }) {
    for (const path of oddPaths(folder, 'lacking')) yield [{ ...source, ...idOfPath(path) }, 1];
  });
}

function* visibleFiles(folder: MirroredFolder | undefined) {
  for (const entry of folder?.owned ?? []) if (entry[1].facts !== undefined) yield entry;
}

function oddPaths(folder: MirroredFolder | undefined, kind: Oddity['kind']): readonly string[] {
  return [...(folder?.oddities ?? [])].filter(([, one]) => one.kind === kind).map(([path]) => path);
}

function sampleAges(sampled: Sampled, now: () => number): void {
  const ofAge = (
    metric: Metric<'source' | 'job' | 'provider'>,
    value: (age: ProviderAge) => number | undefined,
  ) =>
    sampled(metric, function* ({ source, ages }) {
      for (const age of ages) {
        const found = value(age);
        if (found !== undefined) yield [{ ...source, ...labelsOf(age) }, found];
      }
    });
  const ofStatus = (
    metric: Metric<'source' | 'job' | 'provider'>,
    value: (heartbeat: Heartbeat) => number | undefined,
  ) => ofAge(metric, ({ heartbeat }) => heartbeat && value(heartbeat));
  ofAge(syncMetrics.providerLastSuccess, ({ lastSuccess }) => lastSuccess / 1000);
  sampled(syncMetrics.providerStale, function* ({ source, ages }) {
    for (const age of ages) {
      const { reason, stale } = age;
      yield [{ ...source, ...labelsOf(age), ...(reason !== undefined && { reason }) }, stale ? 1 : 0];
    }
  });
  ofStatus(syncMetrics.providerHeld, ({ held = 0 }) => held);
  ofStatus(syncMetrics.providerFailures, ({ failures = 0 }) => failures);
  sampled(syncMetrics.providerError, function* ({ source, ages }) {
    for (const age of ages) {
      const kind = age.heartbeat?.errorKind;
      if (kind !== undefined) yield [{ ...source, ...labelsOf(age), kind: shown(kind) }, 1];
    }
  });
  ofStatus(syncMetrics.providerLastAttempt, ({ lastAttempt }) => lastAttempt && lastAttempt / 1000);
  ofStatus(syncMetrics.providerPublished, ({ lastChange }) => lastChange && lastChange / 1000);
  ofStatus(syncMetrics.providerDamaged, ({ damaged }) => (damaged === true ? 1 : 0));
  ofStatus(syncMetrics.providerRequests, ({ requests }) => requests);
  ofStatus(syncMetrics.providerConfirmed, ({ confirmed }) =>
    confirmed !== undefined && now() - confirmed.at < confirmedShown ? confirmed.targets : 0,
  );
  ofStatus(syncMetrics.providerPinned, ({ pinned }) => (pinned === true ? 1 : 0));
  ofStatus(syncMetrics.providerRejected, ({ rejected = 0 }) => rejected);
}

/** Milliseconds for which a metric shows that targets left after a hold. */
const confirmedShown = 60 * 60_000;

/** A hostile bucket must not fill the metrics. */
const mostKeys = 20;

function shown(key: string): string {
  return oneLine(key.toWellFormed()).slice(0, 120);
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

function labelsOf({ job, provider }: ProviderAge): { job: string; provider: string } {
  return { job, provider };
}

/** Milliseconds for which scrapes share one look at the outputs of a store, and for which one waits for it. */
const maxAge = 120_000;
const patience = 1000;

/**
 * Counts the kube-state outputs of the stores on each scrape: a sidecar without scrapes reads nothing. What
 * does not come in time, or cannot be read, stays as it was last known: a store that hangs must not fail the scrape.
 */
export function countOutputs(
  registry: Registry,
  sources: readonly Pick<MirrorView, 'name' | 'store'>[],
  now?: () => number,
): void {
  const read = sources.map(({ name, store }) => ({
    name,
    outputs: createOutputsReader(store, { maxAge, now }),
  }));
  let known: readonly OutputView[] = [];
  const look = async () => {
    known = (await readOutputs(read, Date.now())).outputs;
  };
  const count = (
    { name, help, labels }: (typeof storedKubeStateMetrics)[keyof typeof storedKubeStateMetrics],
    value: (output: OutputView) => number | undefined,
  ) =>
    new Gauge({
      ...{ name, help, labelNames: labels, registers: [registry] },
      async collect() {
        await Promise.race([look(), sleep(patience, undefined, { ref: false })]);
        this.reset();
        for (const one of known) {
          const found = value(one);
          const { source, output } = one;
          if (found !== undefined) this.set(source === '' ? { output } : { source, output }, found);
        }
      },
    });
  count(storedKubeStateMetrics.held, ({ status }) => status && (status.held === undefined ? 0 : 1));
  count(storedKubeStateMetrics.failures, ({ status }) => status?.failures);
  count(storedKubeStateMetrics.unread, ({ status }) => (status === undefined ? 1 : 0));
}

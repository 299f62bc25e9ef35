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
  const targets = gauge(syncMetrics.targets);
  const fileChanges = counter(syncMetrics.fileChanges);
  const rejected = gauge(syncMetrics.rejectedObjects);
  const rejectedKeys = gauge(syncMetrics.rejectedObject);
  const bytes = counter(syncMetrics.bytes);
  const orphaned = gauge(syncMetrics.orphanedTargets);
  const incomplete = gauge(syncMetrics.incomplete);
  const providerLastSuccess = gauge(syncMetrics.providerLastSuccess);
  const providerStale = gauge(syncMetrics.providerStale);
  const providerHeld = gauge(syncMetrics.providerHeld);
  const providerFailures = gauge(syncMetrics.providerFailures);
  const providerError = gauge(syncMetrics.providerError);
  const providerLastAttempt = gauge(syncMetrics.providerLastAttempt);
  const providerPublished = gauge(syncMetrics.providerPublished);
  const providerDamaged = gauge(syncMetrics.providerDamaged);
  const providerRequests = gauge(syncMetrics.providerRequests);
  const providerConfirmed = gauge(syncMetrics.providerConfirmed);
  const providerPinned = gauge(syncMetrics.providerPinned);
  const providerRejected = gauge(syncMetrics.providerRejected);
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
      const setOrphaned = replacing(orphaned);
      const setIncomplete = replacing(incomplete);
      const setHeld = replacing(providerHeld);
      const setFailures = replacing(providerFailures);
      const setError = replacing(providerError);
      const setLastAttempt = replacing(providerLastAttempt);
      const setPublished = replacing(providerPublished);
      const setDamaged = replacing(providerDamaged);
      const setRequests = replacing(providerRequests);
      const setConfirmed = replacing(providerConfirmed);
      const setPinned = replacing(providerPinned);
      const setRejections = replacing(providerRejected);
      return {
        record(round, seconds, { owned, oddities }) {
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
          setRejected(
            rejections
              .slice(0, mostKeys)
              .map(({ reason, key }) => [{ ...source, reason, key: shown(key) }, 1]),
          );
          const visible = [...owned].filter(([, { facts }]) => facts !== undefined);
          files.set(source, visible.length);
          setTargets(visible.map(([path, file]) => [{ ...source, ...idOfPath(path) }, file.targets]));
          const odd = (kind: Oddity['kind']) =>
            [...oddities].filter(([, one]) => one.kind === kind).map(([path]) => path);
          setOrphaned(
            odd('orphaned').map((path) => [{ ...source, ...idOfPath(path) }, owned.get(path)?.targets ?? 0]),
          );
          setIncomplete(odd('lacking').map((path) => [{ ...source, ...idOfPath(path) }, 1]));
        },
        recordAges(ages) {
          const samples = (value: (one: ProviderAge) => number | undefined) =>
            ages.flatMap((one) => {
              const found = value(one);
              return found === undefined ? [] : [[{ ...source, ...labelsOf(one) }, found] as const];
            });
          const ofStatus = (value: (heartbeat: Heartbeat) => number | undefined) =>
            samples(({ heartbeat }) => heartbeat && value(heartbeat));
          setLastSuccess(samples(({ lastSuccess }) => lastSuccess / 1000));
          setStale(
            ages.map((one) => [
              { ...source, ...labelsOf(one), ...(one.reason !== undefined && { reason: one.reason }) },
              one.stale ? 1 : 0,
            ]),
          );
          setHeld(ofStatus(({ held = 0 }) => held));
          setFailures(ofStatus(({ failures = 0 }) => failures));
          setError(
            ages.flatMap((one) => {
              const kind = one.heartbeat?.errorKind;
              return kind === undefined
                ? []
                : [[{ ...source, ...labelsOf(one), kind: shown(kind) }, 1] as const];
            }),
          );
          setLastAttempt(ofStatus(({ lastAttempt }) => lastAttempt && lastAttempt / 1000));
          setPublished(ofStatus(({ lastChange }) => lastChange && lastChange / 1000));
          setDamaged(ofStatus(({ damaged }) => (damaged === true ? 1 : 0)));
          setPinned(ofStatus(({ pinned }) => (pinned === true ? 1 : 0)));
          setRejections(ofStatus(({ rejected = 0 }) => rejected));
          setRequests(ofStatus(({ requests }) => requests));
          setConfirmed(
            ofStatus(({ confirmed }) =>
              confirmed !== undefined && now() - confirmed.at < confirmedShown ? confirmed.targets : 0,
            ),
          );
        },
      };
    },
  };
}

/** Milliseconds for which a metric shows that targets left after a hold. */
const confirmedShown = 60 * 60_000;

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

import type { MetricTable } from '../base/metrics.ts';
import { version } from '../base/version.ts';
import type { FamilyNames } from './text/family.ts';
import { familyHeader } from './text/family.ts';
import { gzipText } from './text/press.ts';
import { formatNumber } from './text/text-bytes.ts';

/** Facts about an output, for its own text. */
export interface About {
  /** When the listing started. */
  readonly started: Date;
  /** Milliseconds that listing and writing took. */
  readonly duration: number;
  readonly objects: number;
  readonly samples: number;
  readonly shard: number;
  readonly totalShards: number;
  /** Complete listings so far, including this one. */
  readonly listings: number;
  /** Cycles that failed so far. */
  readonly failedListings: number;
}

/**
 * Returns the last families of an output as one gzip member: its age, its size, and the metrics of kube-state-metrics
 * itself, as far as they apply to a program that runs once.
 */
export function aboutOutput(about: About): Uint8Array {
  const { listed, seconds, listedObjects, written } = kubeStateMetrics;
  const { lists, shards, ordinal, build } = selfMetrics;
  const list: FamilyNames = { ...lists, type: 'counter' };
  const lines: readonly string[] = [
    sample(lists.name, about.listings, '{resource="*",result="success"}'),
    sample(lists.name, about.failedListings, '{resource="*",result="error"}'),
    single(shards, about.totalShards),
    single(ordinal, about.shard, `{shard_ordinal="${about.shard}"}`),
    single(build, 1, `{version="muster-${version}"}`),
    single(listed, Math.floor(about.started.getTime() / 1000)),
    single(seconds, about.duration / 1000),
    single(listedObjects, about.objects),
    single(written, about.samples),
  ];
  return gzipText(`${familyHeader(list)}${lines.join('')}`);
}

function single(family: FamilyNames, value: number, labels = ''): string {
  return `${familyHeader(family)}${sample(family.name, value, labels)}`;
}

function sample(name: string, value: number, labels: string): string {
  return `${name}${labels} ${formatNumber(value)}\n`;
}

/** Families about an output, at its end. */
const kubeStateMetrics = {
  listed: {
    name: 'muster_kube_state_listing_timestamp_seconds',
    help: 'When the listing of the cluster for this text started, in Unix time.',
    labels: [],
  },
  seconds: {
    name: 'muster_kube_state_duration_seconds',
    help: 'How long listing the cluster and writing this text took.',
    labels: [],
  },
  listedObjects: {
    name: 'muster_kube_state_objects',
    help: 'Objects with samples in this text.',
    labels: [],
  },
  written: {
    name: 'muster_kube_state_samples',
    help: 'Samples in this text, without those about the text itself.',
    labels: [],
  },
} as const satisfies MetricTable;

/** Metrics of kube-state-metrics itself that its alerts read. Source: kube-state-metrics, README and pkg/app. */
const selfMetrics = {
  lists: {
    name: 'kube_state_metrics_list_total',
    help: 'Listings of the whole cluster for this output, by result. The next text counts a failed one.',
    labels: ['resource', 'result'],
  },
  shards: {
    name: 'kube_state_metrics_total_shards',
    help: 'Number of shards of the cluster.',
    labels: [],
  },
  ordinal: {
    name: 'kube_state_metrics_shard_ordinal',
    help: 'Number of the shard in this text, from 0.',
    labels: ['shard_ordinal'],
  },
  build: {
    name: 'kube_state_metrics_build_info',
    help: 'Always 1. The label has the version of Muster that wrote this text.',
    labels: ['version'],
  },
} as const satisfies MetricTable;

/** Metrics of the sidecar about the outputs in the store, from their statuses, which are at most two minutes old. */
export const storedKubeStateMetrics = {
  held: {
    name: 'muster_sync_kube_state_held',
    help: '1 while the gate keeps the last text of a kube-state output because the next one lost samples, else 0.',
    labels: ['source', 'output'],
  },
  failures: {
    name: 'muster_sync_kube_state_failures',
    help: 'Failed cycles of a kube-state output in a row.',
    labels: ['source', 'output'],
  },
  unread: {
    name: 'muster_sync_kube_state_status_unread',
    help: '1 when the status of a kube-state output is missing or cannot be read, else 0.',
    labels: ['source', 'output'],
  },
} as const satisfies MetricTable;

/** Metrics of the sidecar about the outputs that it serves, each as of its last request. */
export const servedKubeStateMetrics = {
  listed: {
    name: 'muster_sync_kube_state_listing_timestamp_seconds',
    help: 'When the cluster of a kube-state output was listed, in Unix time, as of its last request.',
    labels: ['output'],
  },
  bytes: {
    name: 'muster_sync_kube_state_bytes',
    help: 'Compressed size of a kube-state output in bytes, as of its last request.',
    labels: ['output'],
  },
  refusals: {
    name: 'muster_sync_kube_state_refusals_total',
    help: 'Refused scrapes of a kube-state output, by reason: stale, undated or failed.',
    labels: ['output', 'reason'],
  },
} as const satisfies MetricTable;

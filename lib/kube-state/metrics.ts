import type { MetricTable } from '../base/metrics.ts';
import { version } from '../base/version.ts';
import { gzipText } from './text/blocks.ts';
import type { FamilyNames } from './text/family.ts';
import { familyHeader, formatNumber } from './text/family.ts';

/** What is told of an output in itself. */
export interface About {
  /** When its listing began. */
  readonly started: Date;
  /** Milliseconds. */
  readonly duration: number;
  readonly objects: number;
  readonly samples: number;
  readonly shard: number;
  readonly totalShards: number;
  /** Whole listings so far, this one among them, and cycles that failed. */
  readonly listings: number;
  readonly failedListings: number;
}

/**
 * Families for the end of an output: how fresh and how large it is, and what kube-state-metrics says of itself, as far as
 * it can be said of a program that does not run on. One gzip member.
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

/** What each kube-state output says of itself, at its end. */
const kubeStateMetrics = {
  listed: {
    name: 'muster_kube_state_listing_timestamp_seconds',
    help: 'When the listing of the cluster began, of which this text was made, in Unix time.',
    labels: [],
  },
  seconds: {
    name: 'muster_kube_state_duration_seconds',
    help: 'How long listing the cluster and writing this text took.',
    labels: [],
  },
  listedObjects: {
    name: 'muster_kube_state_objects',
    help: 'Objects of which this text has samples.',
    labels: [],
  },
  written: {
    name: 'muster_kube_state_samples',
    help: 'Samples in this text, these ones apart.',
    labels: [],
  },
} as const satisfies MetricTable;

/** What kube-state-metrics says of itself and its alerts read, with what is true of an output of ours. */
const selfMetrics = {
  lists: {
    name: 'kube_state_metrics_list_total',
    help: 'Listings of the whole cluster for this output, by result; a failed one shows in the next text.',
    labels: ['resource', 'result'],
  },
  shards: {
    name: 'kube_state_metrics_total_shards',
    help: 'Shards that the cluster is divided into.',
    labels: [],
  },
  ordinal: {
    name: 'kube_state_metrics_shard_ordinal',
    help: 'Number of the shard that this text is of, from 0.',
    labels: ['shard_ordinal'],
  },
  build: {
    name: 'kube_state_metrics_build_info',
    help: 'Always 1; the label says which Muster wrote this text.',
    labels: ['version'],
  },
} as const satisfies MetricTable;

/** What the sidecar says of the outputs that the store has, by their statuses; read for a scrape, two minutes old at most. */
export const storedKubeStateMetrics = {
  held: {
    name: 'muster_sync_kube_state_held',
    help: 'Of a kube-state output 1 while the gate keeps its last text because the next one lost samples, else 0.',
    labels: ['source', 'output'],
  },
  failures: {
    name: 'muster_sync_kube_state_failures',
    help: 'Cycles of a kube-state output that failed in a row.',
    labels: ['source', 'output'],
  },
  unread: {
    name: 'muster_sync_kube_state_status_unread',
    help: 'Of a kube-state output 1 when its status is missing or cannot be read, so that nobody knows how it does, else 0.',
    labels: ['source', 'output'],
  },
} as const satisfies MetricTable;

/** What the sidecar says of the outputs that it serves, each as it was when it was last asked for. */
export const servedKubeStateMetrics = {
  listed: {
    name: 'muster_sync_kube_state_listing_timestamp_seconds',
    help: 'When the cluster of a kube-state output was listed, in Unix time, as last asked for.',
    labels: ['output'],
  },
  bytes: {
    name: 'muster_sync_kube_state_bytes',
    help: 'Size of a kube-state output as it is stored, gzipped, as last asked for.',
    labels: ['output'],
  },
  refusals: {
    name: 'muster_sync_kube_state_refusals_total',
    help: 'Scrapes of a kube-state output that were refused, by reason: stale, undated or failed.',
    labels: ['output', 'reason'],
  },
} as const satisfies MetricTable;

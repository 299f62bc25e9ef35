import type { Splice } from '../target/gzip-head.ts';
import { kubeStateMetrics, selfMetrics } from '../telemetry/kube-state-metrics.ts';
import { version } from '../version.ts';
import type { Described } from './family.ts';
import { gzipText } from './text/blocks.ts';
import { familyHeader } from './text/header.ts';
import { formatNumber } from './text/number.ts';
import { openMetricsHeader } from './text/openmetrics.ts';

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

/** Gzip members, and what reads differently of them in OpenMetrics. */
export interface AboutText {
  readonly bytes: Uint8Array;
  readonly splices: readonly Splice[];
}

/**
 * Families for the end of an output: how fresh and how large it is, and what kube-state-metrics says of itself, as far as
 * it can be said of a program that does not run on. They stand at the byte `at`, counted from the end of the head.
 */
export function aboutOutput(about: About, at: number): AboutText {
  const { listed, seconds, listedObjects, written } = kubeStateMetrics;
  const { lists, shards, ordinal, build } = selfMetrics;
  const list: Described = { ...lists, type: 'counter' };
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
  const header = gzipText(familyHeader(list));
  return {
    bytes: Buffer.concat([header, gzipText(lines.join(''))]),
    splices: [{ at, length: header.length, text: openMetricsHeader(list) }],
  };
}

function single(family: Described, value: number, labels = ''): string {
  return `${familyHeader(family)}${sample(family.name, value, labels)}`;
}

function sample(name: string, value: number, labels: string): string {
  return `${name}${labels} ${formatNumber(value)}\n`;
}

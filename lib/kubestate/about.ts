import { kubeStateMetrics } from '../telemetry/kube-state-metrics.ts';
import { gzipText } from './text/blocks.ts';
import { familyHeader } from './text/header.ts';
import { formatNumber } from './text/number.ts';

/** What is told of an output in itself. */
export interface About {
  /** When its listing began. */
  readonly started: Date;
  /** Milliseconds. */
  readonly duration: number;
  readonly objects: number;
  readonly samples: number;
}

/** Families that say how fresh and how large an output is, for its end. */
export function aboutOutput({ started, duration, objects, samples }: About): Uint8Array {
  const { listed, seconds, listedObjects, written } = kubeStateMetrics;
  const values = [
    [listed, Math.floor(started.getTime() / 1000)],
    [seconds, duration / 1000],
    [listedObjects, objects],
    [written, samples],
  ] as const;
  return gzipText(
    values
      .map(([family, value]) => `${familyHeader(family)}${family.name} ${formatNumber(value)}\n`)
      .join(''),
  );
}

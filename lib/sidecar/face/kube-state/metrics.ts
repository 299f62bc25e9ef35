import { Counter, Gauge, type Registry } from 'prom-client';
import { servedKubeStateMetrics } from '../../../telemetry/kube-state-metrics.ts';
import type { KeptObject } from './kept.ts';

/** What the sidecar says of the outputs that it was asked for. */
export interface OutputMetrics {
  found(name: string, output: Pick<KeptObject, 'size' | 'head'>): void;
  refused(name: string, reason: string): void;
  /** There is no such output any more, or never was: a stranger's words are no labels. */
  forget(name: string): void;
}

export function createOutputMetrics(registry: Registry): OutputMetrics {
  const { listed, bytes, refusals } = servedKubeStateMetrics;
  const registers = [registry];
  const listedAt = new Gauge({ ...optionsOf(listed), registers });
  const size = new Gauge({ ...optionsOf(bytes), registers });
  const refused = new Counter({ ...optionsOf(refusals), registers });
  const known = new Set<string>();
  return {
    found(output, { size: length, head }) {
      known.add(output);
      size.set({ output }, length);
      if (head === undefined) listedAt.remove({ output });
      else listedAt.set({ output }, head.listed.getTime() / 1000);
      refused.inc({ output, reason: 'stale' }, 0);
    },
    refused(output, reason) {
      if (known.has(output)) refused.inc({ output, reason });
    },
    forget(output) {
      if (!known.delete(output)) return;
      for (const gauge of [listedAt, size]) gauge.remove({ output });
    },
  };
}

function optionsOf<Label extends string>(metric: {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly Label[];
}) {
  return { name: metric.name, help: metric.help, labelNames: metric.labels };
}

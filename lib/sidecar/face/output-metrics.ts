import { setTimeout as sleep } from 'node:timers/promises';
import { Gauge, type Registry } from 'prom-client';
import { storedKubeStateMetrics } from '../../telemetry/kube-state-metrics.ts';
import { createOutputsReader, type OutputView, readOutputs } from './outputs.ts';
import type { FaceSource } from './source.ts';

/** Milliseconds for which scrapes share one look at the outputs of a store, and for which one waits for it. */
const maxAge = 120_000;
const patience = 1000;

/**
 * Counts the kube-state outputs of the stores when somebody scrapes: a sidecar that nobody scrapes asks for nothing. What
 * does not come in time, or cannot be read, stays as it was last known: a store that hangs must not fail the scrape.
 */
export function countOutputs(
  registry: Registry,
  sources: readonly Pick<FaceSource, 'name' | 'store'>[],
  now?: () => number,
): void {
  const read = sources.map(({ name, store }) => ({
    name,
    outputs: createOutputsReader(store, { maxAge, ...(now && { now }) }),
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

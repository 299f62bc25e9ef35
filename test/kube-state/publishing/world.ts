import { silentLogger } from '../../../lib/base/logger.ts';
import { kubeStateConfig } from '../../../lib/kube-state/options.ts';
import type { KubeStateOutput } from '../../../lib/kube-state/publish.ts';
import type { Rendered } from '../../../lib/kube-state/render.ts';
import { parseOutputStatus } from '../../../lib/kube-state/status.ts';
import { gzipText } from '../../../lib/kube-state/text/press.ts';
import { bindOutputs } from '../../../lib/run/kube-state-outputs.ts';
import type { ObjectStore } from '../../../lib/store/store.ts';

/** Samples by family, each with as many objects. */
export type Samples = Readonly<Record<string, number>>;

/** An output whose next listing ends as the test says. */
export interface TestOutput {
  readonly output: KubeStateOutput;
  /** What the next listings come to: samples, or a failure. */
  next: Samples | Error;
}

export function testOutput(name: string, next: Samples | Error = {}): TestOutput {
  const input = { readCredential: async () => '', log: silentLogger, directory: '/' };
  const [bound] = bindOutputs([kubeStateConfig.parse({ name })], input);
  if (bound === undefined) throw new Error('no output');
  const test: { output: KubeStateOutput; next: Samples | Error } = {
    next,
    output: {
      ...bound,
      async render() {
        if (test.next instanceof Error) throw test.next;
        return rendered(test.next);
      },
    },
  };
  return test;
}

/** The status of an output as the store has it. */
export async function statusOf(store: ObjectStore, name: string) {
  const found = await store.get(`metrics/${name}.status.json`);
  if (found === undefined) return undefined;
  return parseOutputStatus(found.body);
}

function rendered(counts: Samples): Rendered {
  const lines = Object.entries(counts).flatMap(([name, count]) =>
    Array.from({ length: count }, (_, index) => `${name}{n="${index}"} 1\n`),
  );
  const bytes = gzipText(lines.join(''));
  return {
    ...{ objects: lines.length, samples: lines.length, size: bytes.length },
    families: new Map(
      Object.entries(counts).map(([name, count]) => [name, { samples: count, objects: count }]),
    ),
    members: () => [bytes],
    close: () => undefined,
  };
}

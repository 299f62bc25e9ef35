import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { allSamples } from '../../kubestate/gate.ts';
import type { ObjectStore } from '../../store/store.ts';
import { metricsKey } from '../../target/names.ts';

/**
 * The samples of the published text by family, counted in it: for an output whose status is lost, or was never written.
 * Of families only those that every object has, as nothing says what objects there were. A text that cannot be read has
 * none.
 */
export async function countPublished(
  store: ObjectStore,
  object: string,
  signal: AbortSignal,
): Promise<Readonly<Record<string, number>>> {
  const opened = await store.open(metricsKey(object), { signal });
  if (opened === undefined || opened === 'unchanged') return {};
  const counts = new Map<string, number>();
  const text = createGunzip();
  // What fails shows in what comes out.
  pipeline(opened.chunks, text, () => undefined);
  try {
    let rest = '';
    for await (const chunk of text.setEncoding('utf8')) {
      const lines = `${rest}${chunk}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) count(counts, line);
    }
  } catch {
    signal.throwIfAborted();
    return {};
  }
  return Object.fromEntries(counts);
}

function count(counts: Map<string, number>, line: string): void {
  const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(line)?.[0];
  if (name === undefined || isOurOwn.test(name)) return;
  counts.set(allSamples, (counts.get(allSamples) ?? 0) + 1);
  if (hasEveryObject.test(name)) counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** What a text says of itself. */
const isOurOwn = /^(?:muster_kube_state|kube_state_metrics)_/;

const hasEveryObject = /_(?:info|created)$/;

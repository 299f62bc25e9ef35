import { isMusterError } from '../../errors.ts';
import { aboutOutput } from '../../kubestate/about.ts';
import type { Rendered } from '../../kubestate/render.ts';
import type { ObjectStore } from '../../store/store.ts';
import { stampGzip } from '../../target/gzip-time.ts';
import { metricsKey } from '../../target/names.ts';
import type { KubeStateOutput } from './outputs.ts';

/** What publishing an output came to. */
export interface Published {
  /** `superseded`: another run published a later listing meanwhile. */
  readonly outcome: 'published' | 'superseded';
  readonly objects: number;
  readonly samples: number;
  /** Compressed size. */
  readonly bytes: number;
  /** Milliseconds. */
  readonly duration: number;
}

/**
 * Writes one output and puts it into the store: one put of the compressed text, some 10 bytes a sample, under the
 * condition that nobody else put one since this run began. So an older text never covers a newer one, and a
 * reader sees a whole one or the one before. Its gzip says when the listing began. Throws what listing and the store throw.
 */
export async function publishOutput(
  output: KubeStateOutput,
  { store, signal, now = () => new Date() }: PublishInput,
): Promise<Published> {
  const key = metricsKey(output.object);
  const before = await store.head(key, { signal });
  const started = now();
  const rendered = await output.render(signal);
  const duration = now().getTime() - started.getTime();
  const { objects, samples } = rendered;
  const body = bodyOf(rendered, aboutOutput({ started, duration, objects, samples }));
  stampGzip(body, started);
  const done = { objects, samples, bytes: body.length, duration };
  try {
    await store.put(key, body, { condition: before ?? 'create', contentType: 'application/gzip', signal });
    return { outcome: 'published', ...done };
  } catch (error) {
    if (!isMusterError(error, 'conflict')) throw error;
    return { outcome: 'superseded', ...done };
  }
}

/** All of the gzip in one piece of memory, and the file that it came from closed. */
function bodyOf(rendered: Rendered, about: Uint8Array): Uint8Array {
  try {
    const body = Buffer.allocUnsafeSlow(rendered.size + about.length);
    rendered.readInto(body);
    body.set(about, rendered.size);
    return body;
  } finally {
    rendered.close();
  }
}

export interface PublishInput {
  readonly store: ObjectStore;
  readonly signal: AbortSignal;
  readonly now?: () => Date;
}

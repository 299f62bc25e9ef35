import { isMusterError } from '../../errors.ts';
import { aboutOutput } from '../../kubestate/about.ts';
import type { ObjectStore, PutOptions, StreamedBody } from '../../store/store.ts';
import { gzipHead } from '../../target/gzip-head.ts';
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
 * Writes one output and puts it into the store: one put of the compressed text, some 20 bytes a sample, under the
 * condition that nobody else put one since this run began. So an older text never covers a newer one, and a
 * reader sees a whole one or the one before. It is sent as it is read from where it waits, so that none of it need be in
 * memory. Its gzip says when the listing began. Throws what listing and the store throw.
 */
export async function publishOutput(
  output: KubeStateOutput,
  { store, signal, now = () => new Date() }: PublishInput,
): Promise<Published> {
  const key = metricsKey(output.object);
  const before = await store.head(key, { signal });
  const started = now();
  const rendered = await output.render(signal);
  try {
    const duration = now().getTime() - started.getTime();
    const { objects, samples, size, splices, members } = rendered;
    const head = gzipHead(started, splices);
    const about = aboutOutput({ started, duration, objects, samples });
    const done = { objects, samples, bytes: head.length + size + about.length, duration };
    const chunks = function* (): Generator<Uint8Array, undefined> {
      yield head;
      yield* members();
      yield about;
      return undefined;
    };
    const condition = before ?? 'create';
    const outcome = await putUnlessNewer(store, key, { chunks }, { condition, signal });
    return { outcome, ...done };
  } finally {
    rendered.close();
  }
}

async function putUnlessNewer(
  store: ObjectStore,
  key: string,
  body: StreamedBody,
  options: Pick<PutOptions, 'condition' | 'signal'>,
): Promise<Published['outcome']> {
  try {
    await store.put(key, body, { contentType: 'application/gzip', ...options });
    return 'published';
  } catch (error) {
    if (!isMusterError(error, 'conflict')) throw error;
    return 'superseded';
  }
}

export interface PublishInput {
  readonly store: ObjectStore;
  readonly signal: AbortSignal;
  readonly now?: () => Date;
}

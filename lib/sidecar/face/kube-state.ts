import { createGunzip } from 'node:zlib';
import { Hono } from 'hono';
import { toMusterError } from '../../errors.ts';
import type { StoredObject } from '../../store/store.ts';
import { readGzipTime } from '../../target/gzip-time.ts';
import { isMetricsName, metricsKey } from '../../target/names.ts';
import type { FaceEnv } from '../http.ts';
import { createLimit } from '../limit.ts';
import { textAnswer } from './answer.ts';
import { acceptsGzip } from './gzip.ts';
import type { FaceSource } from './source.ts';

export interface KubeStateOptions {
  /** Milliseconds since the cluster was listed after which the text is refused. Default 5 minutes. */
  readonly staleAfter?: number;
  /** Milliseconds of Unix time. */
  readonly now?: () => number;
}

/** What Prometheus scrapes. Source: Prometheus, "Exposition formats". */
const textType = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * `/kube-state/<name>`: the object `metrics/<name>.prom.gz` as it is stored. Text that is too old, or that does not say
 * how old it is, is a 503, so that `up` is 0 where the cluster is no longer looked at.
 */
export function kubeStateRoutes(
  sources: readonly FaceSource[],
  { staleAfter = 5 * 60_000, now = Date.now }: KubeStateOptions = {},
): Hono<{ Bindings: FaceEnv }> {
  const read = createReader(sources);
  return new Hono<{ Bindings: FaceEnv }>().get('/kube-state/:name', async (context) => {
    const name = context.req.param('name');
    if (!isMetricsName(name)) return textAnswer(404, 'there is no kube-state output of this name');
    try {
      const found = await read(name, context.req.raw.signal);
      if (found === undefined) return textAnswer(404, `there is no ${metricsKey(name)} in the store`);
      const listed = readGzipTime(found.body);
      if (listed === undefined)
        return textAnswer(503, `${metricsKey(name)} does not say when its cluster was listed`);
      const age = now() - listed.getTime();
      if (age > staleAfter) {
        return textAnswer(
          503,
          `${metricsKey(name)} is stale: its cluster was listed ${Math.round(age / 1000)} s ago`,
        );
      }
      return expositionAnswer(found.body, listed, acceptsGzip(context.req.header('accept-encoding')));
    } catch (error) {
      const { kind, message } = toMusterError(error);
      if (kind === 'internal') throw error;
      return textAnswer(503, message);
    }
  });
}

/** Bytes of one gzipped output; kube-state of 50,000 pods has about 25 MB. */
const maxBytes = 64 * 2 ** 20;

type Read = (name: string, signal: AbortSignal) => Promise<StoredObject | undefined>;

/** Keeps the last object of each name, so that one that did not change is asked for and not fetched. */
function createReader(sources: readonly FaceSource[]): Read {
  const kept = new Map<string, StoredObject>();
  const limit = createLimit(4);
  const readFrom = async ({ name: source, store }: FaceSource, name: string, signal: AbortSignal) => {
    const place = JSON.stringify([source, name]);
    const old = kept.get(place);
    const condition = old === undefined ? {} : { ifNoneMatch: old.etag };
    const found = await store.get(metricsKey(name), { maxBytes, signal, ...condition });
    if (found === 'unchanged') return old;
    if (found === undefined) kept.delete(place);
    else kept.set(place, found);
    return found;
  };
  return (name, signal) =>
    limit(async () => {
      for (const source of sources) {
        const found = await readFrom(source, name, signal);
        if (found !== undefined) return found;
      }
      return undefined;
    });
}

function expositionAnswer(body: Uint8Array, listed: Date, gzip: boolean): Response {
  const headers = {
    'content-type': textType,
    'cache-control': 'no-store',
    'last-modified': listed.toUTCString(),
    'x-content-type-options': 'nosniff',
    vary: 'accept-encoding',
  };
  if (gzip) {
    const length = { 'content-encoding': 'gzip', 'content-length': String(body.byteLength) };
    return new Response(new Uint8Array(body), { headers: { ...headers, ...length } });
  }
  return new Response(ReadableStream.from(unpack(body)), { headers });
}

async function* unpack(body: Uint8Array): AsyncGenerator<Uint8Array, undefined> {
  const plain = createGunzip();
  plain.end(body);
  yield* plain;
  return undefined;
}

import { Hono } from 'hono';
import type { Registry } from 'prom-client';
import { toMusterError } from '../../../errors.ts';
import { longestAge } from '../../../target/gzip-head.ts';
import { isMetricsName, metricsKey } from '../../../target/names.ts';
import type { FaceEnv } from '../../http.ts';
import { textAnswer } from '../answer.ts';
import { acceptsGzip } from '../gzip.ts';
import type { FaceSource } from '../source.ts';
import { chooseFormat, plainFormat } from './accept.ts';
import { openMetricsExposition, plainExposition, unpacked } from './exposition.ts';
import type { KeptObject } from './kept.ts';
import { createOutputMetrics } from './metrics.ts';
import { createOutputReader } from './reader.ts';

export interface KubeStateOptions {
  readonly registry: Registry;
  /** Milliseconds of Unix time. */
  readonly now?: () => number;
  /** Fires when nobody will be answered any more. */
  readonly ended?: AbortSignal;
}

/**
 * `/kube-state/<name>`: the object `metrics/<name>.prom.gz` as it is stored, or as OpenMetrics to who would rather have
 * that. Text that is too old, or that does not say how old it is, is a 503, so that `up` is 0 where the cluster is no
 * longer looked at.
 */
export function kubeStateRoutes(
  sources: readonly FaceSource[],
  { registry, now = Date.now, ended }: KubeStateOptions,
): Hono<{ Bindings: FaceEnv }> {
  const read = createOutputReader(sources, ended);
  const metrics = createOutputMetrics(registry);
  return new Hono<{ Bindings: FaceEnv }>().get('/kube-state/:name', async (context) => {
    const name = context.req.param('name');
    if (!isMetricsName(name)) return textAnswer(404, 'there is no kube-state output of this name');
    const refuse = (reason: 'stale' | 'undated' | 'failed', text: string) => {
      metrics.refused(name, reason);
      return textAnswer(503, text);
    };
    const { signal } = context.req.raw;
    try {
      const found = await read(name, signal);
      if (found === undefined) {
        metrics.forget(name);
        return textAnswer(404, `there is no ${metricsKey(name)} in the store`);
      }
      metrics.found(name, found);
      if (found.head === undefined)
        return refuse('undated', `${metricsKey(name)} does not say when its cluster was listed`);
      const age = now() - found.head.listed.getTime();
      // Its writer's clock, or ours, is wrong: nobody knows how old it is.
      if (age < -longestAge)
        return refuse('undated', `${metricsKey(name)} says that its cluster was listed in the future`);
      if (age > longestAge)
        return refuse(
          'stale',
          `${metricsKey(name)} is stale: its cluster was listed ${Math.round(age / 1000)} s ago`,
        );
      return expositionAnswer(found, found.head.listed, context.req.raw.headers);
    } catch (error) {
      const { kind, message } = toMusterError(error);
      if (kind === 'internal') throw error;
      return refuse('failed', message);
    }
  });
}

function expositionAnswer(found: KeptObject, listed: Date, asked: Headers): Response {
  const wanted = chooseFormat(asked.get('accept'));
  const openMetrics = wanted.openMetrics ? openMetricsExposition(found) : undefined;
  const exposition = openMetrics ?? plainExposition(found);
  const headers = {
    'content-type': (openMetrics === undefined ? plainFormat : wanted).contentType,
    'cache-control': 'no-store',
    'last-modified': listed.toUTCString(),
    'x-content-type-options': 'nosniff',
    vary: 'accept, accept-encoding',
  };
  if (!acceptsGzip(asked.get('accept-encoding')))
    return new Response(ReadableStream.from(unpacked(exposition)), { headers });
  const length = { 'content-encoding': 'gzip', 'content-length': String(exposition.size) };
  return new Response(ReadableStream.from(exposition.chunks()), { headers: { ...headers, ...length } });
}

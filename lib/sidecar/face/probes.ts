import { type Context, Hono } from 'hono';
import type { Registry } from 'prom-client';
import type { Probes, Verdict } from '../health.ts';
import type { FaceEnv } from '../http.ts';
import { answerWith, textAnswer } from './answer.ts';

/** The paths that answer everybody, for a probe has no password; why it is red is told to those who have one. */
export const openPaths: readonly string[] = ['/healthz', '/readyz'];

/** `/metrics`, `/healthz` and `/readyz`. */
export function probeRoutes(health: Probes, registry: Registry): Hono<{ Bindings: FaceEnv }> {
  return new Hono<{ Bindings: FaceEnv }>()
    .get('/healthz', (context) => verdictAnswer(context, health.live()))
    .get('/readyz', (context) => verdictAnswer(context, health.ready()))
    .get('/metrics', async () => answerWith(200, registry.contentType, await registry.metrics()));
}

function verdictAnswer(context: Context<{ Bindings: FaceEnv }>, { ok, reason }: Verdict): Response {
  const text = context.env.admitted ? reason : ok ? 'ok' : 'not ok';
  return textAnswer(ok ? 200 : 503, text);
}

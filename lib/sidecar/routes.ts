import type { Registry } from 'prom-client';
import type { Health, Verdict } from './health.ts';
import { type FaceAnswer, type Route, textAnswer } from './http.ts';

/** What every sidecar serves: `/metrics`, `/healthz` and `/readyz`. */
export function probeRoutes(health: Health, registry: Registry): readonly Route[] {
  return [
    { path: '/healthz', answer: () => verdictAnswer(health.live()) },
    { path: '/readyz', answer: () => verdictAnswer(health.ready()) },
    {
      path: '/metrics',
      answer: async () => ({ status: 200, type: registry.contentType, body: await registry.metrics() }),
    },
  ];
}

function verdictAnswer({ ok, reason }: Verdict): FaceAnswer {
  return textAnswer(ok ? 200 : 503, reason);
}

import { Hono } from 'hono';
import { Gauge, type Registry } from 'prom-client';
import { toMusterError } from '../../errors.ts';
import type { Logger } from '../../telemetry/log.ts';
import { schedulerMetrics } from '../../telemetry/metrics.ts';
import type { Probes } from '../health.ts';
import type { FaceEnv, FaceOptions } from '../http.ts';
import { textAnswer } from './answer.ts';
import { apiRoutes } from './api.ts';
import { kubeStateRoutes } from './kube-state/routes.ts';
import { createModel } from './model.ts';
import { countOutputs } from './output-metrics.ts';
import { missing, pageRoutes } from './page/routes.ts';
import { underPrefix } from './prefix.ts';
import { openPaths, probeRoutes } from './probes.ts';
import { sdRoutes } from './sd.ts';
import type { FaceSource } from './source.ts';

export interface FaceAppOptions {
  readonly sources: readonly FaceSource[];
  readonly health: Probes;
  readonly registry: Registry;
  readonly log: Logger;
  /** Milliseconds since a provider's last success after which the page calls it stale. Default 15 minutes. */
  readonly providerStaleAfter?: number;
  /** Milliseconds of Unix time. */
  readonly now?: () => number;
  /** Path below which a proxy shows all of it, as in `/muster`. Default: none. */
  readonly prefix?: string;
  /** Says why the configuration as it is now is not in force, empty where it is; absent where there is none. */
  readonly configProblem?: () => string;
  /** When the configuration in force was taken over, in milliseconds of Unix time. */
  readonly configLoadedAt?: () => number;
  /** Says what of the configuration is left to Prometheus; empty for nothing. */
  readonly configNote?: () => string;
  /** Fires when nobody will be answered any more. */
  readonly ended?: AbortSignal;
}

/** All that the sidecar serves: probes, metrics, http_sd, kube-state outputs, the page and its JSON. */
export function createFaceApp(options: FaceAppOptions): FaceOptions['answer'] {
  const {
    sources,
    health,
    registry,
    log,
    now = Date.now,
    ended,
    prefix = '',
    configProblem,
    configNote,
  } = options;
  const staleAfter = options.providerStaleAfter ?? 15 * 60_000;
  const model = createModel({
    ...{ sources, health, now, staleAfter },
    ...(configProblem && { configProblem }),
    ...(configNote && { configNote }),
  });
  countConfig(registry, options);
  countOutputs(registry, sources);
  const app = new Hono<{ Bindings: FaceEnv }>();
  app.use(async (context, next) => {
    if (context.env.admitted || openPaths.includes(context.req.path)) return next();
    return textAnswer(401, 'not without a name and password, or a token', {
      'www-authenticate': 'Basic realm="muster", charset="UTF-8"',
    });
  });
  app.route('/', probeRoutes(health, registry));
  app.route('/', sdRoutes(sources));
  app.route('/', kubeStateRoutes(sources, { registry, now, ...(ended && { ended }) }));
  app.route('/api/v1', apiRoutes(model));
  app.route('/', pageRoutes(model));
  // A program is told in a line, a person on a page from which it goes on.
  app.notFound(({ req }) =>
    req.header('accept')?.includes('text/html')
      ? missing('There is nothing here')
      : textAnswer(404, 'there is nothing here'),
  );
  app.onError((error, { req }) => {
    if (req.raw.signal.aborted) return textAnswer(503, 'the request was given up');
    log.error('a request failed', { path: req.path.slice(0, 200), error: toMusterError(error) });
    return textAnswer(500, 'internal error; the log of the sidecar says more');
  });
  return underPrefix(prefix, (request, env) => app.fetch(request, env));
}

function countConfig(
  registry: Registry,
  { configProblem, configLoadedAt }: Pick<FaceAppOptions, 'configProblem' | 'configLoadedAt'>,
): void {
  const { configGood, configLoaded } = schedulerMetrics;
  const gauge = ({ name, help }: typeof configGood | typeof configLoaded, value: () => number) =>
    new Gauge({
      ...{ name, help, registers: [registry] },
      collect() {
        this.set(value());
      },
    });
  if (configProblem !== undefined) gauge(configGood, () => (configProblem() === '' ? 1 : 0));
  if (configLoadedAt !== undefined) gauge(configLoaded, () => configLoadedAt() / 1000);
}

import { type Context, Hono } from 'hono';
import { Gauge, type Registry } from 'prom-client';
import { MusterError, toMusterError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { schedulerMetrics } from '../base/metrics.ts';
import { healthOf, type Probes, type Verdict } from './mirror/health.ts';
import type { MirroredSource } from './mirror/sources.ts';
import type { MirrorView } from './mirror/target-files.ts';
import { missing, pageRoutes } from './page/routes.ts';
import { answerWith, textAnswer } from './serve/answer.ts';
import { apiRoutes } from './serve/api.ts';
import {
  type HttpServer,
  type HttpServerOptions,
  openHttpServer,
  openPaths,
  type RequestEnv,
} from './serve/http.ts';
import { kubeStateRoutes } from './serve/kube-state.ts';
import { countOutputs } from './serve/metrics.ts';
import { type ConfigReport, createModel } from './serve/model.ts';
import { sdRoutes } from './serve/sd.ts';
import { openGate } from './serve/web-gate.ts';

/** The server of a sidecar: what it shows, where it listens, and who may read. */
export interface ServeOptions extends ConfigReport, Pick<SidecarAppOptions, 'providerStaleAfter'> {
  readonly sources: readonly MirroredSource[];
  readonly registry: Registry;
  readonly listen: string;
  /** File in the format of Prometheus's `--web.config.file`. */
  readonly webConfig?: string | undefined;
  /** The sidecar's URL for readers, where a proxy serves it below a path. */
  readonly externalUrl?: string | undefined;
  readonly log: Logger;
}

/** Starts the HTTP server of a sidecar. Throws `config` when it cannot listen. */
export async function serve(options: ServeOptions): Promise<HttpServer> {
  const { listen, webConfig, log, sources, externalUrl, ...rest } = options;
  const ended = new AbortController();
  const answer = createSidecarApp({
    ...rest,
    ended: ended.signal,
    prefix: externalUrl === undefined ? undefined : prefixOf(externalUrl),
    log,
    health: healthOf(sources),
    sources: sources.map(({ health, ...source }) => ({ ...source, ready: () => health.hasSucceeded() })),
  });
  const gate = webConfig === undefined ? undefined : await openGate({ path: webConfig, log });
  const close = async (server?: HttpServer) => {
    gate?.close();
    await server?.[Symbol.asyncDispose]();
    ended.abort();
  };
  try {
    const server = await openHttpServer({ listen, answer, log, gate });
    return { address: server.address, [Symbol.asyncDispose]: () => close(server) };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The data that the answers are made of. */
export interface SidecarAppOptions extends ConfigReport {
  readonly sources: readonly MirrorView[];
  readonly health: Probes;
  readonly registry: Registry;
  readonly log: Logger;
  /** Milliseconds since a provider's last success after which the page calls it stale. Default 15 minutes. */
  readonly providerStaleAfter?: number | undefined;
  /** Milliseconds of Unix time. */
  readonly now?: (() => number) | undefined;
  /** Path below which a proxy serves the sidecar, as in `/muster`. Default: none. */
  readonly prefix?: string | undefined;
  /** Fires when the server has closed. */
  readonly ended?: AbortSignal | undefined;
}

/** Everything that the sidecar serves: probes, metrics, http_sd, kube-state outputs, the page and its JSON. */
export function createSidecarApp(options: SidecarAppOptions): HttpServerOptions['answer'] {
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
    sources,
    health,
    now,
    staleAfter,
    configProblem,
    configNote,
    ended,
  });
  countConfig(registry, options);
  countOutputs(registry, sources);
  const app = new Hono<{ Bindings: RequestEnv }>();
  app.use(async (context, next) => {
    if (context.env.admitted || openPaths.includes(context.req.path)) return next();
    return textAnswer(401, 'sign in with a name and password, or with a token', {
      'www-authenticate': 'Basic realm="muster", charset="UTF-8"',
    });
  });
  app.route('/', probeRoutes(health, registry));
  app.route('/', sdRoutes(sources));
  app.route('/', kubeStateRoutes(sources, { registry, now, ended }));
  app.route('/api/v1', apiRoutes(model));
  app.route('/', pageRoutes(model));
  // A program gets one line, a person a page with a link.
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

/** `/metrics`, `/healthz` and `/readyz`. */
function probeRoutes(health: Probes, registry: Registry): Hono<{ Bindings: RequestEnv }> {
  return new Hono<{ Bindings: RequestEnv }>()
    .get('/healthz', (context) => verdictAnswer(context, health.live()))
    .get('/readyz', (context) => verdictAnswer(context, health.ready()))
    .get('/metrics', async () => answerWith(200, registry.contentType, await registry.metrics()));
}

function verdictAnswer(context: Context<{ Bindings: RequestEnv }>, { ok, reason }: Verdict): Response {
  const text = context.env.admitted ? reason : ok ? 'ok' : 'not ok';
  return textAnswer(ok ? 200 : 503, text);
}

function countConfig(registry: Registry, { configProblem, configLoadedAt }: ConfigReport): void {
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

/**
 * The path of the URL at which readers see the sidecar: `/muster` for `https://example.com/muster/`, empty for the
 * root. Throws `config` for anything else.
 */
export function prefixOf(externalUrl: string): string {
  const url = URL.canParse(externalUrl) ? new URL(externalUrl) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '')
    throw new MusterError(
      'config',
      `${JSON.stringify(externalUrl)} is not the URL of a site: write it as in https://example.com/muster`,
    );
  return url.pathname.replace(/\/+$/, '');
}

/**
 * The same answers behind a proxy: pages link below the prefix, and requests are found whether the proxy removes the
 * prefix or not.
 */
function underPrefix(prefix: string, answer: HttpServerOptions['answer']): HttpServerOptions['answer'] {
  if (prefix === '') return answer;
  return async (request, env) => {
    const { pathname, search, origin } = new URL(request.url);
    const inside = pathname === prefix || pathname.startsWith(`${prefix}/`);
    const path = inside ? pathname.slice(prefix.length) || '/' : pathname;
    const found = await answer(inside ? new Request(`${origin}${path}${search}`, request) : request, env);
    return relink(found, prefix);
  };
}

async function relink(answer: Response, prefix: string): Promise<Response> {
  const location = answer.headers.get('location');
  if (location?.startsWith('/')) answer.headers.set('location', prefix + location);
  if (answer.headers.get('content-type')?.startsWith('text/html') !== true) return answer;
  // Quotes in other text are escaped, so only our own links look like this.
  const text = (await answer.text()).replace(/ (href|src|action)="\//g, (_, name) => ` ${name}="${prefix}/`);
  const { 'content-length': _, ...headers } = Object.fromEntries(answer.headers);
  return answerWith(answer.status, 'text/html; charset=utf-8', text, headers);
}

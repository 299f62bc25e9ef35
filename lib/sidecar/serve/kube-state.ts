import { pipeline } from 'node:stream';
import { createGunzip, gzipSync } from 'node:zlib';
import { Hono } from 'hono';
import { Counter, Gauge, type Registry } from 'prom-client';
import { createLimit } from '../../base/concurrency.ts';
import { toMusterError } from '../../base/errors.ts';
import { longestAge } from '../../kube-state/gzip-header.ts';
import { servedKubeStateMetrics } from '../../kube-state/metrics.ts';
import { isMetricsName, metricsKey } from '../../targets/keys.ts';
import type { MirrorView } from '../mirror/target-files.ts';
import { acceptsGzip, textAnswer } from './answer.ts';
import type { RequestEnv } from './http.ts';
import { type KeptObject, keepObject } from './kept-outputs.ts';

/** Where the metrics of the routes go, and the clock. */
export interface KubeStateOptions {
  readonly registry: Registry;
  /** Milliseconds of Unix time. */
  readonly now?: (() => number) | undefined;
  /** Fires when the server has ended. */
  readonly ended?: AbortSignal | undefined;
}

/**
 * `/kube-state/<name>`: the object `metrics/<name>.prom.gz` as it is stored, or as OpenMetrics to who would rather have
 * that. Text that is too old, or that does not say how old it is, is a 503, so that `up` is 0 where the cluster is no
 * longer looked at.
 */
export function kubeStateRoutes(
  sources: readonly MirrorView[],
  { registry, now = Date.now, ended }: KubeStateOptions,
): Hono<{ Bindings: RequestEnv }> {
  const read = createOutputReader(sources, ended);
  const metrics = createOutputMetrics(registry);
  return new Hono<{ Bindings: RequestEnv }>().get('/kube-state/:name', async (context) => {
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
      // Its writer's clock, or ours, is wrong: its age is unknown.
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

function expositionAnswer(found: KeptObject, listed: Date, requested: Headers): Response {
  const wanted = chooseFormat(requested.get('accept'));
  const openMetrics = wanted.openMetrics ? openMetricsExposition(found) : undefined;
  const exposition = openMetrics ?? plainExposition(found);
  const headers = {
    'content-type': (openMetrics === undefined ? plainFormat : wanted).contentType,
    'cache-control': 'no-store',
    'last-modified': listed.toUTCString(),
    'x-content-type-options': 'nosniff',
    vary: 'accept, accept-encoding',
  };
  if (!acceptsGzip(requested.get('accept-encoding')))
    return new Response(ReadableStream.from(unpacked(exposition)), { headers });
  const length = { 'content-encoding': 'gzip', 'content-length': String(exposition.size) };
  return new Response(ReadableStream.from(exposition.chunks()), { headers: { ...headers, ...length } });
}

/** A text format that a scraper can request. */
export interface ExpositionFormat {
  readonly contentType: string;
  readonly openMetrics: boolean;
}

/** What is understood in Accept; of what fits equally well the first. Source: Prometheus, "Content negotiation". */
const formats = [
  { type: 'text/plain', version: '0.0.4' },
  { type: 'application/openmetrics-text', version: '1.0.0' },
  { type: 'application/openmetrics-text', version: '0.0.1' },
].map(({ type, version }) => ({
  type,
  version,
  contentType: `${type}; version=${version}; charset=utf-8`,
  openMetrics: type === 'application/openmetrics-text',
}));

const plainFormat: ExpositionFormat = {
  contentType: 'text/plain; version=0.0.4; charset=utf-8',
  openMetrics: false,
};

/**
 * The format that an Accept header likes best: the one of the highest weight, and of several of these the one that it
 * names most closely, or first. Text 0.0.4 where it likes none, which everybody reads. Source: RFC 9110, 12.5.1.
 */
export function chooseFormat(accept: string | null | undefined): ExpositionFormat {
  const ranges = (accept ?? '').split(',').map(readRange);
  const [best] = formats
    .flatMap((format) => {
      const fits = ranges.filter((range) => closeness(range, format) > 0);
      const closest = fits.sort((a, b) => closeness(b, format) - closeness(a, format))[0];
      return closest === undefined || closest.weight === 0
        ? []
        : [{ format, closest, close: closeness(closest, format) }];
    })
    .sort(
      (a, b) =>
        b.closest.weight - a.closest.weight || b.close - a.close || a.closest.position - b.closest.position,
    );
  return best?.format ?? plainFormat;
}

interface Range {
  readonly type: string;
  readonly version: string | undefined;
  readonly weight: number;
  readonly position: number;
}

function readRange(text: string, position: number): Range {
  const [type = '', ...parameters] = text
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  const valueFor = (name: string) =>
    parameters
      .find((parameter) => parameter.startsWith(`${name}=`))
      ?.slice(name.length + 1)
      .replace(/^"(.*)"$/, '$1');
  const weight = Number(valueFor('q') ?? 1);
  return { type, version: valueFor('version'), weight: weight >= 0 && weight <= 1 ? weight : 0, position };
}

/** How closely a range names a format: not at all, as anything, its kind, its type, or its version. */
function closeness({ type, version }: Range, format: (typeof formats)[number]): number {
  if (type === '*/*') return 1;
  if (type === format.type.replace(/\/.*/, '/*')) return 2;
  if (type !== format.type) return 0;
  if (version === undefined) return 3;
  return version === format.version ? 4 : 0;
}

/** A kept output in one of the formats, gzipped. */
interface Exposition {
  /** Bytes. */
  readonly size: number;
  readonly chunks: () => AsyncGenerator<Uint8Array, undefined>;
}

/** As it is stored: text 0.0.4. */
function plainExposition({ size, read }: KeptObject): Exposition {
  return { size, chunks: () => read(0, size) };
}

/**
 * As OpenMetrics: the members that read differently replaced, and its last line behind. All else is passed on as it is
 * stored. `undefined` where the object does not say, or not soundly, how it reads so.
 */
function openMetricsExposition({ head, size, read }: KeptObject): Exposition | undefined {
  if (head?.splices === undefined) return undefined;
  const pieces: Piece[] = [];
  let from = head.length;
  for (const { at, length, text } of head.splices) {
    const start = head.length + at;
    pieces.push({ from, to: start }, gzipSync(text));
    from = start + length;
  }
  if (from > size) return undefined;
  pieces.push({ from, to: size }, gzipSync('# EOF\n'));
  return {
    size: pieces.reduce((sum, piece) => sum + ('from' in piece ? piece.to - piece.from : piece.length), 0),
    async *chunks() {
      for (const piece of pieces) {
        if ('from' in piece) yield* read(piece.from, piece.to);
        else yield piece;
      }
      return undefined;
    },
  };
}

/** Unpacked. Fails at its end where the gzip is not whole. */
async function* unpacked({ chunks }: Exposition): AsyncGenerator<Uint8Array, undefined> {
  const plain = createGunzip();
  // What fails shows in what comes out.
  pipeline(chunks, plain, () => undefined);
  yield* plain;
  return undefined;
}

type Piece = Uint8Array | { readonly from: number; readonly to: number };

/** The object of an output as it is in the store now, held until the signal fires; `undefined` where there is none. */
type ReadOutput = (name: string, signal: AbortSignal) => Promise<KeptObject | undefined>;

/** Bytes of one gzipped output; kube-state of 50,000 pods has about 57 MB. */
const maxBytes = 512 * 2 ** 20;

/**
 * Keeps the last object of each name on disk, so that one that did not change is asked for and not fetched; until
 * `ended` fires.
 */
function createOutputReader(sources: readonly MirrorView[], ended?: AbortSignal): ReadOutput {
  const kept = new Map<string, KeptObject>();
  ended?.addEventListener('abort', () => {
    for (const object of kept.values()) object.drop();
    kept.clear();
  });
  const inTurn = createTurns();
  const limit = createLimit(4);

  async function readFrom(
    { name: source, store, folder }: MirrorView,
    name: string,
    signal: AbortSignal,
  ): Promise<KeptObject | undefined> {
    const id = JSON.stringify([source, name]);
    // Who asks for what is just being fetched waits for it, and finds it unchanged.
    return inTurn(id, async () => {
      const old = kept.get(id);
      const found = await store.openIfChanged(metricsKey(name), old?.etag, { maxBytes, signal });
      const fresh = found === 'unchanged' ? old : found && (await keepObject(found, folder.temporary()));
      if (fresh !== old) {
        old?.drop();
        if (fresh === undefined) kept.delete(id);
        else kept.set(id, fresh);
      }
      fresh?.holdUntil(signal);
      return fresh;
    });
  }

  return (name, signal) =>
    limit(async () => {
      for (const source of sources) {
        const found = await readFrom(source, name, signal);
        if (found !== undefined) return found;
      }
      return undefined;
    });
}

/** Runs work of the same name one after another. */
function createTurns(): <T>(name: string, work: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return async (name, work) => {
    const before = last.get(name);
    const turn = before === undefined ? work() : before.then(work, work);
    last.set(name, turn);
    try {
      return await turn;
    } finally {
      if (last.get(name) === turn) last.delete(name);
    }
  };
}

/** Metrics of the outputs that were requested. */
interface OutputMetrics {
  found(name: string, output: Pick<KeptObject, 'size' | 'head'>): void;
  refused(name: string, reason: string): void;
  /** There is no such output any more, or never was: a stranger's words are no labels. */
  forget(name: string): void;
}

function createOutputMetrics(registry: Registry): OutputMetrics {
  const { listed, bytes, refusals } = servedKubeStateMetrics;
  const registers = [registry];
  const listedAt = new Gauge({ ...optionsOf(listed), registers });
  const size = new Gauge({ ...optionsOf(bytes), registers });
  const refused = new Counter({ ...optionsOf(refusals), registers });
  const known = new Set<string>();
  return {
    found(output, { size: length, head }) {
      known.add(output);
      size.set({ output }, length);
      if (head === undefined) listedAt.remove({ output });
      else listedAt.set({ output }, head.listed.getTime() / 1000);
      refused.inc({ output, reason: 'stale' }, 0);
    },
    refused(output, reason) {
      if (known.has(output)) refused.inc({ output, reason });
    },
    forget(output) {
      if (!known.delete(output)) return;
      for (const gauge of [listedAt, size]) gauge.remove({ output });
    },
  };
}

function optionsOf<Label extends string>(metric: {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly Label[];
}) {
  return { name: metric.name, help: metric.help, labelNames: metric.labels };
}

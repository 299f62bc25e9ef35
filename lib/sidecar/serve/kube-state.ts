import { type FileHandle, open, unlink } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Hono } from 'hono';
import { Counter, Gauge, type Registry } from 'prom-client';
import { createLimit } from '../../base/concurrency.ts';
import { diskError } from '../../base/disk-errors.ts';
import { toMusterError } from '../../base/errors.ts';
import { readPieces } from '../../base/files.ts';
import { headerLength, longestAge, readGzipTime } from '../../kube-state/gzip-time.ts';
import { servedKubeStateMetrics } from '../../kube-state/metrics.ts';
import type { OpenedObject } from '../../store/store.ts';
import { isMetricsName, metricsKey } from '../../targets/keys.ts';
import type { MirrorView } from '../mirror/target-files.ts';
import { acceptsGzip, textAnswer } from './answer.ts';
import type { RequestEnv } from './http.ts';

/** Where the metrics of the routes go, and the clock. */
export interface KubeStateOptions {
  readonly registry: Registry;
  /** Milliseconds of Unix time. */
  readonly now?: (() => number) | undefined;
  /** Fires when the server has ended. */
  readonly ended?: AbortSignal | undefined;
}

/**
 * `/kube-state/<name>`: the object `metrics/<name>.prom.gz` as it is stored, in text 0.0.4, which every scraper reads.
 * A text that is too old, or that does not say how old it is, is a 503, so that `up` is 0 where the cluster is no
 * longer listed.
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
      if (found.listed === undefined)
        return refuse('undated', `${metricsKey(name)} does not say when its cluster was listed`);
      const age = now() - found.listed.getTime();
      // Its writer's clock, or ours, is wrong: its age is unknown.
      if (age < -longestAge)
        return refuse('undated', `${metricsKey(name)} says that its cluster was listed in the future`);
      if (age > longestAge)
        return refuse(
          'stale',
          `${metricsKey(name)} is stale: its cluster was listed ${Math.round(age / 1000)} s ago`,
        );
      return expositionAnswer(found, found.listed, context.req.raw.headers);
    } catch (error) {
      const { kind, message } = toMusterError(error);
      if (kind === 'internal') throw error;
      return refuse('failed', message);
    }
  });
}

function expositionAnswer({ size, chunks }: KeptObject, listed: Date, requested: Headers): Response {
  const headers = {
    'content-type': 'text/plain; version=0.0.4; charset=utf-8',
    'cache-control': 'no-store',
    'last-modified': listed.toUTCString(),
    'x-content-type-options': 'nosniff',
    vary: 'accept-encoding',
  };
  if (!acceptsGzip(requested.get('accept-encoding')))
    return new Response(ReadableStream.from(unpacked(chunks())), { headers });
  const length = { 'content-encoding': 'gzip', 'content-length': String(size) };
  return new Response(ReadableStream.from(chunks()), { headers: { ...headers, ...length } });
}

/** The text of a gzip. Fails at its end where the gzip is not whole. */
async function* unpacked(gzip: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, undefined> {
  const plain = createGunzip();
  // What fails shows in what comes out.
  pipeline(gzip, plain, () => undefined);
  yield* plain;
  return undefined;
}

/** The object of an output as it is in the store now, held until the signal fires; `undefined` if there is none. */
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
    // A request for an output that is being fetched waits for it, and finds it unchanged.
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
  found(name: string, output: Pick<KeptObject, 'size' | 'listed'>): void;
  refused(name: string, reason: string): void;
  /** There is no such output any more, or never was: a stranger's words are no labels. */
  forget(name: string): void;
}

function createOutputMetrics(registry: Registry): OutputMetrics {
  const { bytes, refusals } = servedKubeStateMetrics;
  const registers = [registry];
  const listedAt = new Gauge({ ...optionsOf(servedKubeStateMetrics.listed), registers });
  const size = new Gauge({ ...optionsOf(bytes), registers });
  const refused = new Counter({ ...optionsOf(refusals), registers });
  const known = new Set<string>();
  return {
    found(output, { size: length, listed }) {
      known.add(output);
      size.set({ output }, length);
      if (listed === undefined) listedAt.remove({ output });
      else listedAt.set({ output }, listed.getTime() / 1000);
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

/** A copy of an object on disk, so that any number of readers share it and none holds it in memory. */
interface KeptObject {
  readonly etag: string;
  /** Bytes. */
  readonly size: number;
  /** When its cluster was listed; `undefined` if it does not say so. */
  readonly listed: Date | undefined;
  /** Its bytes, in pieces. */
  readonly chunks: () => AsyncGenerator<Uint8Array, undefined>;
  /** Keeps it readable until the signal fires. */
  readonly holdUntil: (signal: AbortSignal) => void;
  /** Gives the disk space back, as soon as no reader holds it. */
  readonly drop: () => void;
}

/**
 * Copies an object into a new file which loses its name at once: it goes away with this process, however that ends.
 * Throws what the store throws and, kind `storage`, what the disk does; then nothing is left.
 */
async function keepObject({ etag, chunks }: OpenedObject, path: string): Promise<KeptObject> {
  let file: FileHandle | undefined;
  try {
    const start: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of chunks) {
      file ??= await openUnnamed(path);
      if (size < headerLength) start.push(chunk);
      size += chunk.length;
      await file.writeFile(chunk);
    }
    file ??= await openUnnamed(path);
    return keptObject(file, { etag, size, listed: readGzipTime(Buffer.concat(start)) });
  } catch (error) {
    await file?.close();
    throw diskError(`keep a copy in ${path}`, error);
  }
}

async function openUnnamed(path: string): Promise<FileHandle> {
  const file = await open(path, 'wx+', 0o600);
  await unlink(path);
  return file;
}

function keptObject(file: FileHandle, facts: Pick<KeptObject, 'etag' | 'size' | 'listed'>): KeptObject {
  let holders = 0;
  let dropped = false;
  const closeIfUnused = () => {
    // Waits for a read that is on its way. Nothing was written that a failure could lose.
    if (dropped && holders === 0) file.close().catch(() => undefined);
  };
  return {
    ...facts,
    chunks: () => readPieces(file, 0, facts.size),
    holdUntil(signal) {
      if (signal.aborted) return;
      holders += 1;
      signal.addEventListener('abort', () => {
        holders -= 1;
        closeIfUnused();
      });
    },
    drop() {
      dropped = true;
      closeIfUnused();
    },
  };
}

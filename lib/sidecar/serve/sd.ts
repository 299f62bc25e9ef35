import { type Context, Hono } from 'hono';
import { createLimit } from '../../base/concurrency.ts';
import { toMusterError } from '../../base/errors.ts';
import { readStatus } from '../../cycle/status.ts';
import { readTombstone } from '../../cycle/tombstone.ts';
import type { ObjectStore } from '../../store/store.ts';
import { folders, type ProviderId } from '../../targets/keys.ts';
import { etagOfFiles, joinFiles } from '../mirror/file-list.ts';
import { incompleteness } from '../mirror/folder.ts';
import { type MirrorView, segmentFor, targetFiles } from '../mirror/target-files.ts';
import { textAnswer } from './answer.ts';
import type { RequestEnv } from './http.ts';

/**
 * What Prometheus's http_sd asks: `/sd/<job>` (or `/sd?job=`, which takes any name), and `/sd` for all jobs. The answer
 * is the whole list as it lies on disk, or an error, on which Prometheus keeps what it has: never a part, and never an
 * empty list by accident. Source: Prometheus, "Writing HTTP service discovery".
 */
export function sdRoutes(sources: readonly MirrorView[]): Hono<{ Bindings: RequestEnv }> {
  const lookups = createLimit(4);

  async function answer(context: Context, job: string | undefined): Promise<Response> {
    const waiting = sources.find(({ ready }) => !ready());
    if (waiting !== undefined)
      return textAnswer(503, `${waiting.store.url} was not yet mirrored as a whole; ask again`);
    const lacking = whatIsLacking(sources, job);
    if (lacking !== undefined) return textAnswer(503, lacking);
    const provider = context.req.query('provider');
    const files = targetFiles(sources, job).filter((file) => (provider ?? file.provider) === file.provider);
    if (files.length === 0 && provider !== undefined)
      return textAnswer(404, 'no file of this provider is mirrored');
    if (files.length === 0) {
      return job === undefined
        ? textAnswer(503, 'no target file was mirrored; is this the right store?')
        : lookups(() => answerWithoutFiles(sources, job, context.req.raw.signal));
    }
    const paths = files.map(({ path }) => path);
    const etag = await etagOfFiles(paths);
    if (etag === undefined) return textAnswer(503, 'a target file is missing on disk; ask again');
    const headers = {
      'content-type': 'application/json',
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
      etag,
    };
    if (holds(context.req.header('if-none-match'), etag)) return new Response(null, { status: 304, headers });
    return new Response(ReadableStream.from(joinFiles(paths)), { headers });
  }

  return new Hono<{ Bindings: RequestEnv }>()
    .get('/sd', (context) => answer(context, context.req.query('job')))
    .get('/sd/:job{.+}', (context) => answer(context, context.req.param('job')));
}

/** A job is not served while one of its providers has no good file: the rest would look like the whole. */
function whatIsLacking(sources: readonly MirrorView[], job: string | undefined): string | undefined {
  const segment = job === undefined ? undefined : segmentFor(job);
  if (job !== undefined && segment === undefined) return undefined;
  return sources.map(({ folder }) => incompleteness(folder, segment)).find((one) => one !== undefined);
}

/** A job that has no file is either gone for good, which is an empty list, or not there (yet), which is an error. */
async function answerWithoutFiles(
  sources: readonly MirrorView[],
  job: string,
  signal: AbortSignal,
): Promise<Response> {
  try {
    const traces = await Promise.all(sources.map(({ store }) => traceOf(store, job, signal)));
    if (traces.includes('live'))
      return textAnswer(503, 'no target file of this job was mirrored yet; ask again');
    if (traces.includes('lost'))
      return textAnswer(
        503,
        'the store knows this job, but has no list of it and no tombstone that says it was retired',
      );
    if (!traces.includes('retired')) return textAnswer(404, 'there is no job of this name in the store');
    return new Response('[]\n', {
      headers: { 'content-type': 'application/json', 'cache-control': 'no-cache' },
    });
  } catch (error) {
    return textAnswer(503, `no target file of this job was mirrored: ${toMusterError(error).message}`);
  }
}

/** Whether an If-None-Match header names the etag, as weakly as it may. Source: RFC 9110, 13.1.2. */
function holds(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  const opaque = (tag: string) => tag.trim().replace(/^W\//, '');
  return header.trim() === '*' || header.split(',').some((tag) => opaque(tag) === opaque(etag));
}

/**
 * What a store knows of a job. `live`: it has a list, or a provider that is not retired; `retired`: each provider
 * that it knows has a tombstone; `lost`: a journal, but no list and no tombstone; `none`: nothing.
 */
type Trace = 'live' | 'retired' | 'lost' | 'none';

/**
 * Looks for a job that has no target file. Retiring a provider leaves a tombstone and its journal; a journal without
 * a tombstone is a job whose list got lost. Throws what the store throws, and for a tombstone that cannot be read.
 */
async function traceOf(store: ObjectStore, job: string, signal: AbortSignal): Promise<Trace> {
  const segment = segmentFor(job);
  if (segment === undefined) return 'none';
  const namesIn = async (folder: string) => {
    const prefix = `${folder}${segment}/`;
    const listed = await store.list(prefix, { signal });
    return listed.map(({ key }) => key.slice(prefix.length).replace(/[./].*$/s, ''));
  };
  // In this order: what is retired in between has left its target file and status, and shows in the rest.
  const published = await namesIn(folders.targets);
  if (published.length > 0) return 'live';
  const alive = new Set(await namesIn(folders.status));
  const known = new Set([...alive, ...(await namesIn(folders.journal)), ...(await namesIn(folders.retired))]);
  let trace: Trace = 'none';
  for (const provider of known) {
    const fate = await fateOf(store, { job, provider }, alive.has(provider), signal);
    if (fate === 'live') return 'live';
    if (trace !== 'lost') trace = fate;
  }
  return trace;
}

async function fateOf(
  store: ObjectStore,
  id: ProviderId,
  hasStatus: boolean,
  signal: AbortSignal,
): Promise<Exclude<Trace, 'none'>> {
  const tombstone = await readTombstone(store, id, signal);
  if (tombstone === undefined) return hasStatus ? 'live' : 'lost';
  if (!hasStatus) return 'retired';
  // A retirement deletes the status last; a provider that came back has a later version in it.
  const { status } = await readStatus(store, id, signal);
  return status !== undefined && status.version <= tombstone.version ? 'retired' : 'live';
}

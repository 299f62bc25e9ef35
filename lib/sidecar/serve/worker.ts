import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { compare } from 'bcryptjs';
import { MusterError } from '../../base/errors.ts';
import type { TargetFile } from '../mirror/target-files.ts';
import { type DroppedOptions, type DroppedResult, findDropped } from '../search/dropped.ts';
import type { Query } from '../search/query.ts';
import { type SearchResult, searchTargets } from '../search/search.ts';

/** What takes so much CPU that the main thread, which answers the probes, has it done elsewhere. */
export interface Work {
  readonly password: { readonly ask: PasswordWork; readonly answer: boolean };
  readonly search: { readonly ask: SearchWork; readonly answer: SearchResult };
  readonly dropped: { readonly ask: DroppedWork; readonly answer: DroppedResult };
}

interface PasswordWork {
  readonly password: string;
  /** bcrypt's. */
  readonly hash: string;
}

type DroppedWork = Omit<DroppedOptions, 'signal'>;

interface SearchWork {
  readonly files: readonly TargetFile[];
  readonly query: Query;
  readonly offset: number;
  readonly limit: number;
}

type Kind = keyof Work;

/** A thread beside the main one, started with the first work and ended when there was none for a while. */
export interface WorkThread<K extends Kind> {
  /** Throws what the work throws, as a MusterError, and the signal's reason once it fires. */
  run(ask: Work[K]['ask'], signal?: AbortSignal): Promise<Work[K]['answer']>;
}

/** This argument marks such a thread: a bundle is one file for all. */
const workerArgument = '--muster-worker';

/** Milliseconds without work after which the thread and its memory are given back. */
const idleTime = 10_000;

/** A thread for one kind of work. */
export function createWorkThread<K extends Kind>(kind: K): WorkThread<K> {
  const open = new Map<number, Waiting<Work[K]['answer']>>();
  let worker: Worker | undefined;
  let last = 0;
  let idle: NodeJS.Timeout | undefined;

  const end = (error?: Error) => {
    const ended = worker;
    worker = undefined;
    clearTimeout(idle);
    for (const { reject } of open.values())
      reject(
        new MusterError('internal', `the thread for ${kind} work ended: ${error?.message ?? 'no reason'}`),
      );
    open.clear();
    void ended?.terminate();
  };
  const start = () => {
    const made = new Worker(new URL(import.meta.url), {
      argv: [workerArgument],
      // What is searched goes by in pieces; a foreign file of 16 MB is the most that is held.
      resourceLimits: { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 8 },
    });
    made.on('message', ({ id, answer, error }: WorkAnswer<Work[K]['answer']>) => {
      const waiting = open.get(id);
      open.delete(id);
      if (error !== undefined) waiting?.reject(new MusterError('internal', error));
      else if (answer !== undefined) waiting?.resolve(answer);
      if (open.size === 0) idle = setTimeout(end, idleTime).unref();
    });
    made.once('error', (error) => {
      if (worker === made) end(error);
    });
    made.once('exit', () => {
      if (worker === made) end();
    });
    // It keeps no process alive. A listener would undo this, so that it comes last.
    made.unref();
    return made;
  };

  return {
    run(ask, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        clearTimeout(idle);
        worker ??= start();
        last += 1;
        const id = last;
        const giveUp = () => {
          open.delete(id);
          worker?.postMessage({ id, stop: true });
          reject(signal?.reason);
        };
        const settled = () => signal?.removeEventListener('abort', giveUp);
        open.set(id, {
          resolve(answer) {
            settled();
            resolve(answer);
          },
          reject(error) {
            settled();
            reject(error);
          },
        });
        signal?.addEventListener('abort', giveUp, { once: true });
        worker.postMessage({ id, kind, ask });
      });
    },
  };
}

interface Waiting<T> {
  resolve(answer: T): void;
  reject(error: unknown): void;
}

interface WorkAnswer<T> {
  readonly id: number;
  readonly answer?: T | undefined;
  readonly error?: string | undefined;
}

type WorkRequest = { readonly id: number } & (
  | { readonly stop: true }
  | { readonly kind: 'password'; readonly ask: PasswordWork }
  | { readonly kind: 'search'; readonly ask: SearchWork }
  | { readonly kind: 'dropped'; readonly ask: DroppedWork }
);

/** The other side: does each request until the thread is ended. */
function serveWork(port: NonNullable<typeof parentPort>): void {
  const stops = new Map<number, AbortController>();
  port.on('message', async (request: WorkRequest) => {
    if ('stop' in request) return stops.get(request.id)?.abort();
    const stop = new AbortController();
    stops.set(request.id, stop);
    try {
      port.postMessage({ id: request.id, answer: await doWork(request, stop.signal) });
    } catch (error) {
      port.postMessage({ id: request.id, error: error instanceof Error ? error.message : String(error) });
    } finally {
      stops.delete(request.id);
    }
  });
}

function doWork(
  request: Exclude<WorkRequest, { stop: true }>,
  signal: AbortSignal,
): Promise<boolean | SearchResult | DroppedResult> {
  if (request.kind === 'password') return compare(request.ask.password, request.ask.hash);
  if (request.kind === 'dropped') return findDropped({ ...request.ask, signal });
  const { files, ...rest } = request.ask;
  return searchTargets(files, { ...rest, signal });
}

if (!isMainThread && parentPort !== null && process.argv.includes(workerArgument)) serveWork(parentPort);

import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { compare } from 'bcryptjs';
import { createLimit } from '../../base/concurrency.ts';
import { MusterError, toMusterError } from '../../base/errors.ts';
import type { ListedObject, ObjectStore, StoredObject } from '../../store/store.ts';
import type { TargetFile } from '../mirror/target-files.ts';
import { type DroppedOptions, type DroppedResult, findDropped } from '../search/dropped.ts';
import { listPast, type PastOptions } from '../search/past.ts';
import type { Query } from '../search/query.ts';
import { type SearchResult, searchTargets } from '../search/search.ts';

/** What takes so much CPU that the main thread, which answers the probes, has it done elsewhere. */
export interface Work {
  readonly password: { readonly ask: PasswordWork; readonly answer: boolean };
  readonly search: { readonly ask: SearchWork; readonly answer: SearchResult };
  readonly dropped: { readonly ask: DroppedWork; readonly answer: DroppedResult };
  /** It reads a store, which the main thread does for it. */
  readonly past: { readonly ask: PastOptions; readonly answer: SearchResult };
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

/** Work that a thread beside the main one does. */
export interface WorkThread<K extends Kind> {
  /** Throws what the work throws, as a MusterError, and the signal's reason once it fires. */
  run(ask: Work[K]['ask'], signal?: AbortSignal, store?: ReadableStore): Promise<Work[K]['answer']>;
}

/** What a thread may ask of a store. */
type ReadableStore = Pick<ObjectStore, 'get' | 'list'>;

/** What a thread asks of a store: an object, or the keys of a folder. */
type StoreCall = { readonly number: number } & ({ readonly get: string } | { readonly list: string });

/** What the main thread read for it, or why it could not. */
interface StoreReply {
  readonly number: number;
  readonly object?: StoredObject | undefined;
  readonly keys?: readonly ListedObject[] | undefined;
  readonly problem?: string | undefined;
}

/** Objects that are read for a thread at a time, and bytes of one at most. */
const parallelReads = 16;
const largestRead = 32 << 20;

/** This argument marks such a thread: a bundle is one file for all. */
const workerArgument = '--muster-worker';

/** Milliseconds without work after which the thread and its memory are given back. */
const idleTime = 10_000;

/** Where work is done: one thread, started when there is work and ended when there was none for a while. */
export interface WorkHost {
  /** The thread, for work that begins. */
  enter(): Worker;
  /** That work has ended. */
  leave(): void;
}

/**
 * A host for one kind of work, or for several that share its memory and take turns. `ended` ends the thread, and with
 * it the work under way; later work starts another.
 */
export function createWorkHost(ended?: AbortSignal): WorkHost {
  let worker: Worker | undefined;
  let underWay = 0;
  let idle: NodeJS.Timeout | undefined;
  const start = () => {
    const made = new Worker(new URL(import.meta.url), {
      argv: [workerArgument],
      // What is searched goes by in pieces; a foreign file of 16 MB is the most that is held.
      resourceLimits: { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 8 },
    });
    const lost = () => {
      if (worker === made) worker = undefined;
    };
    return made.once('error', lost).once('exit', lost);
  };
  const end = () => {
    clearTimeout(idle);
    void worker?.terminate();
    worker = undefined;
  };
  ended?.addEventListener('abort', end, { once: true });
  return {
    enter() {
      clearTimeout(idle);
      underWay += 1;
      worker ??= start();
      return worker;
    },
    leave() {
      underWay -= 1;
      if (underWay === 0) idle = setTimeout(end, idleTime).unref();
    },
  };
}

/** The last piece of work that was given to a thread: each has a number of its own. */
let lastWork = 0;

/**
 * One kind of work, done by the thread of a host. `run` throws kind `internal` if the thread fails or ends, and else as
 * it says.
 */
export function createWorkThread<K extends Kind>(kind: K, host = createWorkHost()): WorkThread<K> {
  const open = new Map<number, Waiting<Work[K]['answer']>>();
  const reads = createLimit(parallelReads);
  let known: Worker | undefined;

  const attach = (worker: Worker) => {
    known = worker;
    const lost = (why: string) => {
      if (known === worker) known = undefined;
      for (const waiting of open.values())
        if (waiting.worker === worker)
          waiting.reject(new MusterError('internal', `the thread for ${kind} work ended: ${why}`));
    };
    worker.on('message', ({ id, answer, error, call }: WorkAnswer<Work[K]['answer']>) => {
      const waiting = open.get(id);
      if (call !== undefined) waiting?.read(call);
      else if (error !== undefined) waiting?.reject(new MusterError('internal', error));
      else if (answer !== undefined) waiting?.resolve(answer);
    });
    worker.once('error', (error) => lost(error instanceof Error ? error.message : String(error)));
    worker.once('exit', () => lost('no reason'));
    // It keeps no process alive. A listener would undo this, so that it comes last.
    worker.unref();
  };

  return {
    run(ask, signal, store) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const worker = host.enter();
        if (worker !== known) attach(worker);
        lastWork += 1;
        const id = lastWork;
        const giveUp = () => {
          worker.postMessage({ id, stop: true });
          open.get(id)?.reject(signal?.reason);
        };
        const settle = () => {
          open.delete(id);
          signal?.removeEventListener('abort', giveUp);
          host.leave();
        };
        open.set(id, {
          worker,
          read(call) {
            void reads(() => readFor(store, call, signal)).then((reply) => worker.postMessage({ id, reply }));
          },
          resolve(answer) {
            settle();
            resolve(answer);
          },
          reject(error) {
            settle();
            reject(error);
          },
        });
        signal?.addEventListener('abort', giveUp, { once: true });
        worker.postMessage({ id, kind, ask });
      });
    },
  };
}

/** Never throws. */
async function readFor(
  store: ReadableStore | undefined,
  call: StoreCall,
  signal: AbortSignal | undefined,
): Promise<StoreReply> {
  const { number } = call;
  try {
    if (store === undefined) throw new MusterError('internal', 'the work was given no store');
    if ('list' in call) return { number, keys: await store.list(call.list, { signal }) };
    return { number, object: await store.get(call.get, { maxBytes: largestRead, signal }) };
  } catch (error) {
    return { number, problem: toMusterError(error).message };
  }
}

interface Waiting<T> {
  readonly worker: Worker;
  read(call: StoreCall): void;
  resolve(answer: T): void;
  reject(error: unknown): void;
}

interface WorkAnswer<T> {
  readonly id: number;
  readonly answer?: T | undefined;
  readonly error?: string | undefined;
  readonly call?: StoreCall | undefined;
}

type WorkRequest = { readonly id: number } & (
  | { readonly stop: true }
  | { readonly kind: 'password'; readonly ask: PasswordWork }
  | { readonly kind: 'search'; readonly ask: SearchWork }
  | { readonly kind: 'dropped'; readonly ask: DroppedWork }
  | { readonly kind: 'past'; readonly ask: PastOptions }
  | { readonly reply: StoreReply }
);

/** The other side: does each request until the thread is ended. */
function serveWork(port: NonNullable<typeof parentPort>): void {
  const stops = new Map<number, AbortController>();
  const calls = new Map<number, PromiseWithResolvers<StoreReply>>();
  let last = 0;
  const ask = async (id: number, call: { readonly get: string } | { readonly list: string }) => {
    const number = ++last;
    const waiting = Promise.withResolvers<StoreReply>();
    calls.set(number, waiting);
    port.postMessage({ id, call: { number, ...call } });
    const reply = await waiting.promise;
    if (reply.problem !== undefined) throw new MusterError('storage', reply.problem);
    return reply;
  };
  const storeOf = (id: number): ReadableStore => ({
    get: async (key) => (await ask(id, { get: key })).object,
    list: async (prefix) => (await ask(id, { list: prefix })).keys ?? [],
  });
  port.on('message', async (request: WorkRequest) => {
    if ('stop' in request) return stops.get(request.id)?.abort();
    if ('reply' in request) {
      calls.get(request.reply.number)?.resolve(request.reply);
      calls.delete(request.reply.number);
      return;
    }
    const stop = new AbortController();
    stops.set(request.id, stop);
    try {
      port.postMessage({
        id: request.id,
        answer: await doWork(request, { store: storeOf(request.id), signal: stop.signal }),
      });
    } catch (error) {
      port.postMessage({ id: request.id, error: error instanceof Error ? error.message : String(error) });
    } finally {
      stops.delete(request.id);
    }
  });
}

function doWork(
  request: Exclude<WorkRequest, { stop: true } | { reply: StoreReply }>,
  { store, signal }: { readonly store: ReadableStore; readonly signal: AbortSignal },
): Promise<boolean | SearchResult | DroppedResult> {
  if (request.kind === 'password') return compare(request.ask.password, request.ask.hash);
  if (request.kind === 'dropped') return findDropped({ ...request.ask, signal });
  if (request.kind === 'past') return listPast(request.ask, { store, signal });
  const { files, ...rest } = request.ask;
  return searchTargets(files, { ...rest, signal });
}

if (!isMainThread && parentPort !== null && process.argv.includes(workerArgument)) serveWork(parentPort);

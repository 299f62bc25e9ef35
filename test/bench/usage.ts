import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { GCProfiler } from 'node:v8';

/** CPU seconds of a process by what took them, and bytes. */
export interface Usage {
  /** The main thread, garbage collection on it included. */
  readonly main: number;
  /** Pauses of the main thread for garbage collection. */
  readonly collection: number;
  /** V8's own threads: collection and compilation. */
  readonly v8: number;
  /** The threads of libuv: zlib, and files. */
  readonly pool: number;
  /** Bytes that were read of files by their handles, as a store in a folder does. */
  readonly read: number;
}

/** What lies between two usages of one process. */
export function usageBetween(before: Usage, after: Usage): Usage {
  return {
    main: after.main - before.main,
    collection: after.collection - before.collection,
    v8: after.v8 - before.v8,
    pool: after.pool - before.pool,
    read: after.read - before.read,
  };
}

/** Clock ticks a second in /proc; 100 on every Linux that Node runs on. */
const ticks = 100;

/**
 * Loaded by `--import` into the process that is measured: writes its usage so far to the file of MUSTER_BENCH_USAGE at its
 * end, and on SIGUSR2.
 */
const file = process.env.MUSTER_BENCH_USAGE;
if (file !== undefined) {
  const readBytes = await countReads();
  let collection = 0;
  let profiler = new GCProfiler();
  profiler.start();
  const write = () => {
    for (const { cost } of profiler.stop()?.statistics ?? []) collection += cost / 1e6;
    profiler = new GCProfiler();
    profiler.start();
    const usage: Usage = { ...readThreads(), collection, read: readBytes() };
    writeFileSync(file, JSON.stringify(usage));
  };
  process.on('exit', write);
  process.on('SIGUSR2', write);
}

function readThreads(): Pick<Usage, 'main' | 'v8' | 'pool'> {
  const byName = new Map<string, number>();
  for (const thread of readdirSync('/proc/self/task')) {
    const text = readFileSync(`/proc/self/task/${thread}/stat`, 'latin1');
    const name = text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'));
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const cpu = (Number(fields[11]) + Number(fields[12])) / ticks;
    const kind = thread === String(process.pid) ? 'main' : name.startsWith('libuv') ? 'pool' : 'v8';
    byName.set(kind, (byName.get(kind) ?? 0) + cpu);
  }
  const of = (kind: string) => byName.get(kind) ?? 0;
  return { main: of('main'), v8: of('v8'), pool: of('pool') };
}

/** Counts what file handles read from now on. Modules and configurations are read in other ways. */
async function countReads(): Promise<() => number> {
  let bytes = 0;
  const handle = await open('/dev/null');
  const prototype: Pick<FileHandle, 'read' | 'readFile'> = Object.getPrototypeOf(handle);
  await handle.close();
  const methods = { read: prototype.read, readFile: prototype.readFile };
  Object.assign(prototype, {
    async read(...args: unknown[]) {
      const found = await Reflect.apply(methods.read, this, args);
      bytes += found.bytesRead;
      return found;
    },
    async readFile(...args: unknown[]) {
      const found = await Reflect.apply(methods.readFile, this, args);
      bytes += found.length;
      return found;
    },
  });
  return () => bytes;
}

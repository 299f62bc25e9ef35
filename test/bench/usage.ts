import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { PerformanceObserver } from 'node:perf_hooks';

/** CPU seconds of a process by what took them. */
export interface Usage {
  /** The main thread, garbage collection on it included. */
  readonly main: number;
  /** Pauses of the main thread for garbage collection. */
  readonly collection: number;
  /** V8's own threads: collection and compilation. */
  readonly v8: number;
  /** The threads of libuv: zlib, and files. */
  readonly pool: number;
}

/** Clock ticks a second in /proc; 100 on every Linux that Node runs on. */
const ticks = 100;

/** Loaded by `--import` into the process that is measured: writes its usage to the file of MUSTER_BENCH_USAGE at its end. */
const file = process.env.MUSTER_BENCH_USAGE;
if (file !== undefined) {
  let collection = 0;
  const take = (entries: readonly { readonly duration: number }[]) => {
    for (const { duration } of entries) collection += duration / 1000;
  };
  const observer = new PerformanceObserver((list) => take(list.getEntries()));
  observer.observe({ entryTypes: ['gc'] });
  process.on('exit', () => {
    take(observer.takeRecords());
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
    const usage: Usage = { main: of('main'), collection, v8: of('v8'), pool: of('pool') };
    writeFileSync(file, JSON.stringify(usage));
  });
}

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/*
 * To be called once all is loaded that a command needs: V8 takes compiled code from its caches, and so do Node's own
 * modules, only under the settings under which it was compiled.
 */

/**
 * For work that streams: almost all that is made is garbage a moment later. V8 would meet that with a young generation
 * of 100 MB and more and with late sweeps of the old one; told so, the process stays small, for some CPU time.
 */
export function keepMemorySmall(): void {
  keepYoungSmall();
  setFlagsFromString('--optimize-for-size');
  // How much the old generation may grow between two sweeps: with less they would take most of the time.
  setFlagsFromString('--heap-growing-percent=40');
}

/** Keeps V8's young generation at the size it has; what is old is swept as always. */
export function keepYoungSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

/**
 * Leaves WebAssembly as it is compiled at first. That is the HTTP parser, which has little to do, as it leaps over
 * bodies: to make it faster would cost 10 MB and more CPU time than a short process ever gets back. To be called before
 * the first request.
 */
export function keepParserSmall(): void {
  setFlagsFromString('--wasm-tiering-budget=1000000000');
}

/** Bytes of resident memory from which it is worth CPU time to stay small. */
const large = 220e6;

/** Calls `keepMemorySmall` once the process has become large; ends with the returned function. */
export function keepMemorySmallOnceLarge(): () => void {
  const timer = setInterval(() => {
    if (process.memoryUsage.rss() < large) return;
    clearInterval(timer);
    keepMemorySmall();
  }, 100);
  timer.unref();
  return () => clearInterval(timer);
}

/** The garbage collector, to be called where it is known that much of the memory is garbage. */
export function openCollector(): (options: { readonly type: 'minor' | 'major' }) => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc');
}

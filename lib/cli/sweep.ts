import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Groups between two collections of what is young, and of everything. */
const minorEvery = 250;
const majorEvery = 5000;

/**
 * Keeps a process small which makes garbage as fast as it can, by collecting it every so many groups. V8 by itself
 * would let 200 MB of it lie, as it can't know that nothing of a printed group is needed again; told so, it needs no
 * more time in all. Call with the number of groups after each batch.
 */
export function openSweeper(): (groups: number) => void {
  const collect = exposeCollector();
  let count = 0;
  return (groups) => {
    const before = count;
    count += groups;
    if (passes(before, count, majorEvery)) collect('major');
    else if (passes(before, count, minorEvery)) collect('minor');
  };
}

/** Bytes of a process that does more than print, above which it is worth its time to collect garbage early. */
const large = 280e6;

/** The same by the clock, for work that goes on in many places; ends with the returned function. */
export function sweepWhileLarge(): () => void {
  const collect = exposeCollector();
  const timer = setInterval(() => {
    if (process.memoryUsage.rss() > large) collect('major');
  }, 200);
  timer.unref();
  return () => clearInterval(timer);
}

type Collect = (type: 'minor' | 'major') => void;

function exposeCollector(): Collect {
  const collect = openCollector();
  return (type) => collect({ type });
}

/** The garbage collector, to be called where it is known that much of the memory is garbage. */
export function openCollector(): (options: { type: 'minor' | 'major' }) => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc');
}

function passes(before: number, after: number, step: number): boolean {
  return Math.floor(before / step) !== Math.floor(after / step);
}

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Groups between two collections of what is young, and of everything. */
const minorEvery = 1000;
const majorEvery = 10_000;

/**
 * Keeps a process small which makes garbage as fast as it can, by collecting it every so many groups. V8 by itself
 * would let 200 MB of it lie, as it can't know that nothing of a printed group is needed again; told so, it needs no
 * more time in all. Call with the number of groups after each batch.
 */
export function openSweeper(): (groups: number) => void {
  setFlagsFromString('--expose-gc');
  const collect: (options: { type: 'minor' | 'major' }) => void = runInNewContext('gc');
  let count = 0;
  return (groups) => {
    const before = count;
    count += groups;
    if (passes(before, count, majorEvery)) collect({ type: 'major' });
    else if (passes(before, count, minorEvery)) collect({ type: 'minor' });
  };
}

function passes(before: number, after: number, step: number): boolean {
  return Math.floor(before / step) !== Math.floor(after / step);
}

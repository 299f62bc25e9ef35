import { openCollector } from '../memory.ts';

/** Characters printed between two collections of what is young, and of everything. */
const minorEvery = 2e6;
const majorEvery = 20e6;

/**
 * Keeps a process small which makes garbage as fast as it can, by collecting it every so many characters. V8 by itself
 * would let 200 MB of it lie, as it can't know that nothing of a printed group is needed again; told so, it needs no
 * more time in all. Call with the number of characters after each batch.
 */
export function openSweeper(): (characters: number) => void {
  const collect = openCollector();
  let printed = 0;
  return (characters) => {
    const before = printed;
    printed += characters;
    if (passes(before, printed, majorEvery)) collect({ type: 'major' });
    else if (passes(before, printed, minorEvery)) collect({ type: 'minor' });
  };
}

function passes(before: number, after: number, step: number): boolean {
  return Math.floor(before / step) !== Math.floor(after / step);
}

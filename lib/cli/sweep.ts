import { keepYoungSmall, openCollector } from '../memory.ts';

/** Characters between two looks at the memory. */
const lookEvery = 40e6;

/** Bytes of resident memory below which garbage may lie: most listings end before. */
const roomy = 140e6;

/**
 * Keeps a process small which makes garbage as fast as it can. V8 by itself would let 200 MB of it lie, as it can't know
 * that nothing of a printed group is needed again; told so, it needs no more time in all. Call with the number of
 * characters after each batch, and with what else was made in their stead.
 */
export function openSweeper(): (characters: number) => void {
  let collect: ReturnType<typeof openCollector> | undefined;
  let made = 0;
  return (characters) => {
    if (made === 0) keepYoungSmall();
    const before = made;
    made += characters;
    if (Math.floor(before / lookEvery) === Math.floor(made / lookEvery)) return;
    if (process.memoryUsage.rss() <= roomy) return;
    collect ??= openCollector();
    collect({ type: 'major' });
  };
}

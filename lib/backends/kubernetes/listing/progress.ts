import type { Progress } from '../../../target/discover.ts';

/** How far one list is: objects read, and how many come after them where the server says so. */
export type ReportList = (read: number, remaining: number | undefined) => void;

/**
 * Adds up how far several lists are. There is a total once every list that was begun has one: a server tells the rest
 * of a list that is not selected, and a list that ended is its own total.
 */
export function openProgress(report: ((progress: Progress) => void) | undefined): () => ReportList {
  const lists: { read: number; remaining: number | undefined }[] = [];
  return () => {
    const list: (typeof lists)[number] = { read: 0, remaining: undefined };
    lists.push(list);
    return (read, remaining) => {
      Object.assign(list, { read, remaining });
      if (report !== undefined) report(sum(lists));
    };
  };
}

function sum(lists: readonly { readonly read: number; readonly remaining: number | undefined }[]): Progress {
  let read = 0;
  let remaining: number | undefined = 0;
  for (const list of lists) {
    read += list.read;
    if (list.remaining === undefined) remaining = undefined;
    else if (remaining !== undefined) remaining += list.remaining;
  }
  return remaining === undefined ? { read } : { read, total: read + remaining };
}

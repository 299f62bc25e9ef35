import * as z from 'zod';
import type { Cursor } from '../../../target/discover.ts';

/**
 * The resource versions at which lists were last read, so that a list never shows an older state than the one before,
 * whichever API server answers. Versions of another API server's address are forgotten: they may be of another cluster.
 */
export interface Versions {
  /** Of the last cycle; empty where there is none. */
  readonly last: (key: string) => string;
  readonly read: (key: string, resourceVersion: string) => void;
  /** For the next cycle: the lists that were read in this one. */
  readonly cursor: () => Cursor;
}

const stored = z.object({ server: z.string(), lists: z.record(z.string(), z.string()) });

/** The versions of the last cycle's cursor. One that can't be read counts as none: it only saves the server work. */
export function openVersions(server: URL, cursor: Cursor | undefined): Versions {
  const address = `${server.origin}${server.pathname}`;
  const before = readCursor(cursor);
  const last = new Map(before?.server === address ? Object.entries(before.lists) : []);
  const now = new Map<string, string>();
  return {
    last: (key) => last.get(key) ?? '',
    read: (key, resourceVersion) => now.set(key, resourceVersion),
    cursor: () => JSON.stringify({ server: address, lists: Object.fromEntries([...now].sort()) }),
  };
}

function readCursor(cursor: Cursor | undefined): z.output<typeof stored> | undefined {
  if (cursor === undefined) return undefined;
  try {
    return stored.safeParse(JSON.parse(cursor)).data;
  } catch {
    return undefined;
  }
}

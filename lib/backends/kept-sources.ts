import * as z from 'zod';
import { tryParseJson } from '../base/json.ts';
import type { Compared, Cursor, Listed } from '../targets/discover.ts';

const cursorSchema = z.array(z.string());

/** Names or paths that are asked for one by one, and what came of each. */
export interface Answered {
  /** Those that had targets, or were there. */
  readonly found: readonly string[];
  /** Those that the backend says are not there. */
  readonly missing: readonly string[];
  /** What the last listing left behind. */
  readonly cursor: Cursor | undefined;
}

/**
 * What a listing of several names says of itself: one that was there and is not any more, while others are, was perhaps
 * not seen. It is remembered for as long as that lasts. Without any that are there the list is empty, which is judged
 * as such. `belongs` says whether a group's source belongs to a name, `reason` what the backend answered for it.
 */
export function keptSources(
  { cursor, ...answered }: Answered,
  belongs: (source: string, name: string) => boolean,
  reason: (name: string) => string,
): Compared & Pick<Listed, 'comparedWith'> {
  const comparedWith = (last: Cursor | undefined) => compare({ ...answered, cursor: last }, belongs, reason);
  return { ...comparedWith(cursor), comparedWith };
}

function compare(
  { found, missing, cursor }: Answered,
  belongs: (source: string, name: string) => boolean,
  reason: (name: string) => string,
): Compared {
  const known = new Set(readNames(cursor));
  const lost = missing.filter((name) => known.has(name));
  const next = JSON.stringify([...found, ...lost].sort());
  if (lost.length === 0 || found.length === 0) return { cursor: next };
  return {
    cursor: next,
    unseen: (source) => {
      const name = lost.find((each) => belongs(source, each));
      return name === undefined ? undefined : reason(name);
    },
  };
}

/** None where the cursor is another version's. */
function readNames(cursor: Cursor | undefined): readonly string[] {
  if (cursor === undefined) return [];
  return cursorSchema.safeParse(tryParseJson(cursor)).data ?? [];
}

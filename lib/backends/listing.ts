import * as z from 'zod';
import { mapConcurrent } from '../base/concurrency.ts';
import { tryParseJson } from '../base/json.ts';
import type { Compared, Cursor, DiscoverInput, Listed } from '../targets/discover.ts';
import type { TargetGroup } from '../targets/group.ts';

/** Names that are listed at once. */
const concurrency = 16;
/** Names whose groups are yielded together, so that a long list is never held as a whole. */
const batchSize = 256;

/**
 * Lists each name by itself, 16 at once, and yields the groups that have targets in batches of 256 names. Reports the
 * progress. Throws what `list` throws first.
 */
export async function* listEach<Name>(
  names: readonly Name[],
  { signal, onProgress }: Pick<DiscoverInput, 'signal' | 'onProgress'>,
  list: (name: Name, signal: AbortSignal) => Promise<TargetGroup>,
): AsyncGenerator<readonly TargetGroup[], undefined> {
  let read = 0;
  for (let start = 0; start < names.length; start += batchSize) {
    const batch = names.slice(start, start + batchSize);
    const groups = await mapConcurrent(batch, concurrency, signal, async (name, own) => {
      const group = await list(name, own);
      read += 1;
      onProgress?.({ read, total: names.length });
      return group;
    });
    yield groups.filter(({ targets }) => targets.length > 0);
  }
  return undefined;
}

/** Milliseconds that a backend has to name itself. */
const namesTimeout = 2000;

/**
 * The names of the backend itself (cluster ID, server addresses), to spread into the value that a listing returns.
 * Without names where the backend refuses, fails or takes longer than two seconds: its targets are complete all the
 * same. Never throws.
 */
export async function backendNames(
  listing: AbortSignal,
  ask: (signal: AbortSignal) => Promise<readonly string[]>,
): Promise<Pick<Listed, 'backend'>> {
  try {
    const names = await ask(AbortSignal.any([listing, AbortSignal.timeout(namesTimeout)]));
    return names.length === 0 ? {} : { backend: names };
  } catch {
    return {};
  }
}

/** The results of a listing that looks up configured names or paths one by one. */
export interface LookupResults {
  /** Names that exist. */
  readonly found: readonly string[];
  /** Names that do not exist, by the backend's answer. */
  readonly missing: readonly string[];
  /** The cursor that the previous listing returned. */
  readonly cursor: Cursor | undefined;
}

/**
 * The cursor of such a listing, and the targets that it may have missed. A name that existed before and is missing now,
 * while others exist, may be an outage: its targets count as unseen until the name is back. When no name exists, the
 * list is empty, and the gate judges that. `belongs` says whether a group's source belongs to a name; `reason` says
 * what the backend answered for the name.
 */
export function keptSources(
  { cursor, ...results }: LookupResults,
  belongs: (source: string, name: string) => boolean,
  reason: (name: string) => string,
): Compared & Pick<Listed, 'comparedWith'> {
  const comparedWith = (last: Cursor | undefined) => compare({ ...results, cursor: last }, belongs, reason);
  return { ...comparedWith(cursor), comparedWith };
}

function compare(
  { found, missing, cursor }: LookupResults,
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

const cursorSchema = z.array(z.string());

/** Empty for a first listing, and for a cursor that another version wrote. */
function readNames(cursor: Cursor | undefined): readonly string[] {
  if (cursor === undefined) return [];
  return cursorSchema.safeParse(tryParseJson(cursor)).data ?? [];
}

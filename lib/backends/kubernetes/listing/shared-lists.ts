import { type Broadcast, openBroadcast } from '../../../base/broadcast.ts';
import type { Kind, ObjectMeta } from '../kinds/kind.ts';
import { type ListReader, type ListSource, listParts, type Part, type ShareList } from './lister.ts';
import { type ListQuery, listKey } from './page.ts';

/** Lists that several listings of one API server need. Each is read once for all of them. */
export interface SharedLists {
  /** For the lister of one listing, known by number. */
  readonly of: (listing: number) => ShareList;
  /** The listing needs no list any more. */
  readonly leave: (listing: number) => void;
}

/** Milliseconds that a list waits for its last reader, which may itself wait for another list that hangs. */
const patience = 10_000;

/**
 * Opens the lists that more than one listing needs; `queries` has all the queries of each listing. Lists of the same path
 * and selectors are shared. A list starts when all its readers have asked, and goes on at the pace of the slowest one.
 */
export function openSharedLists(
  source: ListSource,
  queries: readonly (readonly ListQuery<ObjectMeta>[])[],
): SharedLists {
  const wanted = queries.flatMap((own, listing) =>
    [...new Map(own.map((query) => [listKey(query), query])).values()].map((query) => ({ listing, query })),
  );
  const lists = new Map<string, SharedList>();
  for (const [key, members] of Map.groupBy(wanted, ({ query }) => listKey(query))) {
    const kind = commonKind(members.map(({ query }) => query.kind));
    const [first] = members;
    if (first === undefined || members.length === 1 || kind === undefined) continue;
    const listings = members.map(({ listing }) => listing);
    lists.set(key, openSharedList(source, { ...first.query, kind }, listings));
  }
  return {
    of: (listing) => (query, reader, signal) => {
      const list = lists.get(listKey(query));
      const parts = list?.read(listing, reader, signal);
      return list === undefined || parts === undefined ? undefined : { kind: list.kind, parts };
    },
    leave(listing) {
      for (const list of lists.values()) list.leave(listing);
    },
  };
}

interface SharedList {
  readonly kind: Kind<ObjectMeta>;
  readonly read: (
    listing: number,
    reader: ListReader,
    signal: AbortSignal,
  ) => AsyncGenerator<Part<ObjectMeta>, void> | undefined;
  readonly leave: (listing: number) => void;
}

function openSharedList(
  source: ListSource,
  query: ListQuery<ObjectMeta>,
  listings: readonly number[],
): SharedList {
  const readers: ListReader[] = [];
  const parts: Broadcast<Part<ObjectMeta>, void> = openBroadcast({
    readers: listings.length,
    patience,
    start: (signal) => inArrays(listParts({ ...source, query, reader: allOf(readers), signal })),
  });
  return {
    kind: query.kind,
    read(listing, reader, signal) {
      const number = listings.indexOf(listing);
      if (!parts.has(number)) return undefined;
      readers.push(reader);
      return parts.read(number, signal);
    },
    leave: (listing) => parts.leave(listings.indexOf(listing)),
  };
}

/** Objects of a part: few enough to be garbage while they are young. */
const partLength = 50;

/** The same objects as lists that several readers can read. */
async function* inArrays<T>(parts: AsyncGenerator<Part<T>, void>): AsyncGenerator<Part<T>, void> {
  for await (const { items, first } of parts) {
    let isFirst = first;
    let some: T[] = [];
    for (const item of items) {
      some.push(item);
      if (some.length < partLength) continue;
      yield { items: some, first: isFirst };
      isFirst = false;
      some = [];
    }
    if (some.length > 0 || isFirst) yield { items: some, first: isFirst };
  }
}

/** All readers as one. Readers that have seen different versions are all served by the newest list. */
function allOf(readers: readonly ListReader[]): ListReader {
  const oldest = new Set(readers.map((reader) => reader.oldest));
  const [first = ''] = oldest;
  return {
    oldest: oldest.size === 1 ? first : '',
    report(read, remaining) {
      for (const { report } of readers) report(read, remaining);
    },
    warn(message) {
      for (const { warn } of readers) warn(message);
    },
    onVersion(version) {
      for (const { onVersion } of readers) onVersion(version);
    },
  };
}

/** The kind that has the fields of all; undefined if there is none. */
function commonKind(kinds: readonly Kind<ObjectMeta>[]): Kind<ObjectMeta> | undefined {
  const [first, ...others] = new Set(kinds);
  if (first === undefined || others.length === 0) return first;
  const [wide, ...further] = new Set(kinds.map((kind) => kind.wide ?? kind));
  return further.length === 0 ? wide : undefined;
}

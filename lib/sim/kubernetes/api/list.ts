import { freeze, type JsonObject, objectAt, textAt } from '../wire/json.ts';
import { encodeToken, type ListOptions } from './list-options.ts';
import type { ResourceAt, ResourceName } from './resources.ts';
import { ApiError, failures } from './status.ts';

/** All objects of the cluster at one resource version. */
export interface ClusterState<Name extends string = ResourceName> {
  readonly version: number;
  shelf(name: Name): Shelf;
}

/** The current state of the cluster, and the older states that are kept. */
export interface Versions<Name extends string = ResourceName> {
  current(): ClusterState<Name>;
  at(version: number): ClusterState<Name> | undefined;
}

/** One answer to a list: its metadata, and its objects in pieces. The objects are made while they are read. */
export interface Listing {
  readonly metadata: JsonObject;
  readonly shelf: Shelf;
  /** The largest possible number of objects. */
  readonly atMost: number;
  readonly pieces: () => Iterable<readonly JsonObject[]>;
}

/** A resource that exists, and how it is listed. */
export interface Found extends ResourceAt {
  /** Whether its objects exist only in JSON. */
  readonly jsonOnly: boolean;
  readonly list: (options: ListOptions) => Listing;
}

/** Objects that are made and encoded together. */
const piece = 500;

/**
 * Lists a resource as an API server does. Throws an `ApiError` with the server's 410 or 504 for an unavailable version.
 */
export function listObjects<Name extends string>(
  versions: Versions<Name>,
  name: Name,
  namespace: string | undefined,
  options: ListOptions,
): Listing {
  const state = stateFor(versions, options);
  const shelf = state.shelf(name);
  const prefix = namespace === undefined ? '' : `${namespace}/`;
  const from = shelf.seek(prefix + (options.token?.start ?? ''));
  // The character after `/` is `0`, so no key lies between a namespace's last object and this one.
  const to = namespace === undefined ? shelf.size : shelf.seek(`${namespace}0`);

  // As in a real server, a list of any version comes from the cache and is never cut into pages.
  const limit = options.version === 0 && !options.exact ? 0 : options.limit;
  const { matches } = options;
  if (limit === 0)
    return {
      metadata: { resourceVersion: String(state.version) },
      shelf,
      atMost: to - from,
      pieces: () => piecesOf(shelf, from, to, matches),
    };

  const items: JsonObject[] = [];
  let position = from;
  for (; position < to && items.length < limit; position += 1) {
    const object = shelf.object(position);
    if (matches === undefined || matches(object)) items.push(object);
  }
  const more = position < to;
  // The last object's key and a zero byte, not the next object's key: an object created in between belongs to the rest.
  const start = more ? `${shelf.key(position - 1).slice(prefix.length)}\0` : '';
  return {
    metadata: {
      resourceVersion: String(state.version),
      ...(more && { continue: encodeToken({ version: state.version, start }) }),
      ...(more && matches === undefined && { remainingItemCount: to - position }),
    },
    shelf,
    atMost: items.length,
    pieces: () => slices(items),
  };
}

function stateFor<Name extends string>(
  versions: Versions<Name>,
  { token, version, exact }: ListOptions,
): ClusterState<Name> {
  const current = versions.current();
  if (token !== undefined) {
    if (token.version === -1) return current;
    const then = versions.at(token.version);
    if (then !== undefined) return then;
    throw new ApiError(failures.expiredContinue(encodeToken({ version: -1, start: token.start })));
  }
  if (version !== undefined && version > current.version)
    throw new ApiError(failures.tooLargeVersion(version, current.version));
  if (!exact || version === undefined) return current;
  const then = versions.at(version);
  if (then !== undefined) return then;
  throw new ApiError(failures.expiredVersion());
}

function* piecesOf(
  shelf: Shelf,
  from: number,
  to: number,
  matches: ((object: JsonObject) => boolean) | undefined,
): Iterable<readonly JsonObject[]> {
  for (let start = from; start < to; start += piece) {
    const objects = [];
    for (let position = start; position < Math.min(start + piece, to); position += 1) {
      const object = shelf.object(position);
      if (matches === undefined || matches(object)) objects.push(object);
    }
    yield objects;
  }
}

function* slices(items: readonly JsonObject[]): Iterable<readonly JsonObject[]> {
  for (let start = 0; start < items.length; start += piece) yield items.slice(start, start + piece);
}

/** Objects of a cluster as its lists have them: without `kind` and `apiVersion`. */
export type GivenObjects = Partial<Readonly<Record<ResourceName, readonly JsonObject[]>>>;

/** A cluster with exactly these objects, at this resource version. They are frozen, and encoded once. */
export function givenState(objects: GivenObjects, version: number): ClusterState {
  return {
    version,
    shelf: keepMade((name) => shelfOf((objects[name] ?? []).map((object) => single(freeze(object))))),
  };
}

/** Makes each shelf on demand, once. */
export function keepMade(make: (name: ResourceName) => Shelf): (name: ResourceName) => Shelf {
  const made = new Map<ResourceName, Shelf>();
  return (name) => {
    const shelf = made.get(name) ?? make(name);
    made.set(name, shelf);
    return shelf;
  };
}

/** All objects of one resource in the order in which etcd keeps them: by `<namespace>/<name>`, or by name. */
export interface Shelf {
  readonly size: number;
  /** The object at that position, from 0. It may be made on demand. */
  object(position: number): JsonObject;
  key(position: number): string;
  /** The position of the first object whose key is equal to the given key or follows it. */
  seek(key: string): number;
}

/** Objects that follow each other without another object between them. */
export interface Block {
  readonly count: number;
  key(index: number): string;
  object(index: number): JsonObject;
}

/** Puts blocks in order. Empty ones are left out. */
export function shelfOf(blocks: readonly Block[]): Shelf {
  const ordered = blocks
    .filter(({ count }) => count > 0)
    .map((block) => ({ block, first: block.key(0), start: 0 }))
    .sort((one, other) => (one.first < other.first ? -1 : 1));
  let size = 0;
  for (const entry of ordered) {
    entry.start = size;
    size += entry.block.count;
  }

  const at = (position: number) => {
    const entry = ordered[firstWhere(ordered.length, (index) => (ordered[index]?.start ?? 0) > position) - 1];
    if (entry === undefined || position >= size) throw new RangeError(`no object at position ${position}`);
    return { block: entry.block, index: position - entry.start };
  };
  return {
    size,
    object(position) {
      const { block, index } = at(position);
      return block.object(index);
    },
    key(position) {
      const { block, index } = at(position);
      return block.key(index);
    },
    seek(key) {
      const entry = ordered[firstWhere(ordered.length, (index) => (ordered[index]?.first ?? '') > key) - 1];
      if (entry === undefined) return 0;
      return entry.start + firstWhere(entry.block.count, (index) => entry.block.key(index) >= key);
    },
  };
}

/** A block of one object. */
export function single(object: JsonObject): Block {
  return lazily(keyOf(object), () => object);
}

/** A block of one object, which is made on demand. */
export function lazily(key: string, object: () => JsonObject): Block {
  return { count: 1, key: () => key, object };
}

/** `<namespace>/<name>`, or the name alone. */
export function keyOf(object: JsonObject): string {
  const metadata = objectAt(object, 'metadata');
  const namespace = textAt(metadata, 'namespace');
  return namespace === '' ? textAt(metadata, 'name') : `${namespace}/${textAt(metadata, 'name')}`;
}

/** The first index for which the test holds, or `count`. The test must hold for all later indexes too. */
function firstWhere(count: number, test: (index: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (test(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

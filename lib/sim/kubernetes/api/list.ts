import { freeze, type JsonObject } from '../wire/json.ts';
import { encodeToken, type ListOptions } from './list-options.ts';
import type { ResourceAt, ResourceName } from './resources.ts';
import { type Shelf, shelfOf, single } from './shelf.ts';
import { ApiError, failures } from './status.ts';

/** Everything the cluster holds at one resource version. */
export interface ClusterState<Name extends string = ResourceName> {
  readonly version: number;
  shelf(name: Name): Shelf;
}

/** The present state of the cluster, and as much of the past as was kept. */
export interface Versions<Name extends string = ResourceName> {
  current(): ClusterState<Name>;
  at(version: number): ClusterState<Name> | undefined;
}

/** One answer to a list: its metadata, and its objects by the piece, made while they are read. */
export interface Listing {
  readonly metadata: JsonObject;
  readonly shelf: Shelf;
  /** How many objects there can be at most. */
  readonly atMost: number;
  readonly pieces: () => Iterable<readonly JsonObject[]>;
}

/** A resource that exists, and how it is listed. */
export interface Found extends ResourceAt {
  /** Whether its objects exist in JSON only. */
  readonly jsonOnly: boolean;
  readonly list: (options: ListOptions) => Listing;
}

/** Objects that are made and encoded together. */
const piece = 500;

/** Lists a resource as an API server does. Throws an `ApiError` with the server's 410 or 504 for an unavailable version. */
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
  // The character after `/` is `0`: nothing else lies between a namespace's last object and that.
  const to = namespace === undefined ? shelf.size : shelf.seek(`${namespace}0`);

  // As in a real server, a list that may come from the cache at any version is never cut into pages.
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
  // Not the next object's key but the last one's and a zero: what is created in between belongs to the rest.
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

/** Objects of a cluster as they stand in its lists: without `kind` and `apiVersion`. */
export type GivenObjects = Partial<Readonly<Record<ResourceName, readonly JsonObject[]>>>;

/** A cluster that holds just these objects. They are frozen, and encoded once. */
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

import { freeze, type JsonObject } from '../wire/json.ts';
import type { ClusterState } from './list.ts';
import type { ResourceName } from './resources.ts';
import { type Shelf, shelfOf, single } from './shelf.ts';

/** Objects of a cluster as they stand in its lists: without `kind` and `apiVersion`. */
export type GivenObjects = Partial<Readonly<Record<ResourceName, readonly JsonObject[]>>>;

/** A cluster that holds just these objects. They are frozen, and encoded once. */
export function givenState(objects: GivenObjects, version: number): ClusterState {
  return {
    version,
    shelf: keepMade((name) => shelfOf((objects[name] ?? []).map((object) => single(freeze(object))))),
  };
}

/** Makes a shelf when it is first asked for, and keeps it. */
export function keepMade(make: (name: ResourceName) => Shelf): (name: ResourceName) => Shelf {
  const made = new Map<ResourceName, Shelf>();
  return (name) => {
    const shelf = made.get(name) ?? make(name);
    made.set(name, shelf);
    return shelf;
  };
}

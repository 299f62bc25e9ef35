import type { JoinedPod, ObjectMeta } from '../objects.ts';

/** Metadata of other objects which is attached where `attach_metadata` asks for it; absent where it does not. */
export interface Attached {
  /** Nodes by name. */
  readonly nodes?: ReadonlyMap<string, ObjectMeta>;
  /** Namespaces by name. */
  readonly namespaces?: ReadonlyMap<string, ObjectMeta>;
}

/** What the targets behind services are joined with. Keys are those of `objectKey`. */
export interface ServiceJoins extends Attached {
  readonly pods: ReadonlyMap<string, JoinedPod>;
  readonly services: ReadonlyMap<string, ObjectMeta>;
}

/** The key of an object: `namespace/name`. */
export function objectKey(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

/** Adds a page of objects to a map by their keys; of two with one key the later stays. */
export function addByKey<T extends ObjectMeta>(map: Map<string, T>, items: readonly T[]): void {
  for (const item of items) map.set(objectKey(item.namespace, item.name), item);
}

/** Adds a page of nodes or namespaces to a map by their names. */
export function addByName<T extends ObjectMeta>(map: Map<string, T>, items: readonly T[]): void {
  for (const item of items) map.set(item.name, item);
}

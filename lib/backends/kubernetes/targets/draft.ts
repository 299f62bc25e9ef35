import type { LabelSet } from '../../../targets/group.ts';
import { type KeyNames, labels, type MetaNames, metaNames } from '../labels.ts';
import type { Controlled, DualStackService, JoinedPod, ObjectMeta, TextMap } from '../objects.ts';

/**
 * A label set in the making. Whoever sets labels in the order of their names makes them cheap to write: label names are
 * sorted for the text of a group, unless they are already.
 */
export type DraftLabels = Record<string, string>;

/**
 * The label set, done. The copy is what counts: V8 keeps an object that grew label by label as a hash table of its
 * own, and a copied one as a row of values under a shape that it shares with others, in half the memory.
 */
export function compact(draft: DraftLabels): LabelSet {
  return { ...draft };
}

/** Sets the label; an empty value is the same as none. */
export function put(draft: DraftLabels, name: string, value: string): void {
  if (value !== '') draft[name] = value;
}

/** Sets the label where there is a value: a condition that is unknown is neither true nor false. */
export function putFlag(draft: DraftLabels, name: string, value: boolean | undefined): void {
  if (value !== undefined) draft[name] = value ? 'true' : 'false';
}

/** Sets the labels for an object's labels and annotations. */
export function putMeta(draft: DraftLabels, names: MetaNames, meta: ObjectMeta): void {
  putMap(draft, names.annotation, meta.annotations);
  putMap(draft, names.label, meta.labels);
}

/**
 * Sets two labels for each key of a map: its value, and that it is present. Of two keys that become one name, the later
 * wins.
 */
export function putMap(draft: DraftLabels, names: (key: string) => KeyNames, map: TextMap): void {
  for (let index = 0; index < map.length; index += 2)
    put(draft, names(map[index] ?? '').value, map[index + 1] ?? '');
  for (let index = 0; index < map.length; index += 2) draft[names(map[index] ?? '').present] = 'true';
}

/** Sets the labels of the node with that name, if nodes are to be attached and it is known. */
export function putNode(draft: DraftLabels, { nodes }: Attached, name: string): void {
  const node = nodes?.get(name);
  if (node === undefined) return;
  putMeta(draft, metaNames.node, node);
  draft[labels.node.name] = node.name;
}

/** Sets the labels of the namespace, if namespaces are to be attached and it is known. */
export function putNamespace(draft: DraftLabels, { namespaces }: Attached, name: string): void {
  const namespace = namespaces?.get(name);
  if (namespace !== undefined) putMeta(draft, metaNames.namespace, namespace);
}

/** Sets what a service gives to its endpoints and to itself. */
export function putService(draft: DraftLabels, service: ObjectMeta): void {
  draft[labels.namespace] = service.namespace;
  putMeta(draft, metaNames.service, service);
  draft[labels.service.name] = service.name;
}

/**
 * A port in decimal. A negative one, which nothing should have, reads as Prometheus reads it: as a number of 64 bits
 * without a sign.
 */
export function portText(port: number): string {
  return port < 0 ? String(BigInt.asUintN(64, BigInt(port))) : String(port);
}

/** Metadata of other objects which is attached where `attach_metadata` asks for it; absent where it does not. */
export interface Attached {
  /** Nodes by name. */
  readonly nodes?: ReadonlyMap<string, ObjectMeta> | undefined;
  /** Namespaces by name. */
  readonly namespaces?: ReadonlyMap<string, ObjectMeta> | undefined;
  /** Names of the deployments that control replica sets, by these' keys. */
  readonly deployments?: ReadonlyMap<string, string> | undefined;
  /** Names of the cron jobs that control jobs, by these' keys. */
  readonly cronJobs?: ReadonlyMap<string, string> | undefined;
  /** Whether pods tell the job that controls them. */
  readonly jobs?: boolean | undefined;
}

/** What the targets behind services are joined with. Keys are those of `objectKey`. */
export interface ServiceJoins extends Attached {
  readonly pods: ReadonlyMap<string, JoinedPod>;
  readonly services: ReadonlyMap<string, ObjectMeta>;
}

/** The same of endpoint slices, whose services say which address family counts. */
export interface SliceJoins extends ServiceJoins {
  readonly services: ReadonlyMap<string, ObjectMeta | DualStackService>;
}

/** The key of an object: `namespace/name`. */
export function objectKey(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

/** Adds a page of objects to a map by their keys; of two with one key the later stays. */
export function addByKey<T extends ObjectMeta>(map: Map<string, T>, items: readonly T[]): void {
  for (const item of items) map.set(objectKey(item.namespace, item.name), item);
}

/** Adds what controls a page of objects, as far as that is of the kind. */
export function addControllers(
  kind: string,
): (map: Map<string, string>, items: readonly Controlled[]) => void {
  return (map, items) => {
    for (const { namespace, name, controller } of items)
      if (controller?.kind === kind) map.set(objectKey(namespace, name), controller.name);
  };
}

/** Adds a page of nodes or namespaces to a map by their names. */
export function addByName<T extends ObjectMeta>(map: Map<string, T>, items: readonly T[]): void {
  for (const item of items) map.set(item.name, item);
}

import type { LabelSet } from '../../../targets/group.ts';
import type { ObjectMeta, Pairs } from '../kinds/kind.ts';
import { objectMeta, ownerReference } from '../kinds/messages.ts';
import { type KeyNames, labels, type MetaNames, metaNames } from '../labels.ts';
import { folded, take } from '../wire/fields.ts';

/** The metadata that becomes labels of targets. */
export const targetMetadata = take(objectMeta, 'name', 'namespace', 'labels', 'annotations');

/** The owner that controls an object. */
export interface Controller {
  readonly kind: string;
  readonly name: string;
}

/** The metadata field `ownerReferences`; only the first controller is kept. */
export const controller = folded<typeof ownerReference, Controller | undefined>(13, {
  name: 'ownerReferences',
  items: ownerReference,
  empty: undefined,
  fold: (first, { kind, name, controller }) => first ?? (controller === true ? { kind, name } : undefined),
});

/**
 * A label set under construction. Set labels in the order of their names: writing a group sorts the names, which costs
 * nothing when they are in order.
 */
export type DraftLabels = Record<string, string>;

/**
 * Copies the finished label set. V8 stores an object that grew label by label as a hash table; the copy shares its shape
 * with others and takes half the memory.
 */
export function compact(draft: DraftLabels): LabelSet {
  return { ...draft };
}

/** Sets the label unless its value is empty, which means the same as no label. */
export function put(draft: DraftLabels, name: string, value: string): void {
  if (value !== '') draft[name] = value;
}

/** Sets the label to `true` or `false`; leaves it out when the value is unknown. */
export function putFlag(draft: DraftLabels, name: string, value: boolean | undefined): void {
  if (value !== undefined) draft[name] = value ? 'true' : 'false';
}

/** Sets the labels that come from an object's labels and annotations. */
export function putMeta(draft: DraftLabels, names: MetaNames, meta: ObjectMeta): void {
  putMap(draft, names.annotation, meta.annotations);
  putMap(draft, names.label, meta.labels);
}

/** Sets two labels for each key of a map: its value, and that it is present. When two keys have one name, the later wins. */
export function putMap(draft: DraftLabels, names: (key: string) => KeyNames, map: Pairs): void {
  for (let index = 0; index < map.length; index += 2)
    put(draft, names(map[index] ?? '').value, map[index + 1] ?? '');
  for (let index = 0; index < map.length; index += 2) draft[names(map[index] ?? '').present] = 'true';
}

/** Sets the labels of the named node, if nodes are attached and it is known. */
export function putNode(draft: DraftLabels, { nodes }: Attached, name: string): void {
  const node = nodes?.get(name);
  if (node === undefined) return;
  putMeta(draft, metaNames.node, node);
  draft[labels.node.name] = node.name;
}

/** Sets the labels of the namespace, if namespaces are attached and it is known. */
export function putNamespace(draft: DraftLabels, { namespaces }: Attached, name: string): void {
  const namespace = namespaces?.get(name);
  if (namespace !== undefined) putMeta(draft, metaNames.namespace, namespace);
}

/** Sets the labels of a service on its own group, or on the group of its endpoints. */
export function putService(draft: DraftLabels, service: ObjectMeta): void {
  draft[labels.namespace] = service.namespace;
  putMeta(draft, metaNames.service, service);
  draft[labels.service.name] = service.name;
}

/** A port in decimal. A negative port, which should not exist, is written as Prometheus writes it: as an unsigned number of 64 bits. */
export function portText(port: number): string {
  return port < 0 ? String(BigInt.asUintN(64, BigInt(port))) : String(port);
}

/** Metadata of other objects that `attach_metadata` wants; the rest is absent. */
export interface Attached {
  /** Nodes by name. */
  readonly nodes?: ReadonlyMap<string, ObjectMeta> | undefined;
  /** Namespaces by name. */
  readonly namespaces?: ReadonlyMap<string, ObjectMeta> | undefined;
  /** Names of deployments, by the keys of the replica sets that they control. */
  readonly deployments?: ReadonlyMap<string, string> | undefined;
  /** Names of cron jobs, by the keys of the jobs that they control. */
  readonly cronJobs?: ReadonlyMap<string, string> | undefined;
  /** Whether pods have a label with the job that controls them. */
  readonly jobs?: boolean | undefined;
}

/** The key of an object: `namespace/name`. */
export function objectKey(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

/** Adds a page of objects to a map, by the keys of `objectKey`. The later of two equal keys wins. */
export function addByKey<T extends ObjectMeta>(map: Map<string, T>, items: readonly T[]): void {
  for (const item of items) map.set(objectKey(item.namespace, item.name), item);
}

/** Adds a page of objects by their keys: the names of the controllers that are of the given kind. */
export function addControllers(
  kind: string,
): (
  map: Map<string, string>,
  items: readonly (ObjectMeta & { readonly controller: Controller | undefined })[],
) => void {
  return (map, items) => {
    for (const { namespace, name, controller } of items)
      if (controller?.kind === kind) map.set(objectKey(namespace, name), controller.name);
  };
}

/** Adds a page of nodes or namespaces to a map, by their names. */
export function addByName<T extends ObjectMeta>(map: Map<string, T>, items: readonly T[]): void {
  for (const item of items) map.set(item.name, item);
}

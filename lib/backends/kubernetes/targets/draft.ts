import type { LabelSet } from '../../../target/group.ts';
import { type KeyNames, labels, type MetaNames, metaNames } from '../labels.ts';
import type { ObjectMeta, TextMap } from '../objects.ts';
import type { Attached } from './joins.ts';

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

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
 * A label set under construction: names and values in turn; of two equal names the later wins. Set labels in the order of
 * their names: writing a group sorts the names, which costs nothing when they are in order.
 */
export type DraftLabels = string[];

/** A label set that was made, and its draft. */
interface Made {
  draft: DraftLabels;
  labels: LabelSet;
}

/** Label sets that were made last, one for each sequence of names. */
const made: Made[] = [];
/** The targets of a few workloads, which come in turn. */
const mostMade = 12;

/**
 * The finished label set. Most have the names of one made before, in the same order, and many of its values: they are
 * copies of it that differ where they have to. An object that grows label by label takes V8 ten times as long, and so
 * does a copy by `...` where many shapes meet.
 */
export function compact(draft: DraftLabels): LabelSet {
  const place = made.findIndex((one) => hasNames(one.draft, draft));
  const found = made[place];
  if (found === undefined) {
    const labels = fromDraft(draft);
    // One with a name twice says less than its draft.
    if (2 * Object.keys(labels).length !== draft.length) return labels;
    if (made.length >= mostMade) made.pop();
    made.unshift({ draft, labels });
    return labels;
  }
  const labels: Record<string, string> = Object.assign({}, found.labels);
  for (let at = 1; at < draft.length; at += 2) {
    const value = draft[at] ?? '';
    if (value !== found.draft[at]) labels[draft[at - 1] ?? ''] = value;
  }
  found.draft = draft;
  found.labels = labels;
  if (place > 3) made.unshift(...made.splice(place, 1));
  return labels;
}

function hasNames(other: DraftLabels, draft: DraftLabels): boolean {
  if (other.length !== draft.length) return false;
  for (let at = 0; at < draft.length; at += 2) if (other[at] !== draft[at]) return false;
  return true;
}

function fromDraft(draft: DraftLabels): LabelSet {
  const labels: Record<string, string> = {};
  for (let at = 0; at < draft.length; at += 2) labels[draft[at] ?? ''] = draft[at + 1] ?? '';
  return { ...labels };
}

/** Sets the label. */
export function set(draft: DraftLabels, name: string, value: string): void {
  draft.push(name, value);
}

/** Sets the label unless its value is empty, which means the same as no label. */
export function put(draft: DraftLabels, name: string, value: string): void {
  if (value !== '') draft.push(name, value);
}

/** Sets the label to `true` or `false`; leaves it out when the value is unknown. */
export function putFlag(draft: DraftLabels, name: string, value: boolean | undefined): void {
  if (value !== undefined) draft.push(name, value ? 'true' : 'false');
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
  for (let index = 0; index < map.length; index += 2) set(draft, names(map[index] ?? '').present, 'true');
}

/** Sets the labels of the named node, if nodes are attached and it is known. */
export function putNode(draft: DraftLabels, { nodes }: Attached, name: string): void {
  const node = nodes?.get(name);
  if (node === undefined) return;
  putMeta(draft, metaNames.node, node);
  set(draft, labels.node.name, node.name);
}

/** Sets the labels of the namespace, if namespaces are attached and it is known. */
export function putNamespace(draft: DraftLabels, { namespaces }: Attached, name: string): void {
  const namespace = namespaces?.get(name);
  if (namespace !== undefined) putMeta(draft, metaNames.namespace, namespace);
}

/** Sets the labels of a service on its own group, or on the group of its endpoints. */
export function putService(draft: DraftLabels, service: ObjectMeta): void {
  set(draft, labels.namespace, service.namespace);
  putMeta(draft, metaNames.service, service);
  set(draft, labels.service.name, service.name);
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
export function addByKey<T extends ObjectMeta>(map: Map<string, T>, items: Iterable<T>): void {
  for (const item of items) map.set(objectKey(item.namespace, item.name), item);
}

/** Adds a page of objects by their keys: the names of the controllers that are of the given kind. */
export function addControllers(
  kind: string,
): (
  map: Map<string, string>,
  items: Iterable<ObjectMeta & { readonly controller: Controller | undefined }>,
) => void {
  return (map, items) => {
    for (const { namespace, name, controller } of items)
      if (controller?.kind === kind) map.set(objectKey(namespace, name), controller.name);
  };
}

/** Adds a page of nodes or namespaces to a map, by their names. */
export function addByName<T extends ObjectMeta>(map: Map<string, T>, items: Iterable<T>): void {
  for (const item of items) map.set(item.name, item);
}

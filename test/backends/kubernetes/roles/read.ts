import type { Kind, ObjectMeta } from '../../../../lib/backends/kubernetes/kinds/kind.ts';
import { mediaTypes } from '../../../../lib/backends/kubernetes/wire/list.ts';
import { decodeWhole } from '../whole-page.ts';

/** Objects as the API shows them in JSON, read. */
export function readAll<T extends ObjectMeta>(kind: Kind<T>, objects: readonly object[]): readonly T[] {
  const list = { kind: kind.listKind, apiVersion: kind.apiVersion, metadata: {}, items: objects };
  return decodeWhole(kind, Buffer.from(JSON.stringify(list)), mediaTypes.json).items;
}

/** One object, read. */
export function readOne<T extends ObjectMeta>(kind: Kind<T>, object: object): T {
  const [item] = readAll(kind, [object]);
  if (item === undefined) throw new Error('no item');
  return item;
}

/** Labels without the prefix of all labels of Kubernetes, for reading. */
export function short(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(labels).map(([name, value]) => [name.replace(/^__meta_kubernetes_/, ''), value]),
  );
}

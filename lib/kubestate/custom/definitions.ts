import type { Lister } from '../../backends/kubernetes/listing/lister.ts';
import { optionalFlag, word } from '../object/fields.ts';
import { kindOf } from '../object/kind.ts';
import { list, struct } from '../object/messages.ts';
import type { GroupVersionKind } from './family.ts';

/** Where custom resource definitions are listed. */
export const definitionsResource = {
  resource: 'customresourcedefinitions',
  apiVersion: 'apiextensions.k8s.io/v1',
  listKind: 'CustomResourceDefinitionList',
  namespaced: false,
} as const;

/** A kind of custom resource in one version that the API server serves. */
export interface ServedKind extends GroupVersionKind {
  readonly plural: string;
  readonly listKind: string;
  readonly namespaced: boolean;
}

/** Their schemas, which are not read, make definitions large: a page of so many takes some megabytes. */
const pageSize = 50;

/** All kinds of custom resources that the API server serves. Throws what listing throws. */
export async function listServedKinds(lister: Lister, signal: AbortSignal): Promise<readonly ServedKind[]> {
  let served: ServedKind[] = [];
  const kind = kindOf(definitionsResource, definition, { labels: false, annotations: false });
  for await (const { items, first } of lister.parts({ kind, namespace: '', limit: pageSize }, signal)) {
    if (first) served = [];
    for (const { spec } of items) {
      const { group, names, scope, versions } = spec;
      const { kind, listKind, plural } = names;
      for (const { name: version, served: isServed } of versions) {
        if (isServed === false) continue;
        const listed = listKind === '' ? `${kind}List` : listKind;
        served.push({ group, version, kind, plural, listKind: listed, namespaced: scope !== 'Cluster' });
      }
    }
  }
  return served;
}

/** Numbers: generated.proto of k8s.io/apiextensions-apiserver. */
const definition = {
  spec: struct(2, {
    group: word(1),
    names: struct(3, { plural: word(1), kind: word(4), listKind: word(5) }),
    scope: word(4),
    versions: list(7, { name: word(1), served: optionalFlag(2) }),
  }),
};

import type { Lister } from '../../backends/kubernetes/listing/lister.ts';
import { list, optionalFlag, struct, word } from '../../backends/kubernetes/wire/fields.ts';
import { compare } from '../../targets/canonical.ts';
import { kindOf } from '../resource.ts';
import type { CustomResource } from './config.ts';
import type { GroupVersionKind } from './family.ts';

/** A configured resource, and a kind that it selects. */
export interface Resolved {
  readonly resource: CustomResource;
  readonly served: Served;
}

/** A kind as it is listed. Its scope is unknown if its definition was not read. */
type Served = Omit<ServedKind, 'namespaced'> & { readonly namespaced: boolean | undefined };

/** Whether the definitions must be listed to find the kinds of the resource. */
export function needsDefinitions({ groupVersionKind, resourcePlural }: CustomResource): boolean {
  return resourcePlural === '' || groupVersionKind.version === '*' || groupVersionKind.kind === '*';
}

/**
 * Returns the kinds that the configured resources select, ordered by name. When two resources select one kind, the later
 * wins. Kinds that the server does not serve are left out.
 */
export function resolveKinds(
  resources: readonly CustomResource[],
  kinds: readonly ServedKind[],
): readonly Resolved[] {
  const byName = new Map<string, Resolved>();
  for (const resource of resources)
    for (const served of servedOf(resource, kinds))
      byName.set(`${served.group}/${served.version}/${served.plural}`, { resource, served });
  return [...byName].sort(([a], [b]) => compare(a, b)).map(([, resolved]) => resolved);
}

function servedOf(resource: CustomResource, kinds: readonly ServedKind[]): readonly Served[] {
  const { groupVersionKind, resourcePlural: plural } = resource;
  if (!needsDefinitions(resource)) {
    const listKind = `${groupVersionKind.kind}List`;
    return [{ ...groupVersionKind, plural, listKind, namespaced: undefined }];
  }
  const { group, version, kind } = groupVersionKind;
  const fits = (wanted: string, found: string) => wanted === '*' || wanted === found;
  return kinds.filter(
    (served) => served.group === group && fits(version, served.version) && fits(kind, served.kind),
  );
}

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

/** Definitions on a page. Their schemas make them large: a page has some megabytes. */
const pageSize = 50;

/** Lists all kinds of custom resources that the API server serves. Throws what listing throws. */
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

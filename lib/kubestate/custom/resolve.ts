import { compare } from '../../target/canonical.ts';
import type { CustomResource } from './config.ts';
import type { ServedKind } from './definitions.ts';

/** A configured resource and the kind that it is about. */
export interface Resolved {
  readonly resource: CustomResource;
  readonly served: Served;
}

/** A kind as it is listed; of one that no definition was asked for, nobody knows whether namespaces hold it. */
export type Served = Omit<ServedKind, 'namespaced'> & { readonly namespaced: boolean | undefined };

/** Whether definitions have to be listed to know what the resource is about. */
export function needsDefinitions({ groupVersionKind, resourcePlural }: CustomResource): boolean {
  return resourcePlural === '' || groupVersionKind.version === '*' || groupVersionKind.kind === '*';
}

/**
 * The kinds that the configured resources are about, in the order of their names. Where two are about the same one, the
 * later stands. A kind that the server does not serve is none.
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

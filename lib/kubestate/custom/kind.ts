import { jsonKind } from '../../backends/kubernetes/kinds/json-kind.ts';
import type { Kind, KindNames } from '../../backends/kubernetes/kinds/kind.ts';
import { asObject } from '../../backends/kubernetes/wire/table.ts';
import type { CustomObject } from './family.ts';
import { keepWanted, type Wanted } from './wanted.ts';

/** A kind of custom resource, of whose objects no more is kept than what is wanted. An API server has them as JSON. */
export function customKind(names: KindNames & { readonly kind: string }, wanted: Wanted): Kind<CustomObject> {
  const { kind: kindName, ...listed } = names;
  return jsonKind(listed, (json) => {
    // A list may leave out what all of its objects have in common.
    const { apiVersion = listed.apiVersion, kind = kindName } = asObject(json);
    return keepWanted({ ...asObject(json), apiVersion, kind }, wanted);
  });
}

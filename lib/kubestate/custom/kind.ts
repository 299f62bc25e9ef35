import { emptyMeta, type Kind, type KindNames, kind } from '../../backends/kubernetes/kinds/kind.ts';
import { inside, text, word } from '../../backends/kubernetes/wire/fields.ts';
import { Malformed } from '../../backends/kubernetes/wire/reader.ts';
import { asObject, type Field } from '../../backends/kubernetes/wire/table.ts';
import type { CustomObject } from './family.ts';
import { keepWanted, type Wanted } from './wanted.ts';

/** A kind of custom resource, of whose objects no more is kept than what is wanted. An API server has them as JSON. */
export function customKind(names: KindNames & { readonly kind: string }, wanted: Wanted): Kind<CustomObject> {
  const { kind: kindName, ...listed } = names;
  const described = kind<Draft>({
    ...listed,
    create: () => ({ ...emptyMeta(), uid: '', content: undefined }),
    fields: [
      inside<Draft>(1, 'metadata', [
        text(1, 'name', (object, name) => {
          object.name = name;
        }),
        word(3, 'namespace', (object, namespace) => {
          object.namespace = namespace;
        }),
        text(5, 'uid', (object, uid) => {
          object.uid = uid;
        }),
      ]),
      content((json) => {
        // A list may leave out what all of its objects have in common.
        const { apiVersion = listed.apiVersion, kind = kindName } = asObject(json);
        return keepWanted({ ...asObject(json), apiVersion, kind }, wanted);
      }),
    ],
  });
  return { ...described, jsonOnly: true };
}

type Draft = ReturnType<typeof emptyMeta> & { uid: string; content: unknown };

/** The whole object, which has no form but JSON. */
function content(keep: (json: unknown) => unknown): Field<Draft> {
  return {
    number: 2,
    name: '',
    wire: 2,
    repeated: false,
    read() {
      throw new Malformed('is not JSON, the form of custom resources');
    },
    pick(json, object) {
      object.content = keep(json);
    },
  };
}

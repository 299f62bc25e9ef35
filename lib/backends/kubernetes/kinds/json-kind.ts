import type { ObjectMeta } from '../objects.ts';
import { inside, text, textMap, word } from '../wire/fields.ts';
import { Malformed } from '../wire/reader.ts';
import type { Field } from '../wire/table.ts';
import { emptyMeta, type Kind, type KindNames, kind } from './kind.ts';

/** An object of which more is kept than labels need: what `keep` makes of the whole of it. */
export interface JsonObject<Content> extends ObjectMeta {
  readonly uid: string;
  readonly content: Content;
}

/** A kind whose objects have no form but JSON, as custom resources. `keep` is given each object as it was parsed. */
export function jsonKind<Content>(
  names: KindNames,
  keep: (json: unknown) => Content,
): Kind<JsonObject<Content | undefined>> {
  type Draft = ReturnType<typeof emptyMeta> & { uid: string; content: Content | undefined };
  const content: Field<Draft> = {
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
  const described = kind<Draft>({
    ...names,
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
        textMap(11, 'labels', (object) => object.labels),
      ]),
      content,
    ],
  });
  return { ...described, jsonOnly: true };
}

import type { ObjectReference } from '../objects.ts';
import { type Shape, text, word } from '../wire/fields.ts';
import type { Draft } from './kind.ts';

/** What an address of a service stands for. */
export const reference: Shape<Draft<ObjectReference>> = {
  create: () => ({ kind: '', namespace: '', name: '' }),
  fields: [
    word(1, 'kind', (target, kind) => {
      target.kind = kind;
    }),
    word(2, 'namespace', (target, namespace) => {
      target.namespace = namespace;
    }),
    text(3, 'name', (target, name) => {
      target.name = name;
    }),
  ],
};

import type { ObjectReference, OwnerReference } from '../objects.ts';
import { flag, many, type Shape, text, word } from '../wire/fields.ts';
import type { Field } from '../wire/table.ts';
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

/** What is so of an object, as in `Ready` and `True`. */
export const condition: Shape<{ type: string; status: string }> = {
  create: () => ({ type: '', status: '' }),
  fields: [
    word(1, 'type', (target, type) => {
      target.type = type;
    }),
    word(2, 'status', (target, status) => {
      target.status = status;
    }),
  ],
};

/** The field of metadata that names owners: of them the first one counts that manages the object. */
export function controller<T extends { controller: OwnerReference | undefined }>(): Field<T> {
  return many(13, 'ownerReferences', owner, (target, { kind, name, controller }) => {
    if (controller) target.controller ??= { kind, name };
  });
}

const owner: Shape<Draft<OwnerReference> & { controller: boolean }> = {
  create: () => ({ kind: '', name: '', controller: false }),
  fields: [
    word(1, 'kind', (target, kind) => {
      target.kind = kind;
    }),
    word(3, 'name', (target, name) => {
      target.name = name;
    }),
    flag(6, 'controller', (target, controller) => {
      target.controller = controller;
    }),
  ],
};

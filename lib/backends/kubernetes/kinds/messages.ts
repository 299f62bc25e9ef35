import type { OwnerReference } from '../objects.ts';
import { many } from '../wire/fields.ts';
import { message, optionalFlag, text, word } from '../wire/slots.ts';
import type { Field } from '../wire/table.ts';

/** `ObjectReference`: the object behind an address of a service. */
export const reference = { kind: word(1), namespace: word(2), name: text(3) };

/** The first two fields of every condition, as in `Ready` and `True`. */
export const condition = { type: word(1), status: word(2) };

/** `NodeAddress` */
export const nodeAddress = { type: word(1), address: text(2) };

/** `OwnerReference` */
export const owner = { kind: word(1), name: word(3), controller: optionalFlag(6) };

/** The field of metadata that names owners. Only the first owner that controls the object counts. */
export function controller<T extends { controller: OwnerReference | undefined }>(): Field<T> {
  return many(13, 'ownerReferences', ownerShape, (target, { kind, name, controller }) => {
    if (controller === true) target.controller ??= { kind, name };
  });
}

const ownerShape = message(owner);

import * as wireFields from '../../backends/kubernetes/wire/fields.ts';
import { addTo, type Draft, put, type Slot, type Slots, type Values } from './fields.ts';

/** A message that is always there, if empty. */
export function struct<S extends Slots>(number: number, slots: S): Slot<Values<S>> {
  const shape = shapeOf(slots);
  return { empty: shape.create(), field: (key) => wireFields.one(number, key, shape, put(key)) };
}

/** A message that may be absent. */
export function pointer<S extends Slots>(number: number, slots: S): Slot<Values<S> | undefined> {
  return {
    empty: undefined,
    field: (key) => wireFields.one(number, key, shapeOf(slots), put(key)),
  };
}

/** A message whose fields stand in the object around it in JSON. */
export function embedded<S extends Slots>(number: number, slots: S): Slot<Values<S>> {
  const shape = shapeOf(slots);
  return { empty: shape.create(), field: (key) => wireFields.one(number, '', shape, put(key)) };
}

/** A list of messages. */
export function list<S extends Slots>(number: number, slots: S): Slot<readonly Values<S>[]> {
  return { empty: [], field: (key) => wireFields.many(number, key, shapeOf(slots), addTo(key)) };
}

/** The shape of a message with these fields. */
export function shapeOf<S extends Slots>(slots: S): wireFields.Shape<Values<S>>;
export function shapeOf(slots: Slots): wireFields.Shape<Draft> {
  const empty: Draft = Object.fromEntries(Object.entries(slots).map(([key, slot]) => [key, slot.empty]));
  return {
    create: () => ({ ...empty }),
    fields: Object.entries(slots).map(([key, slot]) => slot.field(key)),
  };
}

import * as z from 'zod';

/**
 * Fields of JSON that a Go or Scala program writes: an empty text, list or map may come as null or not at all,
 * depending on the program's version.
 */
export const textField = z
  .string()
  .nullish()
  .transform((value) => value ?? '');

/** A whole number, 0 where it is missing. */
export const intField = z
  .int()
  .nullish()
  .transform((value) => value ?? 0);

/** `false` where it is missing. */
export const flagField = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);

/** An object of such fields. Where it is missing, each field is as if it were missing in it. */
export function structField<const Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.preprocess((input) => input ?? {}, z.object(shape));
}

/** A whole body that is a list. An empty one may be null; a body that is anything else is none. */
export function listBody<Item>(item: z.ZodType<Item>) {
  return z
    .array(item)
    .nullable()
    .transform((value) => value ?? []);
}

/** A list of such items, empty where it is missing. */
export function listField<Item>(item: z.ZodType<Item>) {
  return z
    .array(item)
    .nullish()
    .transform((value) => value ?? []);
}

/** An object of arbitrary keys, empty where it is missing. */
export function mapField<Value>(value: z.ZodType<Value>) {
  return anyMap(value)
    .nullish()
    .transform((map) => map ?? new Map<string, Value>());
}

/** An object of arbitrary keys as a Map, in which a key like `__proto__` is a key like any other. */
export function anyMap<Value>(value: z.ZodType<Value>) {
  return z.preprocess(
    (input) => (isObject(input) ? new Map(Object.entries(input)) : input),
    z.map(z.string(), value),
  );
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

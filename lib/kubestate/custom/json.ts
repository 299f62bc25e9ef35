/** A JSON object, read by name; its own keys alone count. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** Null and absent are one, as in Go. */
export function isNil(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

/** The value at the key; `undefined` where the object has none of its own. */
export function valueAt(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

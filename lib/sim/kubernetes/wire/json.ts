/** A JSON value that nobody changes. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/**
 * A JSON object. Where it is frozen, it is promised to hold nothing that is not frozen too: the encoders then keep
 * what they made of it, so that a part which thousands of pods share is encoded once.
 */
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !isList(value);
}

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** The object at the path, or an empty one. */
export function objectAt(value: JsonObject, ...path: readonly string[]): JsonObject {
  let at = value;
  for (const key of path) {
    const inner = at[key];
    if (!isObject(inner)) return {};
    at = inner;
  }
  return at;
}

/** The text at the key; other scalars as they are written, nothing as an empty text. */
export function textAt(value: JsonObject, key: string): string {
  const found = value[key];
  return typeof found === 'string'
    ? found
    : typeof found === 'number' || typeof found === 'boolean'
      ? String(found)
      : '';
}

/** Freezes the value and all in it. */
export function freeze<T extends Json>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    for (const inner of Object.values(value)) if (inner !== undefined) freeze(inner);
    Object.freeze(value);
  }
  return value;
}

/** The text as JSON, or nothing if it is not JSON. */
export function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

import { type ForwardBuffer, forwardBuffer } from './buffers.ts';

/** A JSON value. Nobody changes it. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/**
 * A JSON object. Where it is frozen, it is promised to hold nothing that is not frozen too: the encoders then keep
 * what they made of it, so that a part which thousands of pods share is encoded once.
 */
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

/** Whether the value is an object, and neither a list nor null. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !isList(value);
}

/** Whether the value is a list. */
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

/** The string at the key. Another scalar becomes a string; a missing value becomes ''. */
export function textAt(value: JsonObject, key: string): string {
  const found = value[key];
  return typeof found === 'string'
    ? found
    : typeof found === 'number' || typeof found === 'boolean'
      ? String(found)
      : '';
}

/** Freezes the value and everything in it. */
export function freeze<T extends Json>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    for (const inner of Object.values(value)) if (inner !== undefined) freeze(inner);
    Object.freeze(value);
  }
  return value;
}

/** Parses JSON. Undefined if the text is not JSON. */
export function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Writes a value as Go's encoding/json does: without members that are undefined, with `<`, `>` and `&` escaped. */
export function encodeJson(value: Json): string {
  const out = forwardBuffer(256);
  putJson(out, value);
  return utf8.decode(out.taken());
}

const utf8 = new TextDecoder();

/** Writes the value; frozen objects and lists are encoded once and then copied. */
export function putJson(out: ForwardBuffer, value: Json): void {
  if (typeof value === 'string') out.text(quote(value));
  else if (typeof value !== 'object' || value === null) out.text(String(value));
  else {
    const frozen = Object.isFrozen(value);
    const kept = frozen ? encodings.get(value) : undefined;
    if (kept !== undefined) {
      out.bytes(kept);
      return;
    }
    const start = out.size();
    if (isList(value)) putList(out, value);
    else putMembers(out, value);
    if (frozen) encodings.set(value, out.since(start));
  }
}

const encodings = new WeakMap<object, Uint8Array>();

function putList(out: ForwardBuffer, values: readonly Json[]): void {
  let before = '[';
  for (const value of values) {
    out.text(before);
    putJson(out, value);
    before = ',';
  }
  out.text(before === '[' ? '[]' : ']');
}

function putMembers(out: ForwardBuffer, object: JsonObject): void {
  let before = '{';
  for (const key in object) {
    const value = object[key];
    if (value === undefined) continue;
    out.text(`${before}${quote(key)}:`);
    putJson(out, value);
    before = ',';
  }
  out.text(before === '{' ? '{}' : '}');
}

const special = /[^ !#-%'-;=?-[\]-~]/;
const escapedByGo = /[<>&\u2028\u2029]/g;

function quote(text: string): string {
  if (!special.test(text)) return `"${text}"`;
  return JSON.stringify(text).replace(
    escapedByGo,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

import { type ForwardBuffer, forwardBuffer } from './forward-buffer.ts';
import { isList, type Json, type JsonObject } from './json.ts';

/** The value as Go's encoding/json writes it: members without a value left out, `<`, `>` and `&` escaped. */
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

import { isList, type Json } from './json.ts';

/** The value as Go's encoding/json writes it: members without a value left out, `<`, `>` and `&` escaped. */
export function encodeJson(value: Json): string {
  if (value === null) return 'null';
  switch (typeof value) {
    case 'string':
      return quote(value);
    case 'object': {
      const frozen = Object.isFrozen(value);
      const kept = frozen ? texts.get(value) : undefined;
      if (kept !== undefined) return kept;
      const text = isList(value) ? encodeList(value) : encodeMembers(value);
      if (frozen) texts.set(value, text);
      return text;
    }
    default:
      return String(value);
  }
}

const texts = new WeakMap<object, string>();

function encodeList(values: readonly Json[]): string {
  let text = '[';
  for (const [index, value] of values.entries())
    text += index === 0 ? encodeJson(value) : `,${encodeJson(value)}`;
  return `${text}]`;
}

function encodeMembers(object: { readonly [key: string]: Json | undefined }): string {
  let text = '{';
  for (const key in object) {
    const value = object[key];
    if (value === undefined) continue;
    text += text === '{' ? `${quote(key)}:` : `,${quote(key)}:`;
    text += encodeJson(value);
  }
  return `${text}}`;
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

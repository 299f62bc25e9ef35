import { type BackwardBuffer, backwardBuffer } from './buffers.ts';
import { encodeJson, isList, isObject, type Json, type JsonObject } from './json.ts';
import type { Field, Message } from './messages.ts';

/** Encodes the object as that message, byte for byte as an API server does. Throws an Error for an unknown field. */
export function encodeMessage(message: Message, value: JsonObject): Uint8Array {
  const out = backwardBuffer(256);
  putFields(out, message, value);
  return out.taken();
}

/** Writes the objects in front of the buffer's content, as entries of a list's field 2, `items`. */
export function putItems(out: BackwardBuffer, message: Message, items: readonly JsonObject[]): void {
  for (const item of items.toReversed()) putMessage(out, message, item, tagOf(2, 'bytes'));
}

/** Encodes the object in its envelope, runtime.Unknown. */
export function putEnveloped(
  out: BackwardBuffer,
  {
    apiVersion,
    kind,
    message,
  }: { readonly apiVersion: string; readonly kind: string; readonly message: Message },
  value: JsonObject,
): void {
  out.bytes(envelopeTail);
  const before = out.size();
  putBody(out, message, value);
  putEnvelopeHead(out, apiVersion, kind, out.size() - before);
}

/** Follows the bytes of the object: fields 3 and 4 of runtime.Unknown, empty. */
export const envelopeTail = Uint8Array.of(0x1a, 0x00, 0x22, 0x00);

/** Precedes the bytes of the object: `k8s`, a zero byte, the type of the object, and the number of its bytes. */
export function putEnvelopeHead(
  out: BackwardBuffer,
  apiVersion: string,
  kind: string,
  rawBytes: number,
): void {
  out.varint(rawBytes);
  out.varint(tagOf(2, 'bytes'));
  const before = out.size();
  putText(out, kind, tagOf(2, 'bytes'));
  putText(out, apiVersion, tagOf(1, 'bytes'));
  putLength(out, before, tagOf(1, 'bytes'));
  out.text('k8s\0');
}

/** Writes a message with tag and length, as a field of another message. */
export function putMessage(out: BackwardBuffer, message: Message, value: JsonObject, tag: number): void {
  const before = out.size();
  putBody(out, message, value);
  putLength(out, before, tag);
}

function putBody(out: BackwardBuffer, message: Message, value: JsonObject): void {
  const before = out.size();
  if (putKept(out, value, message)) return;
  putFields(out, message, value);
  keep(out, value, message, before);
}

function putFields(out: BackwardBuffer, message: Message, value: JsonObject): void {
  for (const key in value)
    if (!message.names.has(key)) throw new Error(`the tables know no field '${key}' of ${message.name}`);
  putKnownFields(out, message, value);
}

function putKnownFields(out: BackwardBuffer, { fields }: Message, value: JsonObject): void {
  for (let index = fields.length - 1; index >= 0; index -= 1) {
    const field = fields[index];
    if (field !== undefined) putField(out, field, value);
  }
}

function putField(out: BackwardBuffer, field: Field, owner: JsonObject): void {
  const { form, number, type } = field;
  if (form === 'inline') {
    const before = out.size();
    if (typeof type !== 'string') putKnownFields(out, type, owner);
    putLength(out, before, tagOf(number, 'bytes'));
    return;
  }
  const value = owner[field.name];
  if (value === undefined && form !== 'always') return;
  if (form === 'list') putList(out, field, isList(value) ? value : []);
  else if (form === 'map') putMap(out, field, isObject(value) ? value : {});
  else putValue(out, type, value, number);
}

function putList(out: BackwardBuffer, field: Field, values: readonly Json[]): void {
  const before = out.size();
  if (putKept(out, values, field)) return;
  for (let index = values.length - 1; index >= 0; index -= 1)
    putValue(out, field.type, values[index], field.number);
  keep(out, values, field, before);
}

function putMap(out: BackwardBuffer, field: Field, map: JsonObject): void {
  const start = out.size();
  if (putKept(out, map, field)) return;
  for (const key of sortedKeys(map).reverse()) {
    const before = out.size();
    putValue(out, field.type, map[key], 2);
    putText(out, key, tagOf(1, 'bytes'));
    putLength(out, before, tagOf(field.number, 'bytes'));
  }
  keep(out, map, field, start);
}

function putValue(out: BackwardBuffer, type: Field['type'], value: Json | undefined, number: number): void {
  if (typeof type !== 'string') {
    putMessage(out, type, isObject(value) ? value : nothing, tagOf(number, 'bytes'));
    return;
  }
  switch (type) {
    case 'text':
      putText(out, typeof value === 'string' ? value : '', tagOf(number, 'bytes'));
      return;
    case 'bytes':
      putBytes(out, Buffer.from(typeof value === 'string' ? value : '', 'base64'), tagOf(number, 'bytes'));
      return;
    case 'int':
      putNumber(out, typeof value === 'number' ? value : 0, tagOf(number, 'varint'));
      return;
    case 'bool':
      putNumber(out, value === true ? 1 : 0, tagOf(number, 'varint'));
      return;
    default: {
      const before = out.size();
      putWrapped[type](out, value);
      putLength(out, before, tagOf(number, 'bytes'));
    }
  }
}

const nothing: JsonObject = Object.freeze({});

/** Types that are a string or a number in JSON, and a message in protobuf. */
const putWrapped = {
  time(out: BackwardBuffer, value: Json | undefined): void {
    if (typeof value !== 'string') return;
    putNumber(out, 0, tagOf(2, 'varint'));
    putNumber(out, secondsOf(value), tagOf(1, 'varint'));
  },
  quantity(out: BackwardBuffer, value: Json | undefined): void {
    putText(out, typeof value === 'string' ? value : '0', tagOf(1, 'bytes'));
  },
  intOrString(out: BackwardBuffer, value: Json | undefined): void {
    putText(out, typeof value === 'string' ? value : '', tagOf(3, 'bytes'));
    putNumber(out, typeof value === 'number' ? value : 0, tagOf(2, 'varint'));
    putNumber(out, typeof value === 'string' ? 1 : 0, tagOf(1, 'varint'));
  },
  fieldsV1(out: BackwardBuffer, value: Json | undefined): void {
    putText(out, encodeJson(value ?? {}), tagOf(1, 'bytes'));
  },
};

/** Writes a string with tag and length, as a field of a message. */
export function putText(out: BackwardBuffer, text: string, tag: number): void {
  const before = out.size();
  out.text(text);
  putLength(out, before, tag);
}

/** Writes bytes, which JSON has as base64. */
function putBytes(out: BackwardBuffer, bytes: Uint8Array, tag: number): void {
  const before = out.size();
  out.bytes(bytes);
  putLength(out, before, tag);
}

/** Seconds since 1970, by time. An object repeats the same times. */
function secondsOf(time: string): number {
  if (time !== lastTime.text) lastTime = { text: time, seconds: Math.floor(Date.parse(time) / 1000) };
  return lastTime.seconds;
}

let lastTime = { text: '', seconds: 0 };

function putNumber(out: BackwardBuffer, value: number, tag: number): void {
  out.varint(value);
  out.varint(tag);
}

/** Writes length and tag of the bytes that were written since the buffer had `before` bytes. */
export function putLength(out: BackwardBuffer, before: number, tag: number): void {
  out.varint(out.size() - before);
  out.varint(tag);
}

/** A field's number with its wire type. */
export function tagOf(number: number, wire: 'varint' | 'bytes'): number {
  return number * 8 + (wire === 'bytes' ? 2 : 0);
}

/** The order of Go, by bytes. Keys of the Kubernetes API are ASCII, so the order of UTF-16 units is the same. */
function sortedKeys(map: JsonObject): string[] {
  return Object.keys(map).sort();
}

const encodings = new WeakMap<object, { readonly as: Message | Field; readonly bytes: Uint8Array }>();

function putKept(out: BackwardBuffer, value: JsonObject | readonly Json[], as: Message | Field): boolean {
  if (!Object.isFrozen(value)) return false;
  const kept = encodings.get(value);
  if (kept?.as !== as) return false;
  out.bytes(kept.bytes);
  return true;
}

function keep(
  out: BackwardBuffer,
  value: JsonObject | readonly Json[],
  as: Message | Field,
  before: number,
): void {
  if (Object.isFrozen(value)) encodings.set(value, { as, bytes: out.since(before) });
}

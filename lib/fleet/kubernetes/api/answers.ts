import { Readable } from 'node:stream';
import { createGzip, gzipSync } from 'node:zlib';
import type { FleetAnswer, FleetRequest } from '../../faults.ts';
import { encodeJson } from '../wire/go-json.ts';
import type { JsonObject } from '../wire/json.ts';
import { messageNamed } from '../wire/messages.ts';
import { encodeItems, encodeMessage, envelope, putMessage, tagOf } from '../wire/protobuf.ts';
import { backwardBuffer } from '../wire/protobuf-buffer.ts';
import type { Listing } from './list.ts';
import { apiVersionOf, type Resource } from './resources.ts';
import type { Shelf } from './shelf.ts';
import type { ApiFailure } from './status.ts';

/** How an answer is encoded. */
export type Form = 'json' | 'protobuf';

export const mediaTypes = {
  json: 'application/json',
  protobuf: 'application/vnd.kubernetes.protobuf',
} as const;

/** A failed call in the form that was asked for. */
export function failureAnswer({ status, body, headers, pretty }: ApiFailure, form: Form): FleetAnswer {
  if (pretty) return { ...prettyAnswer(body), status };
  return {
    status,
    headers: { ...common, ...headers, 'content-type': mediaTypes[form] },
    body: objectBody(body, form),
  };
}

/** JSON over several lines, as the endpoints about the server itself answer. */
export function prettyAnswer(value: JsonObject): FleetAnswer {
  return { headers: { ...common, 'content-type': mediaTypes.json }, body: JSON.stringify(value, null, 2) };
}

const common = { 'cache-control': 'no-cache, private' };

function objectBody(body: JsonObject, form: Form): string | Uint8Array {
  if (form === 'json') return `${encodeJson(body)}\n`;
  const { kind, apiVersion, ...rest } = body;
  const raw = encodeMessage(messageNamed(String(kind)), rest);
  const { head, tail } = envelope(String(apiVersion), String(kind), raw.length);
  return Buffer.concat([head, raw, tail]);
}

/** More objects than this leave in parts while they are made; memory for them is never taken at once. */
const wholeUpTo = 2000;

/** A list in the form that was asked for, compressed where the client accepts that, as an API server does. */
export function listAnswer(
  listing: Listing,
  selection: string,
  resource: Resource,
  form: Form,
  request: FleetRequest,
): FleetAnswer {
  const parts = form === 'json' ? jsonParts(listing, resource) : protobufParts(listing, selection, resource);
  const headers = { ...common, 'content-type': mediaTypes[form] };
  const gzip = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
  if (listing.atMost > wholeUpTo) {
    if (!gzip) return { headers, body: '', more: parts };
    const compressed = Readable.from(parts).pipe(createGzip({ level: 1 }));
    return { headers: { ...headers, ...gzipped }, body: '', more: compressed };
  }
  const body = Buffer.concat([...parts]);
  // An API server leaves small answers alone.
  if (!gzip || body.length < 128 * 1024) return { headers, body };
  return { headers: { ...headers, ...gzipped }, body: gzipSync(body, { level: 1 }) };
}

const gzipped = { 'content-encoding': 'gzip', vary: 'Accept-Encoding' };

function* jsonParts({ metadata, pieces }: Listing, resource: Resource): Iterable<Uint8Array> {
  const apiVersion = apiVersionOf(resource);
  const head = encodeJson({ kind: `${resource.kind}List`, apiVersion, metadata });
  yield Buffer.from(`${head.slice(0, -1)},"items":[`);
  let first = true;
  for (const objects of pieces()) {
    let text = '';
    for (const object of objects) {
      text += first ? encodeJson(object) : `,${encodeJson(object)}`;
      first = false;
    }
    yield Buffer.from(text);
  }
  yield Buffer.from(']}\n');
}

const listMeta = messageNamed('ListMeta');

function* protobufParts(listing: Listing, selection: string, resource: Resource): Iterable<Uint8Array> {
  const { metadata, pieces, atMost } = listing;
  const out = backwardBuffer(1 << 20);
  putMessage(out, listMeta, metadata, tagOf(1, 'bytes'));
  const meta = out.since(0);

  // The length stands in front: a short list is encoded whole, a long one twice, the first time to be measured.
  const encode = () => encodePieces(pieces(), resource, out);
  const whole = atMost > wholeUpTo ? undefined : [...encode()];
  const items = whole === undefined ? measured(listing.shelf, selection, encode) : lengthOf(whole);
  const { head, tail } = envelope(apiVersionOf(resource), `${resource.kind}List`, meta.length + items);
  yield head;
  yield meta;
  yield* whole ?? encode();
  yield tail;
}

function* encodePieces(
  pieces: Iterable<readonly JsonObject[]>,
  { message }: Resource,
  out: ReturnType<typeof backwardBuffer>,
): Iterable<Uint8Array> {
  for (const objects of pieces) yield encodeItems(out, message, objects);
}

/** Lengths of long lists, by their shelf and selection: equal for all who ask for the same. */
const lengths = new WeakMap<Shelf, Map<string, number>>();

function measured(shelf: Shelf, selection: string, encode: () => Iterable<Uint8Array>): number {
  const known = lengths.get(shelf) ?? new Map<string, number>();
  lengths.set(shelf, known);
  const length = known.get(selection) ?? lengthOf(encode());
  known.set(selection, length);
  return length;
}

function lengthOf(parts: Iterable<Uint8Array>): number {
  let length = 0;
  for (const part of parts) length += part.length;
  return length;
}

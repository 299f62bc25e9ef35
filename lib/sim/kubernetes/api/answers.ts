import { Readable } from 'node:stream';
import { createGzip, gzipSync } from 'node:zlib';
import type { FleetAnswer, FleetRequest } from '../../faults.ts';
import { type BackwardBuffer, backwardBuffer, type ForwardBuffer, forwardBuffer } from '../wire/buffers.ts';
import { encodeJson, type JsonObject, putJson } from '../wire/json.ts';
import { messageNamed } from '../wire/messages.ts';
import {
  envelopeTail,
  putEnveloped,
  putEnvelopeHead,
  putItems,
  putLength,
  putMessage,
  putText,
  tagOf,
} from '../wire/protobuf.ts';
import type { Listing, Shelf } from './list.ts';
import { apiVersionOf, type Resource } from './resources.ts';
import type { ApiFailure } from './status.ts';

/** Encoding of a response. */
export type Form = 'json' | 'protobuf';

/** The content type of each form. */
const mediaTypes = {
  json: 'application/json',
  protobuf: 'application/vnd.kubernetes.protobuf',
} as const;

/** Returns the response of a failed call in the wanted form. */
export function failureAnswer({ status, body, headers, pretty }: ApiFailure, form: Form): FleetAnswer {
  if (pretty) return { ...prettyAnswer(body), status };
  return {
    status,
    headers: { ...common, ...headers, 'content-type': mediaTypes[form] },
    body: objectBody(body, form),
  };
}

/** Returns indented JSON, as the endpoints about the server itself do. */
export function prettyAnswer(value: JsonObject): FleetAnswer {
  return { headers: { ...common, 'content-type': mediaTypes.json }, body: JSON.stringify(value, null, 2) };
}

const common = { 'cache-control': 'no-cache, private' };

function objectBody(body: JsonObject, form: Form): string | Uint8Array {
  if (form === 'json') return `${encodeJson(body)}\n`;
  const { kind, apiVersion, ...rest } = body;
  const out = backwardBuffer(1024);
  putEnveloped(
    out,
    { apiVersion: String(apiVersion), kind: String(kind), message: messageNamed(String(kind)) },
    rest,
  );
  return out.taken();
}

/** The server streams lists with more objects than this, which bounds memory. */
const wholeUpTo = 2000;

/** Returns a list in the wanted form, compressed if the client accepts that, as an API server does. */
export function listAnswer(
  listing: Listing,
  selection: string,
  { resource, form }: { readonly resource: Resource; readonly form: Form },
  request: FleetRequest,
): FleetAnswer {
  const headers = { ...common, 'content-type': mediaTypes[form] };
  const gzip = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
  if (listing.atMost > wholeUpTo) {
    const parts =
      form === 'json' ? jsonParts(listing, resource) : protobufParts(listing, selection, resource);
    if (!gzip) return { headers, body: '', more: parts };
    const compressed = Readable.from(parts).pipe(createGzip({ level: 1 }));
    return { headers: { ...headers, ...gzipped }, body: '', more: compressed };
  }
  const body = form === 'json' ? wholeJson(listing, resource) : wholeProtobuf(listing, resource);
  // An API server does not compress small answers.
  if (!gzip || body.length < 128 * 1024) return { headers, body };
  return { headers: { ...headers, ...gzipped }, body: gzipSync(body, { level: 1 }) };
}

const gzipped = { 'content-encoding': 'gzip', vary: 'Accept-Encoding' };

/** Initial buffer size for a number of objects, in bytes: pods are the largest. */
function roomFor(objects: number): number {
  return 4096 + objects * 12_000;
}

function wholeJson(listing: Listing, resource: Resource): Uint8Array {
  const out = forwardBuffer(roomFor(listing.atMost));
  putJsonHead(out, listing, resource);
  let before = '';
  for (const objects of listing.pieces()) before = putJsonItems(out, objects, before);
  out.text(jsonTail);
  return out.taken();
}

function* jsonParts(listing: Listing, resource: Resource): Iterable<Uint8Array> {
  const out = forwardBuffer(roomFor(500));
  putJsonHead(out, listing, resource);
  let before = '';
  for (const objects of listing.pieces()) {
    before = putJsonItems(out, objects, before);
    yield out.taken();
  }
  out.text(jsonTail);
  yield out.taken();
}

const jsonTail = ']}\n';

function putJsonHead(out: ForwardBuffer, { metadata }: Listing, resource: Resource): void {
  const head = encodeJson({ kind: `${resource.kind}List`, apiVersion: apiVersionOf(resource), metadata });
  out.text(`${head.slice(0, -1)},"items":[`);
}

/** Writes the objects, with `before` in front of the first. Returns the separator for the next object. */
function putJsonItems(out: ForwardBuffer, objects: readonly JsonObject[], before: string): string {
  let between = before;
  for (const object of objects) {
    out.text(between);
    putJson(out, object);
    between = ',';
  }
  return between;
}

function wholeProtobuf(listing: Listing, resource: Resource): Uint8Array {
  const out = backwardBuffer(roomFor(listing.atMost));
  out.bytes(envelopeTail);
  const before = out.size();
  for (const objects of [...listing.pieces()].reverse()) putItems(out, resource.message, objects);
  putMessage(out, listMeta, listing.metadata, tagOf(1, 'bytes'));
  putEnvelopeHead(out, apiVersionOf(resource), `${resource.kind}List`, out.size() - before);
  return out.taken();
}

const listMeta = messageNamed('ListMeta');

/** The length comes first, so a long list is encoded twice: first to measure it, then to send it. */
function* protobufParts(listing: Listing, selection: string, resource: Resource): Iterable<Uint8Array> {
  const items = measured(listing, selection, resource);
  const out = backwardBuffer(roomFor(500));
  putMessage(out, listMeta, listing.metadata, tagOf(1, 'bytes'));
  putEnvelopeHead(out, apiVersionOf(resource), `${resource.kind}List`, out.size() + items);
  yield out.taken();
  yield* encodePieces(listing, resource);
  yield envelopeTail;
}

function* encodePieces({ pieces }: Listing, { message }: Resource): Iterable<Uint8Array> {
  const out = backwardBuffer(roomFor(500));
  for (const objects of pieces()) {
    putItems(out, message, objects);
    yield out.taken();
  }
}

/** Lengths of long lists in bytes, by shelf and selection. Equal requests get the same length. */
const lengths = new WeakMap<Shelf, Map<string, number>>();

function measured(listing: Listing, selection: string, resource: Resource): number {
  const known = lengths.get(listing.shelf) ?? new Map<string, number>();
  lengths.set(listing.shelf, known);
  let length = known.get(selection);
  if (length === undefined) {
    length = 0;
    for (const part of encodePieces(listing, resource)) length += part.length;
    known.set(selection, length);
  }
  return length;
}

/** Where a watch begins, and what it sends. */
export interface WatchOptions {
  readonly version: number;
  /** Whether the client wants bookmarks. It then gets one at once. */
  readonly bookmarks: boolean;
  /** The objects that a streaming list sends first, each as if it had just been added. */
  readonly initial: Listing | undefined;
}

/** Returns a watch without events after the first ones. It stays open until the client leaves. */
export function watchAnswer(resource: Resource, options: WatchOptions, form: Form): FleetAnswer {
  const type = form === 'json' ? mediaTypes.json : `${mediaTypes.protobuf};stream=watch`;
  return {
    headers: { 'cache-control': 'no-cache, private', 'content-type': type },
    body: '',
    more: events(resource, options, form),
    open: true,
  };
}

function* events(
  resource: Resource,
  { version, bookmarks, initial }: WatchOptions,
  form: Form,
): Iterable<Uint8Array> {
  const encode = form === 'json' ? jsonEvents : protobufEvents(backwardBuffer(1 << 16));
  for (const objects of initial?.pieces() ?? []) yield encode('ADDED', resource, objects);
  if (!bookmarks) return;
  const annotations = initial === undefined ? undefined : { 'k8s.io/initial-events-end': 'true' };
  yield encode('BOOKMARK', resource, [{ metadata: { resourceVersion: String(version), annotations } }]);
}

type EncodeEvents = (type: string, resource: Resource, objects: readonly JsonObject[]) => Uint8Array;

const jsonEvents: EncodeEvents = (type, resource, objects) => {
  const { kind } = resource;
  const apiVersion = apiVersionOf(resource);
  const lines = objects.map((object) => `${encodeJson({ type, object: { kind, apiVersion, ...object } })}\n`);
  return Buffer.from(lines.join(''));
};

/** Each is a `WatchEvent` of meta/v1 after its length in four bytes. Field 1 is the type, field 2 a RawExtension. */
function protobufEvents(out: BackwardBuffer): EncodeEvents {
  return (type, resource, objects) => {
    const typed = { apiVersion: apiVersionOf(resource), kind: resource.kind, message: resource.message };
    for (const object of objects.toReversed()) {
      const before = out.size();
      putEnveloped(out, typed, object);
      putLength(out, before, tagOf(1, 'bytes'));
      putLength(out, before, tagOf(2, 'bytes'));
      putText(out, type, tagOf(1, 'bytes'));
      const length = Buffer.alloc(4);
      length.writeUInt32BE(out.size() - before);
      out.bytes(length);
    }
    return out.taken();
  };
}

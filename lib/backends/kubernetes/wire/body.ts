import { text } from './fields.ts';
import { Malformed, openReader, type Reader, readEnd, readVarint, within } from './reader.ts';
import { asObject, readInner, table } from './table.ts';
import { readText } from './text.ts';

/** The media types in which an API server answers. */
export const mediaTypes = {
  protobuf: 'application/vnd.kubernetes.protobuf',
  json: 'application/json',
} as const;

/** What an answer says that it is, and where the object lies. */
export type Body = Named &
  (
    | { readonly form: 'protobuf'; readonly reader: Reader; readonly end: number }
    | { readonly form: 'json'; readonly object: unknown }
  );

interface Named {
  readonly apiVersion: string;
  readonly kind: string;
}

/** Opens an answer of the given content type. Throws `Malformed`. */
export function openBody(bytes: Uint8Array, contentType: string): Body {
  const mediaType = contentType.split(';', 1)[0]?.trim().toLowerCase();
  if (mediaType === mediaTypes.protobuf) return openProtobuf(bytes);
  if (mediaType === mediaTypes.json) return openJson(bytes);
  throw new Malformed(`is neither protobuf nor JSON but '${contentType}'`);
}

/** In front of every protobuf answer: `k8s` and a zero. */
const magic = Buffer.from('k8s\0', 'latin1');

/** The message around every object: runtime.Unknown of k8s.io/apimachinery. Tags: number times 8, plus 2 for bytes. */
const envelope = { typeMeta: 0x0a, raw: 0x12, contentEncoding: 0x1a, contentType: 0x22 } as const;

const typeMeta = table<{ apiVersion: string; kind: string }>(
  [
    text(1, 'apiVersion', (target, apiVersion) => {
      target.apiVersion = apiVersion;
    }),
    text(2, 'kind', (target, kind) => {
      target.kind = kind;
    }),
  ],
  'refuse',
);

function openProtobuf(bytes: Uint8Array): Body {
  const reader = openReader(bytes);
  const { length } = bytes;
  if (!reader.bytes.subarray(0, magic.length).equals(magic))
    throw new Malformed('does not begin as protobuf does');
  reader.at = magic.length;
  const names = { apiVersion: '', kind: '' };
  let raw: { at: number; end: number } | undefined;
  while (reader.at < length) {
    const tag = readVarint(reader, length);
    if (tag === envelope.typeMeta) {
      readInner(typeMeta, reader, length, names);
      continue;
    }
    const end = readEnd(reader, length);
    if (tag === envelope.raw && raw === undefined) {
      raw = { at: reader.at, end };
      reader.at = end;
    } else if (tag === envelope.contentEncoding || tag === envelope.contentType) {
      if (readText(reader, end) !== '') throw new Malformed('holds its object in an unknown encoding');
    } else {
      throw new Malformed('is not the message that holds an object');
    }
  }
  if (raw === undefined) throw new Malformed('holds no object');
  reader.at = raw.at;
  return { ...names, form: 'protobuf', reader, end: raw.end };
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function openJson(bytes: Uint8Array): Body {
  const json = asObject(parseJson(bytes));
  const { apiVersion, kind } = json;
  if (typeof apiVersion !== 'string') throw within('apiVersion', new Malformed('is not a text'));
  if (typeof kind !== 'string') throw within('kind', new Malformed('is not a text'));
  return { apiVersion, kind, form: 'json', object: json };
}

/** The parser's own words are left out: they quote the body, which may hold a secret. */
function parseJson(bytes: Uint8Array): unknown {
  let body: string;
  try {
    body = utf8.decode(bytes);
  } catch {
    throw new Malformed('is not UTF-8');
  }
  try {
    return JSON.parse(body);
  } catch {
    throw new Malformed('is not JSON');
  }
}

import { MusterError, oneLine } from '../../../base/errors.ts';
import type { Kind, ListPage, ObjectMeta } from '../kinds/kind.ts';
import { int32, message, text } from './fields.ts';
import { Malformed, openReader, type Reader, readEnd, readText, readVarint, within } from './reader.ts';
import { asObject, readInner, table } from './table.ts';

/** A page that was decoded. */
export interface DecodedPage<T> extends ListPage<T> {
  /**
   * For the time after the items were read: set if a string was not UTF-8, whose bad bytes are U+FFFD now. Names an object
   * with such a string; empty if unknown.
   */
  readonly replaced: () => string | undefined;
}

/**
 * Decodes one page of a list of the kind, in protobuf or JSON as the content type says. Throws kind `malformed` with the
 * path of the bad field, or when the body is a list of another kind or a `Status`. So do the items, whose message is passed
 * through `explain`.
 */
export function decodeList<T extends ObjectMeta>(
  kind: Kind<T>,
  body: Uint8Array,
  contentType: string,
  explain: (message: string) => string = (message) => message,
): DecodedPage<T> {
  const failure = (error: unknown, show = explain): unknown => {
    if (!(error instanceof Malformed)) return error;
    const field = error.path === '' ? '' : `: ${error.path}`;
    return new MusterError(
      'malformed',
      show(`the ${kind.listKind} from the API server${field} ${error.message}`),
    );
  };
  try {
    const opened = openBody(body, contentType, { exact: kind.jsonOnly === true });
    if (opened.kind !== kind.listKind || opened.apiVersion !== kind.apiVersion)
      throw new Malformed(notThis(opened));
    const isJson = opened.form === 'json';
    const page = isJson ? kind.pickList(opened.object) : kind.readList(opened.reader, opened.end);
    return withReplaced(page, isJson ? opened : opened.reader, failure);
  } catch (error) {
    throw failure(error, (message) => message);
  }
}

/** The page with a look at each object, for the first one that shows replaced bytes. */
function withReplaced<T extends ObjectMeta>(
  page: ListPage<T>,
  body: { readonly isReplaced: boolean },
  failure: (error: unknown) => unknown,
): DecodedPage<T> {
  let found: string | undefined;
  function* watched(): Generator<T, undefined> {
    try {
      for (const item of page.items) {
        if (body.isReplaced && found === undefined && showsReplaced(item)) found = nameOf(item);
        yield item;
      }
    } catch (error) {
      throw failure(error);
    }
    return undefined;
  }
  return { ...page, items: watched(), replaced: () => (body.isReplaced ? (found ?? '') : undefined) };
}

function nameOf({ namespace, name }: ObjectMeta): string {
  return namespace === '' ? name : `${namespace}/${name}`;
}

/** Whether labels or annotations of an object show replaced bytes. */
function showsReplaced({ labels, annotations }: ObjectMeta): boolean {
  return [...labels, ...annotations].some((text) => text.includes('\ufffd'));
}

/** The `Status` object of a failed call. Source: Kubernetes API reference, Status v1. */
export interface ApiStatus {
  readonly message: string;
  /** One word, as in `Expired`. */
  readonly reason: string;
  /** The HTTP status. */
  readonly code: number;
}

/** Decodes the `Status` in a response body. Undefined for another body, such as that of a proxy. */
export function decodeStatus(body: Uint8Array, contentType: string): ApiStatus | undefined {
  try {
    return statusOf(openBody(body, contentType));
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

const statusMessage = message({ message: text(3), reason: text(4), code: int32(6) });
const statusTable = table(statusMessage.fields);

function statusOf(opened: Body): ApiStatus | undefined {
  if (opened.kind !== 'Status' || opened.apiVersion !== 'v1') return undefined;
  const status = statusMessage.create();
  if (opened.form === 'protobuf') statusTable.read(opened.reader, opened.end, status);
  else statusTable.pick(opened.object, status);
  return { ...status, message: oneLine(status.message) };
}

function notThis(opened: Body): string {
  const status = statusOf(opened);
  if (status !== undefined) return `is an error: ${status.message || status.reason || 'without a message'}`;
  return `is a '${opened.kind}' of '${opened.apiVersion}'`;
}

/** Media types of an API server's responses. */
export const mediaTypes = {
  protobuf: 'application/vnd.kubernetes.protobuf',
  json: 'application/json',
} as const;

/** An opened response body: the type that it names, and where its object is. */
export type Body = Named &
  (
    | { readonly form: 'protobuf'; readonly reader: Reader; readonly end: number }
    | { readonly form: 'json'; readonly object: unknown; readonly isReplaced: boolean }
  );

interface Named {
  readonly apiVersion: string;
  readonly kind: string;
}

/**
 * Opens a response body of the content type. With `exact`, JSON numbers of 64 bits that a JavaScript number cannot hold
 * become bigints. Throws `Malformed`.
 */
export function openBody(bytes: Uint8Array, contentType: string, { exact = false } = {}): Body {
  const mediaType = contentType.split(';', 1)[0]?.trim().toLowerCase();
  if (mediaType === mediaTypes.protobuf) return openProtobuf(bytes);
  if (mediaType === mediaTypes.json) return openJson(bytes, exact);
  throw new Malformed(`is neither protobuf nor JSON but '${contentType}'`);
}

/** Every protobuf body starts with `k8s` and a zero byte. */
const magic = Buffer.from('k8s\0', 'latin1');

/** The message around every object: runtime.Unknown of k8s.io/apimachinery. Tags: number times 8, plus 2 for bytes. */
const envelope = { typeMeta: 0x0a, raw: 0x12, contentEncoding: 0x1a, contentType: 0x22 } as const;

const typeMeta = table(message({ apiVersion: text(1), kind: text(2) }).fields, 'refuse');

function openProtobuf(bytes: Uint8Array): Body {
  const reader = openReader(bytes);
  const { length } = bytes;
  if (!reader.bytes.subarray(0, magic.length).equals(magic))
    throw new Malformed('does not start with the bytes of protobuf');
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
const lossy = new TextDecoder();

function openJson(bytes: Uint8Array, exact: boolean): Body {
  const { body, isReplaced } = decodeUtf8(bytes);
  const json = asObject(parseJson(body, exact));
  const { apiVersion, kind } = json;
  if (typeof apiVersion !== 'string') throw within('apiVersion', new Malformed('is not a string'));
  if (typeof kind !== 'string') throw within('kind', new Malformed('is not a string'));
  return { apiVersion, kind, form: 'json', object: json, isReplaced };
}

/** Bytes that are not UTF-8 become U+FFFD: one bad annotation must not fail the whole list. */
function decodeUtf8(bytes: Uint8Array): { readonly body: string; readonly isReplaced: boolean } {
  try {
    return { body: utf8.decode(bytes), isReplaced: false };
  } catch {
    return { body: lossy.decode(bytes), isReplaced: true };
  }
}

/** The parser's own message is left out: it quotes the body, which may hold a secret. */
function parseJson(body: string, exact: boolean): unknown {
  try {
    // Parsing with a reviver takes several times as long.
    return exact && longNumber.test(body) ? JSON.parse(body, exactly) : JSON.parse(body);
  } catch {
    throw new Malformed('is not JSON');
  }
}

/** A number that may exceed 2^53. */
const longNumber = /[[:,\s]-?\d{16}/;

/** Reads a whole number as Go does: exactly up to 64 bits, rounded above. */
function exactly(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== 'number' || Number.isSafeInteger(value) || source === undefined) return value;
  if (!/^-?\d{16,19}$/.test(source)) return value;
  const whole = BigInt(source);
  return BigInt.asIntN(64, whole) === whole ? whole : value;
}

import { MusterError, oneLine } from '../../../base/errors.ts';
import type { Kind, ListPage, ObjectMeta } from '../kinds/kind.ts';
import { type Body, openBody } from './body.ts';
import { int32, message, text } from './fields.ts';
import { Malformed } from './reader.ts';
import { table } from './table.ts';

/**
 * Decodes one page of a list of the kind, in protobuf or JSON as the content type says. Throws kind `malformed` with the
 * path of the bad field, or when the body is a list of another kind or a `Status`.
 */
export function decodeList<T extends ObjectMeta>(
  kind: Kind<T>,
  body: Uint8Array,
  contentType: string,
): ListPage<T> {
  try {
    const opened = openBody(body, contentType, { exact: kind.jsonOnly === true });
    if (opened.kind !== kind.listKind || opened.apiVersion !== kind.apiVersion)
      throw new Malformed(notThis(opened));
    if (opened.form === 'json') return withReplaced(kind.pickList(opened.object), opened.isReplaced);
    return withReplaced(kind.readList(opened.reader, opened.end), opened.reader.isReplaced);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    const field = error.path === '' ? '' : `: ${error.path}`;
    throw new MusterError('malformed', `the ${kind.listKind} from the API server${field} ${error.message}`);
  }
}

/** Marks a page with replaced bytes, and names the first object whose labels or annotations show them. */
function withReplaced<T extends ObjectMeta>(page: ListPage<T>, isReplaced: boolean): ListPage<T> {
  if (!isReplaced) return page;
  const shows = ({ labels, annotations }: T) =>
    [...labels, ...annotations].some((text) => text.includes('\ufffd'));
  const found = page.items.find(shows);
  const { namespace = '', name = '' } = found ?? {};
  return { ...page, replaced: namespace === '' ? name : `${namespace}/${name}` };
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

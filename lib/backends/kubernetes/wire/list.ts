import { MusterError, oneLine } from '../../../base/errors.ts';
import type { Kind } from '../kinds/kind.ts';
import type { ListPage, ObjectMeta } from '../objects.ts';
import { type Body, openBody } from './body.ts';
import { int32, text } from './fields.ts';
import { Malformed } from './reader.ts';
import { table } from './table.ts';

/**
 * Reads one page of a list of the given kind, protobuf or JSON as the content type says. Throws a MusterError of
 * kind `malformed` that names the bad field, also when the answer is a list of another kind or an error.
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

/** Says of a page that some of its text was replaced, and names the first object that shows it. */
function withReplaced<T extends ObjectMeta>(page: ListPage<T>, isReplaced: boolean): ListPage<T> {
  if (!isReplaced) return page;
  const shows = ({ labels, annotations }: T) =>
    [...labels, ...annotations].some((text) => text.includes('\ufffd'));
  const found = page.items.find(shows);
  const { namespace = '', name = '' } = found ?? {};
  return { ...page, replaced: namespace === '' ? name : `${namespace}/${name}` };
}

/** What the API server says of a call that failed: a `Status` object. */
export interface ApiStatus {
  readonly message: string;
  /** One word for programs, as in `Expired`. */
  readonly reason: string;
  /** The HTTP status. */
  readonly code: number;
}

/** The status in an answer's body; `undefined` where the body is something else, as from a proxy between. */
export function decodeStatus(body: Uint8Array, contentType: string): ApiStatus | undefined {
  try {
    return statusOf(openBody(body, contentType));
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

const statusTable = table<{ message: string; reason: string; code: number }>([
  text(3, 'message', (target, message) => {
    target.message = message;
  }),
  text(4, 'reason', (target, reason) => {
    target.reason = reason;
  }),
  int32(6, 'code', (target, code) => {
    target.code = code;
  }),
]);

function statusOf(opened: Body): ApiStatus | undefined {
  if (opened.kind !== 'Status' || opened.apiVersion !== 'v1') return undefined;
  const status = { message: '', reason: '', code: 0 };
  if (opened.form === 'protobuf') statusTable.read(opened.reader, opened.end, status);
  else statusTable.pick(opened.object, status);
  return { ...status, message: oneLine(status.message) };
}

function notThis(opened: Body): string {
  const status = statusOf(opened);
  if (status !== undefined) return `is an error: ${status.message || status.reason || 'without a message'}`;
  return `is a '${opened.kind}' of '${opened.apiVersion}'`;
}

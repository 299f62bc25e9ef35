import { MusterError, toMusterError } from '../../../base/errors.ts';
import type { BodySpace } from '../../../http/body.ts';
import type { HttpResponse } from '../../../http/send.ts';
import { shownUrl } from '../../../http/url-text.ts';
import type { Connection } from '../connection/connection.ts';
import type { KindNames } from '../kinds/kind.ts';
import type { ListPage, ObjectMeta } from '../objects.ts';
import { mediaTypes } from '../wire/body.ts';
import { decodeList, decodeStatus } from '../wire/list.ts';
import { type ListQuery, type PageParameters, pageUrl } from './query.ts';

/** How pages are asked for, by all the lists of one connection. */
export interface Asking {
  readonly connection: Connection;
  /** Whether answers may come gzipped: fewer bytes, more CPU time at both ends. */
  readonly compression: boolean;
  /** Turns to JSON for good when the server does not speak protobuf. */
  form: 'protobuf' | 'json';
}

/** A page, or that the server no longer has (`expired`), or does not have yet or at all, the version asked for. */
export type PageAnswer<T> = ListPage<T> | 'expired' | 'no-such-version';

/** Statuses which say more here than to any other client. */
const judged = [400, 401, 403, 404, 406, 410, 415];

/**
 * Asks for one page and reads it, by way of `space`; what it gives is independent of that. Throws the client's errors,
 * `malformed` for what can't be read, and for a refusal an error that names the missing right or API.
 */
export async function fetchPage<T extends ObjectMeta>(
  asking: Asking,
  query: ListQuery<T>,
  parameters: PageParameters,
  signal: AbortSignal,
  space: BodySpace,
): Promise<PageAnswer<T>> {
  const { connection } = asking;
  const url = pageUrl(connection.server, query, parameters);
  const versioned = parameters.resourceVersion !== '';
  // A version from the future is answered with 504: to wait and try again would not make it come.
  const expect = versioned ? [...judged, 504] : judged;
  // Of its own, so that the server's answer to this kind does not decide for others.
  const own: Asking = query.kind.jsonOnly === true ? { ...asking, form: 'json' } : asking;
  const response = await send(own, url, expect, signal, space);
  const { status } = response;
  if (status < 300) return decodePage(query, url, response);
  if (versioned && [400, 410, 504].includes(status)) return 'no-such-version';
  if (status === 410) return 'expired';
  if (status === 400) await explain(asking, url, signal);
  const said = decodeStatus(response.body, contentType(response))?.message ?? '';
  throw refusalError({ ...query, url, status, said, whenUnknown: connection.whenUnknown });
}

async function send(
  asking: Asking,
  url: URL,
  expect: readonly number[],
  signal: AbortSignal,
  space: BodySpace,
): Promise<HttpResponse> {
  const { connection, compression, form } = asking;
  const headers = {
    ...(await connection.headers(signal)),
    accept: form === 'json' ? mediaTypes.json : `${mediaTypes.protobuf},${mediaTypes.json}`,
    ...(compression && { 'accept-encoding': 'gzip' }),
  };
  const response = await connection.http.request({ url, headers, signal, expect, space });
  if ((response.status !== 406 && response.status !== 415) || form === 'json') return response;
  asking.form = 'json';
  return await send(asking, url, expect, signal, space);
}

function decodePage<T extends ObjectMeta>(
  { kind }: ListQuery<T>,
  url: URL,
  response: HttpResponse,
): ListPage<T> {
  try {
    return decodeList(kind, response.body, contentType(response));
  } catch (error) {
    const { kind: errorKind, message } = toMusterError(error);
    throw new MusterError(errorKind, `GET ${shownUrl(url)}: ${message}`, { cause: error });
  }
}

/** Throws the client's own error for the same request, with the server's words, which it can read in JSON only. */
async function explain({ connection }: Asking, url: URL, signal: AbortSignal): Promise<void> {
  const headers = { ...(await connection.headers(signal)), accept: mediaTypes.json };
  await connection.http.request({ url, headers, signal });
}

function contentType({ headers }: HttpResponse): string {
  return headers['content-type'] ?? '';
}

/** A list that an API server did not give. */
export interface Refused {
  readonly url: URL;
  readonly status: number;
  readonly kind: KindNames;
  readonly namespace: string;
  /** The server's own words; empty where there are none that can be read. */
  readonly said: string;
  /** What to look at when the server does not know who is asking. */
  readonly whenUnknown: string;
}

/** The error for a list that the API server refused: what, where, and what to do. */
export function refusalError(refused: Refused): MusterError {
  const { url, status } = refused;
  const fail = (kind: 'denied' | 'not-found' | 'expired' | 'status', words: string) =>
    new MusterError(kind, `GET ${shownUrl(url)}: HTTP ${status}: ${words}`, { status });
  switch (status) {
    case 401:
      return fail('denied', `the API server does not know who is asking: ${refused.whenUnknown}`);
    case 403:
      return fail('denied', forbidden(refused));
    case 404:
      return fail('not-found', missing(refused));
    case 410:
      return fail(
        'expired',
        `the list of ${refused.kind.resource} expired before its last page came, again and again: a larger page_size makes it shorter`,
      );
    default:
      return fail('status', `the API server refused the list of ${refused.kind.resource}`);
  }
}

function forbidden({ kind, namespace, said }: Refused): string {
  const { apiVersion, resource } = kind;
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  const who = userIn(said);
  const where = namespace === '' ? 'in all namespaces' : `in namespace ${JSON.stringify(namespace)}`;
  const scope = kind.namespaced ? ` ${where}` : '';
  const role = namespace === '' ? 'a ClusterRole' : `a Role in ${JSON.stringify(namespace)}`;
  const rule = `{apiGroups: ["${group}"], resources: ["${resource}"], verbs: ["list"]}`;
  return `${who} may not list ${resource}${scope}: bind it to ${role} with the rule ${rule}`;
}

/** User names of the forms that hold no secret: a server's text is not repeated unseen. */
const userName =
  /User "(?<user>system:[\w.:-]{1,150}|arn:aws[\w:/+=,.@-]{1,200}|[\w.+-]{1,64}@[\w.-]{1,100})" cannot/;

function userIn(said: string): string {
  const user = userName.exec(said)?.groups?.user;
  return user === undefined ? 'the user of these credentials' : `user "${user}"`;
}

/** The first versions of Kubernetes that have an API. Source: Kubernetes deprecation guide. */
const since: Readonly<Record<string, string>> = {
  'discovery.k8s.io/v1': '1.21',
  'networking.k8s.io/v1': '1.19',
};

function missing({ kind: { apiVersion, resource } }: Refused): string {
  const version = since[apiVersion];
  return version === undefined
    ? `there is no ${apiVersion} ${resource}: is this the address of a Kubernetes API server?`
    : `the API server has no ${resource} of ${apiVersion}: that takes Kubernetes ${version} or later`;
}

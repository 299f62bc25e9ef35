import { isMusterError, MusterError } from '../../../base/errors.ts';
import type { BodySpace } from '../../../http/exchange.ts';
import type { HttpResponse } from '../../../http/send.ts';
import { shownUrl } from '../../../http/url-text.ts';
import type { Connection } from '../connection/connection.ts';
import type { Kind, KindNames, ObjectMeta } from '../kinds/kind.ts';
import { type DecodedPage, decodeList, decodeStatus, mediaTypes } from '../wire/list.ts';

/** Which list is wanted. */
export interface ListQuery<T extends ObjectMeta> {
  readonly kind: Kind<T>;
  /** Empty for all namespaces, and for objects outside of namespaces. */
  readonly namespace: string;
  /** Absent: all objects. */
  readonly selector?: Selector | undefined;
  /** Most objects on a page, for large objects. */
  readonly limit?: number | undefined;
}

/** A label selector and a field selector; empty selects everything. */
export interface Selector {
  readonly label: string;
  readonly field: string;
}

/** Which page of a list is wanted. */
export interface PageParameters {
  /** The most objects on the page. */
  readonly limit: number;
  /** From the page before; empty for the first page. */
  readonly continueToken: string;
  /** The list must not be older than this version; empty for the newest list. First page only. */
  readonly resourceVersion: string;
}

/** How the lists of one connection request their pages. */
export interface PageSource {
  readonly connection: Connection;
  /** Whether responses may be gzipped: fewer bytes, but more CPU time at both ends. */
  readonly compression: boolean;
  /** Becomes `json` for good when the server does not support protobuf. */
  form: 'protobuf' | 'json';
}

/** A page; or `expired` or `no-such-version` when the server no longer has, or does not have, the wanted version. */
export type PageResult<T> = DecodedPage<T> | 'expired' | 'no-such-version';

/** Statuses that this module explains better than the HTTP client. */
const explained = [400, 401, 403, 404, 406, 410, 415];

/** How one page is read. */
export interface PageReading {
  readonly signal: AbortSignal;
  /** The body is read into it, and the items of the page out of it. */
  readonly space: BodySpace;
  /** Says which page it is, at the end of what the items throw. */
  readonly which: string;
}

/**
 * Requests one page, and decodes all but its items. Throws the HTTP client's errors, `malformed` for a body that cannot be
 * decoded (so do the items), and for a refusal an error that names the missing permission or API.
 */
export async function fetchPage<T extends ObjectMeta>(
  source: PageSource,
  query: ListQuery<T>,
  parameters: PageParameters,
  { signal, space, which }: PageReading,
): Promise<PageResult<T>> {
  const { connection } = source;
  const url = pageUrl(connection.server, query, parameters);
  const versioned = parameters.resourceVersion !== '';
  // The server answers 504 for a version from the future. A retry would not help.
  const expect = versioned ? [...explained, 504] : explained;
  // A copy, so that the form of this kind does not change that of others.
  const own: PageSource = query.kind.jsonOnly === true ? { ...source, form: 'json' } : source;
  const response = await send(own, { url, expect, signal, space });
  const { status } = response;
  if (status < 300) return decodePage(query, url, response, which);
  if (versioned && [400, 410, 504].includes(status)) return 'no-such-version';
  if (status === 410) return 'expired';
  if (status === 400) await throwClientError(source, url, signal);
  const serverMessage = decodeStatus(response.body, contentType(response))?.message ?? '';
  throw refusalError({ ...query, url, status, serverMessage, whenUnknown: connection.whenUnknown });
}

interface PageRequest {
  readonly url: URL;
  readonly expect: readonly number[];
  readonly signal: AbortSignal;
  readonly space: BodySpace;
}

async function send(source: PageSource, request: PageRequest): Promise<HttpResponse> {
  const { connection, compression, form } = source;
  const headers = {
    ...(await connection.headers(request.signal)),
    accept: form === 'json' ? mediaTypes.json : `${mediaTypes.protobuf},${mediaTypes.json}`,
    ...(compression && { 'accept-encoding': 'gzip' }),
  };
  const response = await connection.http.request({ ...request, headers });
  if ((response.status !== 406 && response.status !== 415) || form === 'json') return response;
  source.form = 'json';
  return await send(source, request);
}

function decodePage<T extends ObjectMeta>(
  { kind }: ListQuery<T>,
  url: URL,
  response: HttpResponse,
  which: string,
): DecodedPage<T> {
  const explain = (message: string) => `GET ${shownUrl(url)}: ${message}`;
  try {
    return decodeList(kind, response.body, contentType(response), (message) => explain(message) + which);
  } catch (error) {
    if (!isMusterError(error, 'malformed')) throw error;
    throw new MusterError('malformed', explain(error.message), { cause: error });
  }
}

/** Repeats the request in JSON, so that the HTTP client throws its own error with the server's message. */
async function throwClientError({ connection }: PageSource, url: URL, signal: AbortSignal): Promise<void> {
  const headers = { ...(await connection.headers(signal)), accept: mediaTypes.json };
  await connection.http.request({ url, headers, signal });
}

function contentType({ headers }: HttpResponse): string {
  return headers['content-type'] ?? '';
}

/** The path of a list relative to the API server's URL, as in `api/v1/namespaces/web/pods`. */
function listPath({ apiVersion, resource }: KindNames, namespace: string): string {
  const root = apiVersion.includes('/') ? 'apis' : 'api';
  const scope = namespace === '' ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${root}/${apiVersion}${scope}/${resource}`;
}

/** Path and selectors, which identify a list of a server. */
export function listKey<T extends ObjectMeta>({ kind, namespace, selector }: ListQuery<T>): string {
  const parameters = new URLSearchParams(selectorParameters(selector)).toString();
  return `${listPath(kind, namespace)}${parameters === '' ? '' : `?${parameters}`}`;
}

/** The URL of one page. */
export function pageUrl<T extends ObjectMeta>(
  server: URL,
  { kind, namespace, selector }: ListQuery<T>,
  { limit, continueToken, resourceVersion }: PageParameters,
): URL {
  const url = new URL(server);
  url.pathname = `${server.pathname.replace(/\/+$/, '')}/${listPath(kind, namespace)}`;
  const parameters: Parameters = [
    ...selectorParameters(selector),
    ['limit', `${limit}`],
    ...given('continue', continueToken),
    ...given('resourceVersion', resourceVersion),
    ...given('resourceVersionMatch', resourceVersion === '' ? '' : 'NotOlderThan'),
  ];
  url.search = new URLSearchParams(parameters).toString();
  return url;
}

type Parameters = [name: string, value: string][];

function selectorParameters({ label, field }: Selector = { label: '', field: '' }): Parameters {
  return [...given('labelSelector', label), ...given('fieldSelector', field)];
}

function given(name: string, value: string): Parameters {
  return value === '' ? [] : [[name, value]];
}

/** A list that the API server refused. */
export interface Refused {
  readonly url: URL;
  readonly status: number;
  readonly kind: KindNames;
  readonly namespace: string;
  /** Message of the server's `Status`; empty when there is none. */
  readonly serverMessage: string;
  /** What to check when the server does not know the user. */
  readonly whenUnknown: string;
}

/** How many times a list is started before it fails as expired. */
export const maxListStarts = 4;

/** Returns the error for a refused list: what failed, where, and what to do. */
export function refusalError(refused: Refused): MusterError {
  const { url, status } = refused;
  const fail = (kind: 'denied' | 'not-found' | 'expired' | 'status', words: string) =>
    new MusterError(kind, `GET ${shownUrl(url)}: HTTP ${status}: ${words}`, { status });
  switch (status) {
    case 401:
      return fail('denied', `the API server does not know the user: ${refused.whenUnknown}`);
    case 403:
      return fail('denied', forbidden(refused));
    case 404:
      return fail('not-found', missing(refused));
    case 410:
      return fail(
        'expired',
        `the list of ${refused.kind.resource} expired before its last page, ${maxListStarts} times: set a larger page_size`,
      );
    default:
      return fail('status', `the API server refused the list of ${refused.kind.resource}`);
  }
}

function forbidden({ kind, namespace, serverMessage }: Refused): string {
  const { apiVersion, resource } = kind;
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  const who = userIn(serverMessage);
  const where = namespace === '' ? 'in all namespaces' : `in namespace ${JSON.stringify(namespace)}`;
  const scope = kind.namespaced ? ` ${where}` : '';
  const role = namespace === '' ? 'a ClusterRole' : `a Role in ${JSON.stringify(namespace)}`;
  const rule = `{apiGroups: ["${group}"], resources: ["${resource}"], verbs: ["list"]}`;
  return `${who} may not list ${resource}${scope}: bind it to ${role} with the rule ${rule}`;
}

/** User names in forms that hold no secret. The rest of the server's message is not repeated. */
const userName =
  /User "(?<user>system:[\w.:-]{1,150}|arn:aws[\w:/+=,.@-]{1,200}|[\w.+-]{1,64}@[\w.-]{1,100})" cannot/;

function userIn(message: string): string {
  const user = userName.exec(message)?.groups?.user;
  return user === undefined ? 'the user of these credentials' : `user "${user}"`;
}

/** The first version of Kubernetes with an API. Source: Kubernetes deprecation guide. */
const since: Readonly<Record<string, string>> = {
  'discovery.k8s.io/v1': '1.21',
  'networking.k8s.io/v1': '1.19',
};

function missing({ kind: { apiVersion, resource } }: Refused): string {
  const version = since[apiVersion];
  return version === undefined
    ? `there is no ${apiVersion} ${resource}: is this the address of a Kubernetes API server?`
    : `the API server has no ${resource} of ${apiVersion}: it needs Kubernetes ${version} or later`;
}

import { STATUS_CODES } from 'node:http';
import { abortError, pause } from '../base/deadlines.ts';
import { type ErrorKind, MusterError, toMusterError, withMessage } from '../base/errors.ts';
import { tryParseJson } from '../base/json.ts';
import {
  type Authorize,
  type ConfiguredHeaders,
  learnRequestSecrets,
  requestHeaders,
  urlAuthorization,
} from './auth.ts';
import type { Pools } from './connections.ts';
import { isClosedEarly } from './errors.ts';
import { type Answer, type BodySpace, decodeBody, exchange } from './exchange.ts';
import { parseUrl, type Redactor, shownOrigin, shownUrl } from './url-text.ts';

/** Default limit of an answer, in bytes. */
const defaultMaxBytes = 256 * 1024 * 1024;

/** One request. Only GET is retried by default; `retry: true` says that a POST is safe to repeat. */
export interface HttpRequest {
  readonly url: URL;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
  readonly retry?: boolean | undefined;
  readonly signal: AbortSignal;
  /** Refuse (kind `too-large`) an answer over this many bytes, after decompression. Default 256 MiB. */
  readonly maxBytes?: number | undefined;
  /** Statuses outside 2xx that are returned instead of thrown, e.g. `[404]`. */
  readonly expect?: readonly number[];
  /** Read the body into this memory; the answer is good until the next request with it. */
  readonly space?: BodySpace | undefined;
}

/** The answer to a request. */
export interface HttpResponse {
  readonly status: number;
  /** Lower-case names; of a repeated header the first value. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** The state that all requests of a client share. */
export interface Sender {
  readonly pools: Pools;
  readonly headers: ConfiguredHeaders;
  readonly authorize: Authorize;
  readonly redactor: Redactor;
  readonly retry: RetryPolicy;
  /** Whether TLS connections send a client certificate. */
  readonly hasClientCertificate: boolean;
  readonly followRedirects: boolean;
  readonly idleTimeoutMs: number;
  /** The signals of the cycle and of the client's end. Each request adds its own. */
  readonly signals: readonly AbortSignal[];
}

/**
 * Sends a request, again if that helps, and returns its good answer. Throws `redirect` for a redirect that may not be
 * followed, the kind of the status for another bad answer (`denied`, `not-found`, `throttled`, `status`, …), and what
 * `exchange` throws. Every error names the request.
 */
export async function send(sender: Sender, request: HttpRequest): Promise<HttpResponse> {
  const { url, method = 'GET', retry = method === 'GET', headers = {} } = request;
  const signals = [...sender.signals, request.signal];
  learnRequestSecrets(url, headers, sender.redactor);
  for (let attempt = 1; ; attempt++) {
    const authorization = await authorizationFor(sender, request);
    const outcome = await attemptOnce(sender, request, authorization, signals);
    if (!('error' in outcome)) return outcome;
    const { error, retryAfter } = outcome;
    const again = retry && mayPass(error);
    const delay = again
      ? retryDelay({ attempt, retryAfter, now: Date.now(), random: Math.random() }, sender.retry)
      : undefined;
    if (delay === undefined)
      throw attempt === 1 ? error : withMessage(error, `${error.message} (tried ${attempt} times)`);
    await pause(delay, signals, `while waiting to try again after ${error.message}`);
  }
}

interface Failed {
  readonly error: MusterError;
  readonly retryAfter?: string | undefined;
}

/** Not a part of the attempt, because the request for the token has its own retries. */
async function authorizationFor(sender: Sender, request: HttpRequest): Promise<string | undefined> {
  try {
    return (await sender.authorize(request.signal)) ?? urlAuthorization(request.url, sender.redactor);
  } catch (error) {
    throw labelled(toMusterError(error), request, request.url);
  }
}

async function attemptOnce(
  sender: Sender,
  request: HttpRequest,
  authorization: string | undefined,
  signals: readonly AbortSignal[],
): Promise<HttpResponse | Failed> {
  let { url } = request;
  // The URL that messages name.
  let place = url;
  try {
    for (let hops = 0; hops <= maxRedirects; hops++) {
      const answer = await sendOnce(sender, { request, url, authorization, signals });
      const { status, headers } = answer;
      if (isSuccess(status, request)) return await decoded(answer, request, signals);
      if (!isRedirect(status)) {
        const { 'retry-after': retryAfter } = headers;
        const error = labelled(toRefusal(answer, sender.redactor), request, place);
        return { error, retryAfter };
      }
      if (request.method === 'POST')
        throw new MusterError('redirect', `HTTP ${status}: a redirect of a POST is not followed`, { status });
      const target = redirectTarget(url, answer, sender.followRedirects, sender.redactor);
      url = target.url;
      if (target.tellable) place = url;
    }
    throw new MusterError('redirect', `more than ${maxRedirects} redirects`);
  } catch (error) {
    return { error: labelled(withLikelyCause(toMusterError(error), url, sender), request, place) };
  }
}

/** In TLS 1.3 a server checks the client's certificate after the handshake, and its refusal may get lost. */
function withLikelyCause(error: MusterError, { protocol }: URL, sender: Sender): MusterError {
  if (protocol !== 'https:' || !sender.hasClientCertificate || !isClosedEarly(error)) return error;
  return withMessage(
    error,
    `${error.message}; the server may have refused the client certificate of tls_config`,
  );
}

/** One request to one URL. After a redirect this is not the URL of the request itself. */
interface Ask {
  readonly request: HttpRequest;
  readonly url: URL;
  readonly authorization: string | undefined;
  readonly signals: readonly AbortSignal[];
}

async function sendOnce(sender: Sender, { request, url, authorization, signals }: Ask): Promise<Answer> {
  const fired = signals.find((signal) => signal.aborted);
  if (fired) throw abortError(fired, 'before the request was sent');
  const { on, path, headers } = await sender.pools.way(url);
  return await exchange(on, {
    method: request.method ?? 'GET',
    path,
    headers: { ...requestHeaders(request.headers ?? {}, sender.headers, authorization), ...headers },
    body: request.body,
    signals,
    idleTimeoutMs: sender.idleTimeoutMs,
    space: request.space,
    limit: (status) =>
      isSuccess(status, request)
        ? { maxBytes: request.maxBytes ?? defaultMaxBytes, over: 'refuse' }
        : { maxBytes: refusalBytes, over: 'cut' },
  });
}

async function decoded(
  answer: Answer,
  { maxBytes = defaultMaxBytes }: HttpRequest,
  signals: readonly AbortSignal[],
): Promise<HttpResponse> {
  const body = await decodeBody(answer.body, answer.headers['content-encoding'], maxBytes);
  const fired = signals.find((signal) => signal.aborted);
  if (fired) throw abortError(fired, 'while the answer was decompressed');
  return { ...answer, body };
}

function isSuccess(status: number, { expect = [] }: HttpRequest): boolean {
  return (status >= 200 && status < 300) || expect.includes(status);
}

function labelled(error: MusterError, { method = 'GET' }: HttpRequest, url: URL): MusterError {
  return withMessage(error, `${method} ${shownUrl(url)}: ${error.message}`);
}

/** The most redirects for one request. */
const maxRedirects = 10;

const redirects: readonly number[] = [301, 302, 303, 307, 308];

/** Whether the answer sends the client elsewhere. */
function isRedirect(status: number): boolean {
  return redirects.includes(status);
}

/** Where a redirect leads. */
interface RedirectTarget {
  readonly url: URL;
  /** Whether messages may name it. False if the server wrote a secret into it. */
  readonly tellable: boolean;
}

/**
 * Where a redirect of a GET leads, if that is the same scheme, host and port: headers of any name can be credentials,
 * so another origin gets none, not even a connection. Throws `redirect` with the origin it would lead to.
 */
function redirectTarget(from: URL, answer: Answer, follow: boolean, redactor: Redactor): RedirectTarget {
  const { status, headers } = answer;
  const { location } = headers;
  const target = location === undefined ? undefined : parseUrl(location, from);
  const refuse = (why: string) => new MusterError('redirect', `HTTP ${status}: ${why}`, { status });
  if (target === undefined) throw refuse('a redirect without a usable Location');
  const origin = shownOrigin(target);
  // A server can echo a secret, and a URL's parser writes a host in lower case: so the text is checked before parsing.
  const masked = redactor.clean(location ?? '');
  const tellable = masked === location;
  const shown = (tellable ? origin : originOf(masked)).slice(0, 200);
  if (!follow) throw refuse(`redirects to ${shown}, and follow_redirects is off`);
  if (origin !== shownOrigin(from))
    throw refuse(`redirects to another origin, ${shown}: if that is right, configure its address`);
  target.username = from.username;
  target.password = from.password;
  return { url: target, tellable };
}

/** Scheme and host of a masked Location, which is not a URL any more. */
function originOf(masked: string): string {
  const [, scheme, authority = ''] = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)/i.exec(masked) ?? [];
  return scheme === undefined
    ? 'an address that holds a secret'
    : `${scheme}${authority.slice(authority.lastIndexOf('@') + 1)}`;
}

/** When and how long a client waits before it tries again. */
export interface RetryPolicy {
  /** Attempts after the first one. */
  readonly retries: number;
  /** First wait in milliseconds. It doubles with each attempt. */
  readonly backoffMs: number;
  /** Longest wait in milliseconds. If a server asks for more, the request fails. */
  readonly maxDelayMs: number;
  /** When the cycle ends, in milliseconds since 1970. No wait begins that would end later. */
  readonly deadline?: number | undefined;
}

const retriedStatuses: readonly (number | undefined)[] = [429, 502, 503, 504];

/**
 * Whether the same request may succeed in a moment: after no answer, a cut one, or a server that is busy or restarting.
 */
function mayPass(error: MusterError): boolean {
  return (
    retriedStatuses.includes(error.status) || (error.kind === 'unreachable' && error.status === undefined)
  );
}

/** An attempt that failed: its number from 1, the answer's Retry-After, the time now, and a random number below 1. */
export interface FailedAttempt {
  readonly attempt: number;
  readonly retryAfter: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly random: number;
}

/**
 * Milliseconds to wait before attempt `attempt + 1`, or undefined when it is not worth it. Exponential backoff with
 * full jitter; a Retry-After is waited for in full, plus the jitter, so that clients do not return all at once.
 */
export function retryDelay(
  { attempt, retryAfter, now, random }: FailedAttempt,
  policy: RetryPolicy,
): number | undefined {
  if (attempt > policy.retries) return undefined;
  const wanted = retryAfterMs(retryAfter, now);
  if (wanted > policy.maxDelayMs) return undefined;
  const delay = wanted + random * Math.min(policy.backoffMs * 2 ** (attempt - 1), policy.maxDelayMs);
  return policy.deadline !== undefined && now + delay >= policy.deadline ? undefined : delay;
}

/** Retry-After in milliseconds, from its seconds or its date (RFC 9110, 10.2.3); 0 if it is not usable. */
export function retryAfterMs(retryAfter: string | undefined, now: number): number {
  const text = retryAfter?.trim() ?? '';
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const date = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? 0 : Math.max(0, date - now);
}

/** How much of an error's body is read, in bytes. */
const refusalBytes = 64 * 1024;

/**
 * The error for an answer that is not a success, of the kind of its status. It quotes the server if that helps and is
 * not secret.
 */
export function toRefusal(answer: Answer, redactor: Redactor): MusterError {
  const { status } = answer;
  const said =
    redactor
      .clean(serverWords(answer))
      .trim()
      .split(/[\r\n]/, 1)[0] ?? '';
  const words = said.length > 200 ? `${said.slice(0, 200)}…` : said;
  const name = STATUS_CODES[status];
  const parts = [
    `HTTP ${status}${name === undefined ? '' : ` ${name}`}`,
    ...(words === '' || words === name ? [] : [words]),
    ...(advice[status] === undefined ? [] : [advice[status]]),
  ];
  return new MusterError(kinds[status] ?? 'status', parts.join(': '), { status });
}

const kinds: Readonly<Record<number, ErrorKind>> = {
  401: 'denied',
  403: 'denied',
  404: 'not-found',
  407: 'denied',
  410: 'expired',
  429: 'throttled',
};

const advice: Readonly<Record<number, string>> = {
  401: 'check the credentials',
  403: 'check what the credentials allow',
  404: "check the server's address",
  407: "check the credentials in the proxy's URL",
};

/** The message in a JSON error, or the start of a plain text. The first line of an HTML page is not useful. */
function serverWords({ headers, body }: Answer): string {
  const type = headers['content-type'] ?? 'text/plain';
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity' || !/^text\/plain|json/i.test(type)) return '';
  const text = new TextDecoder().decode(body);
  return messageOf(text) ?? text;
}

const messageKeys = ['message', 'error_description', 'error', 'reason', 'detail'];

function messageOf(text: string): string | undefined {
  const value = tryParseJson(text);
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return undefined;
  const fields = new Map(Object.entries(value));
  return messageKeys.map((key) => fields.get(key)).find((message) => typeof message === 'string');
}

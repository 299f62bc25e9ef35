import { MusterError, toMusterError } from '../errors.ts';
import {
  type Authorize,
  type ConfiguredHeaders,
  learnRequestSecrets,
  requestHeaders,
  urlAuthorization,
} from './auth.ts';
import type { HttpRequest, HttpResponse } from './client.ts';
import { decodeBody } from './encoding.ts';
import { type Answer, exchange } from './exchange.ts';
import { isClosedEarly } from './failure.ts';
import { shownUrl } from './place.ts';
import type { Pools } from './pools.ts';
import type { Redactor } from './redact.ts';
import { isRedirect, maxRedirects, redirectTarget } from './redirect.ts';
import { refusalBytes, toRefusal } from './refusal.ts';
import { mayPass, type RetryPolicy, retryDelay } from './retry.ts';
import { abortError, pause } from './signals.ts';

/** Default limit of an answer, in bytes. */
const defaultMaxBytes = 256 * 1024 * 1024;

/** What all requests of a client have in common. */
export interface Sender {
  readonly pools: Pools;
  readonly headers: ConfiguredHeaders;
  readonly authorize: Authorize;
  readonly redactor: Redactor;
  readonly retry: RetryPolicy;
  /** Whether TLS connections show a certificate of ours. */
  readonly hasClientCertificate: boolean;
  readonly followRedirects: boolean;
  readonly idleTimeoutMs: number;
  /** The cycle's signal and the client's own end; each request adds its own. */
  readonly signals: readonly AbortSignal[];
}

/** Sends a request, again where that helps, and gives its good answer; every error names the request. */
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
      ? retryDelay(attempt, retryAfter, sender.retry, Date.now(), Math.random())
      : undefined;
    if (delay === undefined)
      throw attempt === 1 ? error : reworded(error, `${error.message} (tried ${attempt} times)`);
    await pause(delay, signals, `while waiting to try again after ${error.message}`);
  }
}

interface Failed {
  readonly error: MusterError;
  readonly retryAfter?: string;
}

/** Not a part of the attempt: the token's own request was tried as often as it may be. */
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
      const answer = await ask(sender, request, url, authorization, signals);
      const { status, headers } = answer;
      if (isSuccess(status, request)) return await decoded(answer, request, signals);
      if (!isRedirect(status)) {
        const { 'retry-after': retryAfter } = headers;
        const error = labelled(toRefusal(answer, sender.redactor), request, place);
        return { error, ...(retryAfter !== undefined && { retryAfter }) };
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

/** In TLS 1.3 a server looks at the client's certificate after the handshake, and its refusal may get lost on the way. */
function withLikelyCause(error: MusterError, { protocol }: URL, sender: Sender): MusterError {
  if (protocol !== 'https:' || !sender.hasClientCertificate || !isClosedEarly(error)) return error;
  return reworded(
    error,
    `${error.message}; the server may have refused the client certificate of tls_config`,
  );
}

async function ask(
  sender: Sender,
  request: HttpRequest,
  url: URL,
  authorization: string | undefined,
  signals: readonly AbortSignal[],
): Promise<Answer> {
  const fired = signals.find((signal) => signal.aborted);
  if (fired) throw abortError(fired, 'before the request was sent');
  const { dispatcher, path, headers } = sender.pools.way(url);
  return await exchange(dispatcher, {
    method: request.method ?? 'GET',
    path,
    headers: { ...requestHeaders(request.headers ?? {}, sender.headers, authorization), ...headers },
    ...(request.body !== undefined && { body: request.body }),
    signals,
    idleTimeoutMs: sender.idleTimeoutMs,
    ...(request.space && { space: request.space }),
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
  return reworded(error, `${method} ${shownUrl(url)}: ${error.message}`);
}

function reworded({ kind, cause, status }: MusterError, message: string): MusterError {
  return new MusterError(kind, message, { cause, ...(status !== undefined && { status }) });
}

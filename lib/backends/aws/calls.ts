import { AsyncLocalStorage } from 'node:async_hooks';
import { STATUS_CODES } from 'node:http';
import * as z from 'zod';
import { abortError, pause } from '../../base/deadlines.ts';
import { type ErrorKind, MusterError, oneLine } from '../../base/errors.ts';
import type { HttpClient } from '../../http/client.ts';
import { checkShape, decodeJson } from '../../http/json.ts';
import type { HttpResponse } from '../../http/send.ts';
import { retryDelay } from '../../http/send.ts';
import { parseUrl, shownOrigin, shownUrl } from '../../http/url-text.ts';

/**
 * One call of an API: its IAM action, the schema of its answer, and the function that sends it. Its errors name the
 * part.
 */
export type Call = <T>(
  action: string,
  answer: z.ZodType<T>,
  send: (options: { readonly abortSignal: AbortSignal }) => Promise<unknown>,
  signal: AbortSignal,
) => Promise<T>;

/** A request of an SDK client: the fields that are used. */
interface SdkRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

interface Sent {
  /** Method and URL, once it is sent. */
  place: string;
  /** The format of the service. */
  readonly format: 'JSON' | 'XML';
}

/** The configuration and the limits of the calls. */
export interface CallsInput {
  readonly http: HttpClient;
  readonly signal: AbortSignal;
  /** When the listing must end, in milliseconds of Unix time. */
  readonly deadline: number | undefined;
}

/** Sends calls through the stanza's HTTP client, with its TLS, proxies, limits and deadlines. */
export function openCalls({ http, signal, deadline }: CallsInput) {
  /** Errors with which AWS itself, not a proxy, asks to slow down. */
  const slowdowns = new WeakSet<MusterError>();
  /** The current call: the SDK passes nothing from the caller to the request handler. */
  const sent = new AsyncLocalStorage<Sent>();
  const handler = {
    async handle(request: SdkRequest, options: { readonly abortSignal?: unknown } = {}) {
      const url = urlOf(request);
      const own = options.abortSignal instanceof AbortSignal ? options.abortSignal : signal;
      const { host: _ofUrl, 'content-length': _ofBody, ...headers } = request.headers;
      const method = request.method === 'GET' ? 'GET' : 'POST';
      const body = bodyOf(request.body);
      const place = `${method} ${shownUrl(url)}`;
      const call = sent.getStore();
      if (call !== undefined) call.place = place;
      const answer = await http.request({
        url,
        method,
        headers,
        ...(method === 'POST' && { body }),
        retry: false,
        expect: refusals,
        signal: own,
      });
      if (answer.status >= 300) {
        const { error, isSlowdown } = toRefusal(answer, place);
        if (isSlowdown) slowdowns.add(error);
        throw error;
      }
      if (call !== undefined) checkBody(answer, place, call.format);
      return { response: { statusCode: answer.status, headers: { ...answer.headers }, body: answer.body } };
    },
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({}),
  };
  const createCall = (place: string): Call => {
    const pace = createPace();
    return async (action, answer, send, own) => {
      const where = `${action} in ${place}`;
      const format = /^(?:ec2|rds|elasticache):/.test(action) ? 'XML' : 'JSON';
      const to: Sent = { place: '', format };
      const found = await sent.run(to, () => retried(where, send, own, to));
      try {
        return checkShape(answer, found, format);
      } catch (error) {
        throw named(`${where}: ${to.place}`, error);
      }
    };

    async function retried(
      where: string,
      send: Parameters<Call>[2],
      own: AbortSignal,
      to: Sent,
    ): Promise<unknown> {
      for (let attempt = 1; ; attempt++) {
        await pause(pace.wait(Date.now()), [own], `before ${where} was called`);
        try {
          const found = await send({ abortSignal: own });
          pace.good();
          return found;
        } catch (thrown) {
          // The SDK has its own message for that.
          if (own.aborted)
            throw named(where, abortError(own, `while ${to.place || 'its place'} was waited for`));
          const error = toError(thrown);
          const isSlowdown = slowdowns.has(error);
          if (isSlowdown) pace.slow();
          const retries = isSlowdown ? 9 : mayPass(error) ? 2 : 0;
          const policy = {
            retries,
            backoffMs: 100,
            maxDelayMs: 10_000,
            ...(deadline !== undefined && { deadline }),
          };
          const delay = retryDelay(
            { attempt, retryAfter: undefined, now: Date.now(), random: Math.random() },
            policy,
          );
          if (delay === undefined) throw named(where, error, attempt);
          await pause(delay, [own], `while waiting to try again after ${where}: ${error.message}`);
        }
      }
    }
  };
  return { handler, createCall };
}

/** Statuses that are handled here, not by the HTTP client. */
const refusals = Array.from({ length: 300 }, (_, index) => 300 + index);

function urlOf({ protocol, hostname, port, path, query = {} }: SdkRequest): URL {
  const url = new URL(`${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}`);
  for (const [name, value] of Object.entries(query))
    for (const one of typeof value === 'string' ? [value] : (value ?? [])) url.searchParams.append(name, one);
  return url;
}

function bodyOf(body: unknown): string {
  if (typeof body === 'string') return body;
  return body instanceof Uint8Array ? new TextDecoder().decode(body) : '';
}

/** Checks that the answer is complete and in AWS's format: the SDK takes an empty one for an empty list. */
function checkBody({ headers, body }: HttpResponse, place: string, format: Sent['format']): void {
  const type = headers['content-type'];
  try {
    if (format === 'XML') checkXml(body, type);
    else decodeJson(body, type, z.unknown());
  } catch (error) {
    throw named(place, error);
  }
}

/** Checks that a body is whole XML. The SDK's errors do not say that it is HTML, or where it breaks off. */
function checkXml(body: Uint8Array, contentType = ''): void {
  const text = (part: Uint8Array) => new TextDecoder().decode(part).trim();
  const wrong = (what: string) => new MusterError('malformed', `expected XML, got ${what}`);
  const end = text(body.subarray(-1000));
  if (end === '') throw wrong('an empty body');
  const root = /^(?:<\?[^>]*\?>\s*)?<([\w.-]+)/.exec(text(body.subarray(0, 1000)))?.[1];
  const type = contentType.replace(/;.*$/s, '').trim().slice(0, 100);
  if (root === undefined || !root.endsWith('Response'))
    throw wrong(type === '' || type.includes('xml') ? 'text of another kind' : type);
  if (!end.endsWith(`</${root}>`)) throw wrong(`XML that breaks off after ${body.length} bytes`);
}

const xmlCode = /<Code>([\w.]{1,100})<\/Code>/;
const xmlMessage = /<Message>([^<]{1,1000})<\/Message>/i;
const jsonError = z.object({
  __type: z.string().optional().catch(undefined),
  code: z.string().optional().catch(undefined),
  message: z.string().optional().catch(undefined),
  Message: z.string().optional().catch(undefined),
});

/**
 * An error answer in one of AWS's two formats. Other text is not shown: it comes from a proxy and may quote the
 * request.
 */
function toRefusal({ status, headers, body }: HttpResponse, place: string) {
  if (status < 400) {
    const to = parseUrl(headers.location ?? '');
    const what = `HTTP ${status}: redirects to ${to === undefined ? 'nowhere' : shownOrigin(to)}: AWS does not, check the endpoint`;
    return { error: new MusterError('redirect', `${place}: ${what}`, { status }), isSlowdown: false };
  }
  const text = new TextDecoder().decode(body.subarray(0, 64 * 1024));
  const inJson = jsonError.catch({}).parse(parsed(text));
  const type = headers['x-amzn-errortype'] ?? inJson.__type ?? inJson.code ?? xmlCode.exec(text)?.[1];
  const code = type === undefined ? undefined : /([\w.]+)(?::.*)?$/.exec(type.replace(/^.*#/, ''))?.[1];
  const message = inJson.message ?? inJson.Message ?? xmlMessage.exec(text)?.[1];
  const said =
    code === undefined
      ? ''
      : `: ${code}${message === undefined ? '' : `: ${oneLine(message).slice(0, 300)}`}`;
  const name = STATUS_CODES[status];
  const error = new MusterError(
    kindOf(status, code ?? ''),
    `${place}: HTTP ${status}${name === undefined ? '' : ` ${name}`}${said}`,
    { status },
  );
  return { error, isSlowdown: code !== undefined && error.kind === 'throttled' };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** Source of the codes: AWS SDK, service-error-classification; EC2 API, error codes. */
function kindOf(status: number, code: string): ErrorKind {
  if (
    /Throttl|TooManyRequests|RequestLimitExceeded|SlowDown|BandwidthLimitExceeded/.test(code) ||
    status === 429
  )
    return 'throttled';
  if (
    /AccessDenied|Unauthorized|AuthFailure|UnrecognizedClient|InvalidClientToken|ExpiredToken|Signature|OptInRequired|NotAuthorized|MissingAuthenticationToken|RequestExpired/.test(
      code,
    )
  )
    return 'denied';
  if (status === 401 || status === 403) return 'denied';
  return status === 404 || /NotFound/.test(code) ? 'not-found' : 'status';
}

function mayPass({ kind, status = 0 }: MusterError): boolean {
  return kind === 'throttled' || (kind === 'unreachable' && status === 0) || status >= 500;
}

/** An error of the SDK itself: the answer could not be read. */
function toError(thrown: unknown): MusterError {
  if (thrown instanceof MusterError) return thrown;
  const message = thrown instanceof Error ? thrown.message : 'the AWS SDK does not say why';
  // A parser's message can quote the answer.
  return new MusterError('malformed', `the answer cannot be read: ${oneLine(message).slice(0, 100)}`);
}

function named(where: string, error: unknown, attempts = 1): MusterError {
  const { kind, message, status } = toError(error);
  const tried = attempts === 1 ? '' : ` (tried ${attempts} times)`;
  const advice =
    kind === 'denied' && where.includes(' in ') ? `: the credentials must allow ${where.split(' ')[0]}` : '';
  return new MusterError(kind, `${where}: ${message}${advice}${tried}`, {
    ...(status !== undefined && { status }),
  });
}

/** Milliseconds between two calls, after AWS asked to slow down. */
const slowest = 2000;

/**
 * The pace of one part: no pause until AWS asks to slow down, then a pause before each call. It grows with each such
 * answer and shrinks with each good one, so that concurrent calls do not all retry at once.
 */
function createPace() {
  let gap = 0;
  let next = 0;
  return {
    wait(now: number): number {
      const at = Math.max(now, next);
      next = at + gap;
      return at - now;
    },
    good() {
      gap = gap < 5 ? 0 : gap * 0.8;
    },
    slow() {
      gap = Math.min(Math.max(gap * 2, 25), slowest);
    },
  };
}

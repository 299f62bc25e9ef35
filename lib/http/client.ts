import type { ZodType } from 'zod';
import { MusterError, toMusterError } from '../base/errors.ts';
import type { HttpClientConfig } from '../config/http-client.ts';
import type { ReadCredential } from '../config/secret.ts';
import { type Authorize, readAuthorization, readHeaders } from './auth.ts';
import { openPools, openSockets } from './connections.ts';
import { decodeJson } from './json.ts';
import { openTokens } from './oauth2.ts';
import { decoded, type Environment, proxyAuthorization, proxyChooser } from './proxy.ts';
import { type HttpRequest, type HttpResponse, type Sender, send } from './send.ts';
import { type ReadText, readTls } from './tls.ts';
import { createRedactor, type Redactor, shownUrl } from './url-text.ts';

/**
 * The client that every backend uses: TLS, authentication, proxy, retries, limits and deadlines as configured for one
 * SD config. Disposing of it ends its connections. Errors are MusterErrors whose message names the URL without
 * credentials and query.
 */
export interface HttpClient extends AsyncDisposable {
  /**
   * The whole answer. Throws `denied`, `not-found`, `expired`, `throttled`, `status`, `redirect`, `tls`, `unreachable`,
   * `timeout`, `too-large`.
   */
  request(request: HttpRequest): Promise<HttpResponse>;
  /** The result of `decode` for the answer. Its errors get the name of the request in front. */
  read<T>(request: HttpRequest, decode: (answer: HttpResponse) => T): Promise<T>;
  /** The answer's JSON, checked; throws `malformed` with the path of the bad field. */
  getJson<T>(request: HttpRequest, schema: ZodType<T>): Promise<T>;
}

/** The options of a client. */
export interface HttpClientOptions {
  readonly readCredential: ReadCredential;
  readonly userAgent: string;
  /** Ends the opening and all requests. */
  readonly signal: AbortSignal;
  /** When `signal` will fire, in milliseconds since 1970, if that is known: no wait for a retry goes beyond it. */
  readonly deadline?: number | undefined;
  /** Path of a Unix socket for all requests, for any host. No proxy is used then. */
  readonly unixSocket?: string | undefined;
  /** Attempts after the first one. Default 2. */
  readonly retries?: number | undefined;
  /** First wait before a retry, in milliseconds. Default 250. */
  readonly backoffMs?: number | undefined;
  /** Longest wait before a retry, in milliseconds. Default 30,000. */
  readonly maxRetryDelayMs?: number | undefined;
  /** Longest time, in milliseconds, without any byte of an answer. Default 30,000. */
  readonly idleTimeoutMs?: number | undefined;
  /** Longest time, in milliseconds, to open a connection, with TLS and proxy. Default 10,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** Gets the problems that do not stop the client. */
  readonly warn?: ((message: string) => void) | undefined;
  /** For `proxy_from_environment`. Default: the process's own. */
  readonly environment?: Environment | undefined;
}

/**
 * A client for one SD config and one cycle: credentials and TLS files are read now, connections are kept alive until it
 * is disposed of. Throws `config` for what cannot work (bad certificate, unsupported proxy) and what `readCredential`
 * throws; nothing is called before the first request.
 */
export async function openHttpClient(
  config: HttpClientConfig,
  options: HttpClientOptions,
): Promise<HttpClient> {
  return await openWith(config, options, createRedactor());
}

async function openWith(
  config: HttpClientConfig,
  options: HttpClientOptions,
  redactor: Redactor,
): Promise<HttpClient> {
  const { readCredential, signal, idleTimeoutMs = 30_000, connectTimeoutMs = 10_000 } = options;
  const readText: ReadText = (credential) => readCredential(credential, signal);
  const chooseProxy = proxyChooser(config, options.environment ?? process.env);
  const extra = await readHeaders(config.http_headers, 'http_headers', readText, redactor);
  const connectHeaders = await readHeaders(
    config.proxy_connect_header,
    'proxy_connect_header',
    readText,
    redactor,
  );
  const tls = await readTls(config.tls_config, readText, options.warn ?? (() => {}));
  const transport = { tls, http2: config.enable_http2 };
  const closing = new AbortController();
  const signals = [signal, closing.signal];
  const { authorize, closeTokens } = await openAuthorization(config, options, readText, redactor);
  const pools = openPools({
    sockets: openSockets(transport, connectTimeoutMs),
    chooseProxy: (url) => learnProxy(chooseProxy(url), redactor),
    connectHeaders,
    http2: config.enable_http2,
    unixSocket: options.unixSocket,
  });
  const sender: Sender = {
    pools,
    headers: { userAgent: options.userAgent, extra },
    authorize,
    redactor,
    retry: {
      retries: options.retries ?? 2,
      backoffMs: options.backoffMs ?? 250,
      maxDelayMs: options.maxRetryDelayMs ?? 30_000,
      deadline: options.deadline,
    },
    hasClientCertificate: tls.hasClientCertificate,
    followRedirects: config.follow_redirects,
    idleTimeoutMs,
    signals,
  };
  const read: HttpClient['read'] = async (request, decode) => {
    const answer = await send(sender, request);
    return named(request, redactor, () => decode(answer));
  };
  return {
    request: (request) => send(sender, request),
    read,
    getJson: (request, schema) => {
      const headers = { accept: 'application/json', ...request.headers };
      return read({ ...request, headers }, ({ body, headers: answered }) =>
        decodeJson(body, answered['content-type'], schema),
      );
    },
    async [Symbol.asyncDispose]() {
      closing.abort(new MusterError('internal', 'the client is closed'));
      await Promise.all([pools.close(), closeTokens()]);
    },
  };
}

interface Authorization {
  readonly authorize: Authorize;
  readonly closeTokens: () => PromiseLike<void>;
}

async function openAuthorization(
  config: HttpClientConfig,
  options: HttpClientOptions,
  readText: ReadText,
  redactor: Redactor,
): Promise<Authorization> {
  const { oauth2 } = config;
  if (oauth2 === undefined) {
    const fixed = await readAuthorization(config, readText, redactor);
    return { authorize: async () => fixed, closeTokens: async () => {} };
  }
  const { unixSocket: _socketOfTheBackend, ...overNetwork } = options;
  const client = await openWith(tokenClientConfig(oauth2), overNetwork, redactor);
  return {
    authorize: await openTokens(oauth2, {
      request: client.request,
      readText,
      redactor,
      signal: options.signal,
    }),
    closeTokens: () => client[Symbol.asyncDispose](),
  };
}

/** The token endpoint has its own TLS and proxy settings, and no other setting of the SD config. */
function tokenClientConfig(oauth2: NonNullable<HttpClientConfig['oauth2']>): HttpClientConfig {
  const { proxy_from_environment, proxy_connect_header, tls_config, proxy_url, no_proxy } = oauth2;
  return {
    proxy_from_environment,
    proxy_connect_header,
    tls_config,
    proxy_url,
    no_proxy,
    follow_redirects: false,
    enable_http2: false,
    http_headers: {},
  };
}

function learnProxy(proxy: URL | undefined, redactor: Redactor): URL | undefined {
  const authorization = proxy && proxyAuthorization(proxy);
  if (proxy && authorization) {
    redactor.learn(decoded(proxy.password));
    redactor.learn(authorization.slice('Basic '.length));
  }
  return proxy;
}

function named<T>({ url, method = 'GET' }: HttpRequest, redactor: Redactor, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    const { kind, code, message } = toMusterError(error);
    const shown = redactor.clean(message) || 'the answer is not as expected';
    throw new MusterError(kind, `${method} ${shownUrl(url)}: ${shown}`, { code });
  }
}

import { MusterError } from '../../lib/base/errors.ts';
import type { HttpClientConfig } from '../../lib/config/http-client.ts';
import { type Credential, type ReadCredential, Secret } from '../../lib/config/secret.ts';
import { type HttpClient, type HttpClientOptions, openHttpClient } from '../../lib/http/client.ts';
import type { HttpRequest } from '../../lib/http/send.ts';

/** The configuration of a stanza without any HTTP client option, as Prometheus's defaults have it. */
export const plainConfig: HttpClientConfig = {
  proxy_from_environment: false,
  proxy_connect_header: {},
  tls_config: { insecure_skip_verify: false },
  follow_redirects: true,
  enable_http2: true,
  http_headers: {},
};

/** An inline credential. */
export function inline(text: string): Credential {
  return { from: 'inline', secret: new Secret(text) };
}

/** Reads inline credentials alone. */
export const readInline: ReadCredential = async (credential) => {
  if (credential.from === 'inline') return credential.secret.reveal();
  throw new MusterError('config', `this test has no credential from a ${credential.from}`);
};

/** A client that is closed when the test's block ends; it retries without waiting. */
export async function openTestClient(
  config: Partial<HttpClientConfig> = {},
  options: Partial<HttpClientOptions> = {},
): Promise<HttpClient & AsyncDisposable> {
  const client = await openHttpClient(
    { ...plainConfig, ...config },
    {
      readCredential: readInline,
      userAgent: 'muster/test',
      signal: new AbortController().signal,
      backoffMs: 1,
      environment: {},
      ...options,
    },
  );
  return client;
}

/** A GET of a path of the server, without a deadline. */
export function get(server: { readonly url: URL }, path = '/', more: Partial<HttpRequest> = {}): HttpRequest {
  return { url: new URL(path, server.url), signal: new AbortController().signal, ...more };
}

/**
 * A deadline that passes a moment after `pass` was called, when this process has read all that had come by then. One by the
 * clock alone passes, on a busy machine, before what the test is about has begun.
 */
export function createDeadline(): { readonly signal: AbortSignal; readonly pass: () => void } {
  const stop = new AbortController();
  return {
    signal: stop.signal,
    // What is done at once comes after what has arrived is read, and a timer before it.
    pass: () => void setTimeout(() => setImmediate(() => stop.abort()), 100),
  };
}

/** Kind, message and status of the error that the promise ends with. */
export async function failure(
  promise: Promise<unknown>,
): Promise<{ readonly kind: string; readonly message: string; readonly status?: number | undefined }> {
  try {
    await promise;
  } catch (error) {
    if (!(error instanceof MusterError)) throw error;
    const { kind, message, status } = error;
    return { kind, message, status };
  }
  throw new Error('expected an error');
}

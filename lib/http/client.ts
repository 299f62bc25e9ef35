import type { ZodType } from 'zod';
import type { BodySpace } from './body.ts';

/** One request. Only GET is retried by default; `retry: true` says that a POST is safe to repeat. */
export interface HttpRequest {
  readonly url: URL;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly retry?: boolean;
  readonly signal: AbortSignal;
  /** Refuse (kind `too-large`) an answer over this many bytes, after decompression. Default 256 MiB. */
  readonly maxBytes?: number;
  /** Statuses outside 2xx which are handed back instead of thrown, e.g. `[404]`. */
  readonly expect?: readonly number[];
  /** Read the body into this memory; the answer is good until the next request with it. */
  readonly space?: BodySpace;
}

export interface HttpResponse {
  readonly status: number;
  /** Lower-case names; of a repeated header the first value. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/**
 * The client that every backend uses: TLS, authentication, proxy, retries, limits and deadlines as configured for
 * one SD config. Errors are MusterErrors whose message names the URL without credentials and query.
 */
export interface HttpClient {
  /** The whole answer. Throws `denied`, `not-found`, `expired`, `throttled`, `status`, `redirect`, `tls`, `unreachable`, `timeout`, `too-large`. */
  request(request: HttpRequest): Promise<HttpResponse>;
  /** What `decode` makes of the answer; the errors that it throws get the request's name in front. */
  read<T>(request: HttpRequest, decode: (answer: HttpResponse) => T): Promise<T>;
  /** The answer's JSON, checked; throws `malformed` with the path of the bad field. */
  getJson<T>(request: HttpRequest, schema: ZodType<T>): Promise<T>;
  /** Ends the connections. */
  close(): Promise<void>;
}

import { resolve } from 'node:path';
import { MusterError } from '../../../base/errors.ts';
import { defaultHttpClient, type HttpClientConfig } from '../../../config/http-client.ts';
import { type Credential, Secret } from '../../../config/secret.ts';
import type { HttpClient } from '../../../http/client.ts';
import type { MechanismInput } from '../../mechanism.ts';

/** Headers of one request by name. */
export type RequestHeaders = Readonly<Record<string, string>>;

/** An API server, ready to be asked. */
export interface Connection {
  /** Everything in front of `/api`; its path may be that of a proxy. */
  readonly server: URL;
  readonly http: HttpClient;
  /** The credentials for the next request, renewed in time; none where the client has its own. */
  readonly headers: (signal: AbortSignal) => Promise<RequestHeaders>;
  /** What to look at when the API server does not know who is asking. */
  readonly whenUnknown: string;
}

/** What a user brings to a request. */
export interface Authorized {
  readonly headers: RequestHeaders;
  /** A client certificate and its key in PEM, from an exec plugin. */
  readonly certificate?: { readonly cert: string; readonly key: string };
}

/** The credentials for the next request, renewed in time. */
export type Authorize = (signal: AbortSignal) => Promise<Authorized>;

/** What a connection needs beside its configuration. */
export type ConnectInput = Pick<MechanismInput, 'openHttp' | 'signal' | 'directory'>;

/** The API server's URL, from wherever it came. Throws `config` with the place that it came from. */
export function serverUrl(text: string, place: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw new MusterError(
      'config',
      `${place}: the API server's address must be an http:// or https:// URL without credentials`,
    );
  return url;
}

/**
 * The client options of a connection that no HTTP client option describes. As in client-go the environment's proxy
 * counts. One request at a time follows another on a connection, so HTTP/2 would only add its frames.
 */
export function defaultHttp(): HttpClientConfig {
  return { ...defaultHttpClient(), proxy_from_environment: true, enable_http2: false };
}

/** A credential that is at hand as text. */
export function inlineCredential(text: string): Credential {
  return { from: 'inline', secret: new Secret(text) };
}

/** A certificate or key of a kubeconfig: data in base64, or a file from its folder on. As in client-go, data wins. */
export function pemOf(
  data: string | undefined,
  file: string | undefined,
  folder: string,
): Credential | undefined {
  if (data) return inlineCredential(Buffer.from(data, 'base64').toString('latin1'));
  return file ? { from: 'file', path: resolve(folder, file) } : undefined;
}

/**
 * The same value again and again until it is due, then a new one. Askers at the same time share one request; one that
 * fails is not kept.
 *
 * @param dueAt when a value must no longer be used, in milliseconds since 1970
 */
export function renewed<T>(
  make: (signal: AbortSignal) => Promise<T>,
  dueAt: (value: T) => number,
  now: () => number = Date.now,
): (signal: AbortSignal) => Promise<T> {
  let current: { readonly value: Promise<T>; due: number } | undefined;
  return async (signal) => {
    if (current !== undefined && now() < current.due) return await current.value;
    // Until it is there it is due never, so that whoever comes meanwhile waits for it too.
    const next = { value: make(signal), due: Number.POSITIVE_INFINITY };
    current = next;
    try {
      const value = await next.value;
      next.due = dueAt(value);
      return value;
    } catch (error) {
      if (current === next) current = undefined;
      throw error;
    }
  };
}

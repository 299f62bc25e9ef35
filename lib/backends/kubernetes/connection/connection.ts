import { resolve } from 'node:path';
import { MusterError } from '../../../base/errors.ts';
import { defaultHttpClient, type HttpClientConfig } from '../../../config/http-client.ts';
import { type Credential, Secret } from '../../../config/secret.ts';
import type { HttpClient } from '../../../http/client.ts';
import type { MechanismInput } from '../../mechanism.ts';

/** Request headers by name. */
export type RequestHeaders = Readonly<Record<string, string>>;

/** A connection to an API server. */
export interface Connection {
  /** The URL before `/api`. It may have a path, such as that of a proxy. */
  readonly server: URL;
  readonly http: HttpClient;
  /** Credentials for the next request, renewed in time; empty if the HTTP client has its own. */
  readonly headers: (signal: AbortSignal) => Promise<RequestHeaders>;
  /** What to check when the API server does not know the user; ends an error message. */
  readonly whenUnknown: string;
}

/** Credentials for a request. */
export interface Authorized {
  readonly headers: RequestHeaders;
  /** A client certificate and its key in PEM, from an exec plugin. */
  readonly certificate?: { readonly cert: string; readonly key: string };
}

/** Returns credentials for the next request, renewed in time. Throws what obtaining them throws. */
export type Authorize = (signal: AbortSignal) => Promise<Authorized>;

/** What a connection needs beside its configuration. */
export type ConnectInput = Pick<MechanismInput, 'openHttp' | 'signal' | 'directory'>;

/** Parses the API server's URL. `origin` says in messages where it comes from. Throws kind `config`. */
export function serverUrl(text: string, origin: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw new MusterError(
      'config',
      `${origin}: the API server's address must be an http:// or https:// URL without credentials`,
    );
  return url;
}

/**
 * HTTP options of a connection without configured ones. As in client-go, the proxy of the environment counts. Requests come
 * one after another, so HTTP/2 has no advantage.
 */
export function defaultHttp(): HttpClientConfig {
  return { ...defaultHttpClient(), proxy_from_environment: true, enable_http2: false };
}

/** Wraps a credential that is already known. */
export function inlineCredential(text: string): Credential {
  return { from: 'inline', secret: new Secret(text) };
}

/** A certificate or key of a kubeconfig: base64 data, or a file relative to the folder. As in client-go, data wins. Undefined without either. */
export function pemOf(
  data: string | undefined,
  file: string | undefined,
  folder: string,
): Credential | undefined {
  if (data) return inlineCredential(Buffer.from(data, 'base64').toString('latin1'));
  return file ? { from: 'file', path: resolve(folder, file) } : undefined;
}

/**
 * Keeps a value until it is due, and then makes a new one. Callers at the same time share one attempt; a failed attempt is
 * not kept. `dueAt` returns when a value must no longer be used, in milliseconds of Unix time. Throws what `make` throws.
 */
export function renewed<T>(
  make: (signal: AbortSignal) => Promise<T>,
  dueAt: (value: T) => number,
  now: () => number = Date.now,
): (signal: AbortSignal) => Promise<T> {
  let current: { readonly value: Promise<T>; due: number } | undefined;
  return async (signal) => {
    if (current !== undefined && now() < current.due) return await current.value;
    // Until the value exists it is never due, so other callers wait for it.
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

import { resolve } from 'node:path';
import { defaultHttpClient, type HttpClientConfig } from '../../../config/http-client.ts';
import { type Credential, Secret } from '../../../config/secret.ts';

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

import { MusterError } from '../../../errors.ts';
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

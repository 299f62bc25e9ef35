/** Where a Docker Engine's API is. */
export interface EngineHost {
  /** Everything in front of `/v1.41`, without a `/` at its end: `https://manager.internal:2376`. */
  readonly base: string;
  /** Path of the Unix socket behind it; the base's host is then of no matter. */
  readonly unixSocket?: string;
  /** Whether the HTTP client options apply: as in Prometheus only where the host is written as http:// or https://. */
  readonly takesHttpOptions: boolean;
}

/** How `host` may look, for messages. */
export const hostForms = 'tcp://host:port, http://host:port, https://host:port or unix:///path';

/** The address behind `host`; undefined when it is none. `tcp://` means HTTP without TLS, as for Prometheus. */
export function readHost(host: string): EngineHost | undefined {
  const unixSocket = /^unix:\/\/(?<path>.+)$/.exec(host)?.groups?.path;
  if (unixSocket !== undefined) return { base: 'http://localhost', unixSocket, takesHttpOptions: false };

  const { scheme, rest } = networkHost.exec(host)?.groups ?? {};
  const url = URL.parse(`${scheme === 'https' ? 'https' : 'http'}://${rest ?? ''}`);
  if (url === null) return undefined;
  return {
    base: `${url.origin}${url.pathname.replace(/\/+$/, '')}`,
    takesHttpOptions: scheme !== 'tcp',
  };
}

/** The host for people. */
export function shownHost({ base, unixSocket }: EngineHost): string {
  return unixSocket === undefined ? base : `unix://${unixSocket}`;
}

/** No credentials (`@`), query or fragment: the former have keys of their own. */
const networkHost = /^(?<scheme>tcp|https?):\/\/(?<rest>[^\s@?#\\/][^\s@?#\\]*)$/;

/** Where an agent's HTTP API is. */
export interface ConsulAddress {
  /** Everything in front of `/v1`, without a `/` at its end: `https://consul.internal:8501/prefix`. */
  readonly base: string;
  /** Path of the Unix socket behind it; the base's host is then of no matter. */
  readonly unixSocket?: string;
}

/** The keys that say so together. */
export interface AddressKeys {
  readonly server: string;
  readonly scheme: 'http' | 'https';
  readonly path_prefix: string;
}

/** How `server` may look, for messages. */
export const addressForms = 'host:port, http://host:port/prefix, https://host:port/prefix or unix:///path';

/**
 * The address behind the keys; undefined when `server` is none. As in Consul's own client, `https://` in `server`
 * beats `scheme`, `http://` does not, and a path in `server` beats `path_prefix`.
 */
export function readAddress({ server, scheme, path_prefix }: AddressKeys): ConsulAddress | undefined {
  const { protocol, rest } = addressSyntax.exec(server.trim())?.groups ?? {};
  if (rest === undefined || /[?#]/.test(path_prefix)) return undefined;
  if (protocol === 'unix') return { base: `http://localhost${cleanPrefix(path_prefix)}`, unixSocket: rest };

  const slash = rest.indexOf('/');
  // Without a protocol the Go client takes the whole text for a host, so a path can't be meant.
  if (slash >= 0 && protocol === undefined) return undefined;
  const host = slash < 0 ? rest : rest.slice(0, slash);
  const prefix = cleanPrefix(slash < 0 ? path_prefix : rest.slice(slash));
  const base = `${protocol === 'https' ? protocol : scheme}://${host}${prefix}`;
  return URL.canParse(base) ? { base } : undefined;
}

/** No credentials (`@`), query or fragment: they have keys of their own, or no meaning. */
const addressSyntax = /^(?:(?<protocol>https?|unix):\/\/)?(?<rest>[^\s@?#\\]+)$/;

/** With a `/` in front and none at the end, or empty. */
function cleanPrefix(path: string): string {
  const trimmed = path.replace(/^\/+|\/+$/g, '');
  return trimmed === '' ? '' : `/${trimmed}`;
}

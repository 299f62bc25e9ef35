/** The URL as messages name it: without credentials, query and fragment. */
export function shownUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/** Scheme, host and port of the URL, without credentials; also for schemes which have no origin of their own. */
export function shownOrigin(url: URL): string {
  return `${url.protocol}//${url.host}`;
}

/** The host as sockets and certificates know it: an IPv6 address without its brackets. */
export function bareHost(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

/** The URL behind a text, or undefined where it is none. */
export function parseUrl(text: string, base?: URL): URL | undefined {
  return URL.canParse(text, base?.href) ? new URL(text, base) : undefined;
}

/** The port, the scheme's own where the URL names none. */
export function portOf(url: URL): number {
  return url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
}

/** The URL as messages name it: without credentials, query and fragment. */
export function shownUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/** Scheme, host and port of the URL, without credentials; also for schemes that have no origin of their own. */
export function shownOrigin(url: URL): string {
  return `${url.protocol}//${url.host}`;
}

/** The host as sockets and certificates know it: an IPv6 address without its brackets. */
export function bareHost(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

/** The text as a URL, or undefined if it is not one. */
export function parseUrl(text: string, base?: URL): URL | undefined {
  return URL.canParse(text, base?.href) ? new URL(text, base) : undefined;
}

/** The port number. Without one in the URL, that of the scheme. */
export function portOf(url: URL): number {
  return url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
}

/** Keeps the secrets that a client sends out of its messages. */
export interface Redactor {
  /** Remembers a secret, in the forms in which a server may echo it. */
  learn(secret: string): void;
  /** The text without any known secret. */
  clean(text: string): string;
}

/**
 * Characters of the shortest secret to mask. For a shorter one, masks would show where it is, so the whole text is
 * dropped.
 */
const shortest = 4;

/** Makes an empty redactor. A client and its token endpoint share one. */
export function createRedactor(): Redactor {
  const known = new Set<string>();
  return {
    learn(secret) {
      if (secret.trim() === '') return;
      for (const form of echoedForms(secret.trim())) known.add(form);
    },
    clean(text) {
      // Longest first, because a secret may be a part of another.
      for (const secret of [...known].sort((a, b) => b.length - a.length)) {
        // A server may write it in another case, as in a host name.
        const found = new RegExp(secret.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'), 'gi');
        if (!found.test(text)) continue;
        if (secret.length < shortest) return '';
        text = text.replace(found, '<secret>');
      }
      return text;
    },
  };
}

function echoedForms(secret: string): readonly string[] {
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    new URLSearchParams([['', secret]]).toString().slice(1),
    Buffer.from(secret).toString('base64'),
    secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;'),
  ];
}

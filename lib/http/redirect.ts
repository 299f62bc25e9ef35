import { MusterError } from '../errors.ts';
import type { Answer } from './exchange.ts';
import { parseUrl, shownOrigin } from './place.ts';
import type { Redactor } from './redact.ts';

/** Redirects that are followed for one request. */
export const maxRedirects = 10;

const redirects: readonly number[] = [301, 302, 303, 307, 308];

/** Whether the answer sends the client elsewhere. */
export function isRedirect(status: number): boolean {
  return redirects.includes(status);
}

/** Where a redirect leads. */
export interface RedirectTarget {
  readonly url: URL;
  /** Whether messages may name it: not where the server wrote a secret into it. */
  readonly tellable: boolean;
}

/**
 * Where a redirect of a GET leads, if that is the same scheme, host and port: headers of any name can be credentials,
 * so another origin gets none, not even a connection. Throws `redirect` with the origin it would lead to.
 */
export function redirectTarget(
  from: URL,
  answer: Answer,
  follow: boolean,
  redactor: Redactor,
): RedirectTarget {
  const { status, headers } = answer;
  const { location } = headers;
  const target = location === undefined ? undefined : parseUrl(location, from);
  const refuse = (why: string) => new MusterError('redirect', `HTTP ${status}: ${why}`, { status });
  if (target === undefined) throw refuse('a redirect without a usable Location');
  const origin = shownOrigin(target);
  // A server can echo what it was sent, and a URL's parser writes a host in lower case: the text is looked at before.
  const masked = redactor.clean(location ?? '');
  const tellable = masked === location;
  const shown = (tellable ? origin : originOf(masked)).slice(0, 200);
  if (!follow) throw refuse(`redirects to ${shown}, and follow_redirects is off`);
  if (origin !== shownOrigin(from))
    throw refuse(`redirects to another origin, ${shown}: if that is right, configure its address`);
  target.username = from.username;
  target.password = from.password;
  return { url: target, tellable };
}

/** Scheme and host of a masked Location, which is a URL no more. */
function originOf(masked: string): string {
  const [, scheme, authority = ''] = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)/i.exec(masked) ?? [];
  return scheme === undefined
    ? 'an address that holds a secret'
    : `${scheme}${authority.slice(authority.lastIndexOf('@') + 1)}`;
}

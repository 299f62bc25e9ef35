import * as z from 'zod';
import { leaf } from './fields.ts';
import { expected } from './section.ts';

/**
 * Base URLs of servers that stand in for one another, one at least, each once and without a `/` at its end, so that
 * a path can follow: `http://marathon.internal:8080/gate`.
 */
export function serverList() {
  return z
    .array(serverUrl, { error: ({ input }) => expected('a list of URLs', input) })
    .min(1, 'must have one server at least')
    .transform((servers) => [...new Set(servers)]);
}

/** One base URL. Credentials have keys of their own; a query or fragment would be lost when a path is added. */
export const serverUrl = leaf(
  'an http:// or https:// URL without credentials, query and fragment',
  (source) => {
    const parsed = URL.parse(source);
    if (parsed === null || !/^https?:$/.test(parsed.protocol)) return undefined;
    const { username, password, search, hash, origin, pathname } = parsed;
    return username + password + search + hash === '' ? origin + pathname.replace(/\/+$/, '') : undefined;
  },
);

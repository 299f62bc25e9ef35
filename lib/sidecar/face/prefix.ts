import { MusterError } from '../../errors.ts';
import type { FaceOptions } from '../http.ts';
import { answerWith } from './answer.ts';

/**
 * The path below which a proxy shows the sidecar, of the URL that its readers use: `/muster` of
 * `https://example.com/muster/`, empty where it is the root. Throws (kind `config`) for what is no such URL.
 */
export function prefixOf(externalUrl: string): string {
  const url = URL.canParse(externalUrl) ? new URL(externalUrl) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '')
    throw new MusterError(
      'config',
      `${JSON.stringify(externalUrl)} is not the URL of a site; write it as in https://example.com/muster`,
    );
  return url.pathname.replace(/\/+$/, '');
}

/**
 * The same answers behind a proxy: pages link below the prefix, and what is asked for below it is found, whether the
 * proxy takes the prefix away or not.
 */
export function underPrefix(prefix: string, answer: FaceOptions['answer']): FaceOptions['answer'] {
  if (prefix === '') return answer;
  return async (request, env) => {
    const { pathname, search, origin } = new URL(request.url);
    const inside = pathname === prefix || pathname.startsWith(`${prefix}/`);
    const path = inside ? pathname.slice(prefix.length) || '/' : pathname;
    const found = await answer(inside ? new Request(`${origin}${path}${search}`, request) : request, env);
    return relink(found, prefix);
  };
}

async function relink(answer: Response, prefix: string): Promise<Response> {
  const location = answer.headers.get('location');
  if (location?.startsWith('/')) answer.headers.set('location', prefix + location);
  if (answer.headers.get('content-type')?.startsWith('text/html') !== true) return answer;
  // Quotes in what a page shows of others are escaped, so that only links of ours look like this.
  const text = (await answer.text()).replace(/ (href|src|action)="\//g, (_, name) => ` ${name}="${prefix}/`);
  const { 'content-length': _, ...headers } = Object.fromEntries(answer.headers);
  return answerWith(answer.status, 'text/html; charset=utf-8', text, headers);
}

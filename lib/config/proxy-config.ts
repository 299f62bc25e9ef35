import { inspect } from 'node:util';
import { bool, leaf, list, mapOf, text, unlessEmpty } from './fields.ts';
import type { ProxyConfig } from './http-client.ts';
import { checkHeaderNames, headerText } from './http-headers.ts';
import { rule, type SectionOf } from './section.ts';

/** The proxy keys, which stand inline beside the others. Source: prometheus/common, config.ProxyConfig. */
export const proxyFields = {
  proxy_url: unlessEmpty(proxyUrl()),
  no_proxy: text(''),
  proxy_from_environment: bool(false),
  proxy_connect_header: mapOf(list(headerText())).check(checkHeaderNames([])),
};

/** The proxy keys after parsing. */
export type ProxyKeys = SectionOf<typeof proxyFields>;

/** What must hold between the proxy keys of a section that spreads `proxyFields`. */
export const proxyRules = [
  rule<ProxyKeys, 'no_proxy' | 'proxy_url' | 'proxy_from_environment'>(
    ['no_proxy', 'proxy_url', 'proxy_from_environment'],
    (proxy) => {
      if (proxy.no_proxy === '') return undefined;
      if (proxy.proxy_from_environment)
        return 'no_proxy can not go with proxy_from_environment, which brings its own';
      return proxy.proxy_url === undefined ? 'no_proxy needs proxy_url' : undefined;
    },
  ),
  rule<ProxyKeys, 'proxy_from_environment' | 'proxy_url'>(['proxy_from_environment', 'proxy_url'], (proxy) =>
    proxy.proxy_from_environment && proxy.proxy_url !== undefined
      ? 'proxy_from_environment can not go with proxy_url'
      : undefined,
  ),
  rule<ProxyKeys, 'proxy_connect_header' | 'proxy_url' | 'proxy_from_environment'>(
    ['proxy_connect_header', 'proxy_url', 'proxy_from_environment'],
    (proxy) => {
      if (Object.keys(proxy.proxy_connect_header).length === 0) return undefined;
      const hasProxy = proxy.proxy_url !== undefined || proxy.proxy_from_environment;
      return hasProxy ? undefined : 'proxy_connect_header needs proxy_url or proxy_from_environment';
    },
  ),
];

/** The keys as the client wants them. */
export function toProxyConfig(keys: ProxyKeys): ProxyConfig {
  return {
    ...(keys.proxy_url && { proxy_url: keys.proxy_url }),
    ...(keys.no_proxy && { no_proxy: keys.no_proxy }),
    proxy_from_environment: keys.proxy_from_environment,
    proxy_connect_header: keys.proxy_connect_header,
  };
}

/** A proxy has no path. What looks like one, and would be shown, is the rest of a password that cuts the URL short. */
function proxyUrl() {
  return leaf('http://host:port or https://host:port, with # / ? in a password as %23 %2F %3F', (source) => {
    const parsed = URL.canParse(source) ? new MaskedUrl(source) : undefined;
    const bare = parsed !== undefined && /^https?:$/.test(parsed.protocol) && parsed.pathname === '/';
    return bare && parsed.search === '' && parsed.hash === '' ? parsed : undefined;
  });
}

/** A URL that may hold a password: `href` and `password` have it, printing and encoding show `xxxxx`. */
class MaskedUrl extends URL {
  override toString(): string {
    const shown = new URL(this.href);
    if (shown.username !== '') shown.username = 'xxxxx';
    if (shown.password !== '') shown.password = 'xxxxx';
    return shown.href;
  }

  override toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

import type { ProxyConfig } from '../config/http-client.ts';
import { MusterError } from '../errors.ts';
import { bypassesProxy } from './no-proxy.ts';
import { bareHost, parseUrl, portOf, shownOrigin } from './place.ts';

/** Environment variables, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The proxy for a URL, or undefined where the request goes straight to its host. */
export type ChooseProxy = (url: URL) => URL | undefined;

/**
 * How requests find their proxy. `no_proxy` counts as it does in Go; a `proxy_url` without it takes every request,
 * those to localhost too. Throws (kind `config`) when a proxy is of a kind that is not supported.
 * Source: prometheus/common, ProxyConfig; golang.org/x/net/http/httpproxy.
 */
export function proxyChooser(config: ProxyConfig, environment: Environment): ChooseProxy {
  if (config.proxy_from_environment) return chooserFromEnvironment(environment);
  const { proxy_url: proxy, no_proxy: noProxy } = config;
  if (proxy === undefined) return () => undefined;
  checkScheme(proxy, 'proxy_url');
  return (url) => (noProxy && bypassesProxy(noProxy, bareHost(url), portOf(url)) ? undefined : proxy);
}

/** Credentials of the proxy's URL as the value of Proxy-Authorization; undefined where it has none. */
export function proxyAuthorization(proxy: URL): string | undefined {
  if (proxy.username === '' && proxy.password === '') return undefined;
  return basicOfUrl(proxy);
}

/** `Basic …` of a URL's user name and password. */
export function basicOfUrl(url: URL): string {
  return `Basic ${Buffer.from(`${decoded(url.username)}:${decoded(url.password)}`).toString('base64')}`;
}

/** Text of a URL's part; the text itself where it is not well encoded. */
export function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function chooserFromEnvironment(environment: Environment): ChooseProxy {
  const forHttp = environmentProxy(environment, 'HTTP_PROXY');
  const forHttps = environmentProxy(environment, 'HTTPS_PROXY');
  const noProxy = variable(environment, 'NO_PROXY') ?? '';
  // In a CGI program HTTP_PROXY is what a request's header `Proxy:` says.
  const untrusted = variable(environment, 'REQUEST_METHOD') !== undefined;
  return (url) => {
    const proxy = url.protocol === 'https:' ? forHttps : untrusted ? undefined : forHttp;
    return proxy && bypassesProxy(noProxy, bareHost(url), portOf(url)) ? undefined : proxy;
  };
}

function environmentProxy(environment: Environment, name: string): URL | undefined {
  const text = variable(environment, name);
  if (text === undefined) return undefined;
  const proxy = parseUrl(text.includes('://') ? text : `http://${text}`);
  if (proxy === undefined || proxy.host === '')
    throw new MusterError('config', `the environment's ${name} is not the URL of a proxy`);
  checkScheme(proxy, `the environment's ${name}`);
  return proxy;
}

/** The upper-case variable, else the lower-case one; an empty one counts as absent. */
function variable(environment: Environment, name: string): string | undefined {
  return environment[name] || environment[name.toLowerCase()] || undefined;
}

function checkScheme(proxy: URL, place: string): void {
  if (proxy.protocol !== 'http:' && proxy.protocol !== 'https:')
    throw new MusterError(
      'config',
      `${place}: ${shownOrigin(proxy)} is not supported: use an http or https proxy`,
    );
}

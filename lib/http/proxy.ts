import { BlockList, isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { MusterError } from '../base/errors.ts';
import type { ProxyConfig } from '../config/http-transport.ts';
import { bareHost, parseUrl, portOf, shownOrigin } from './url-text.ts';

/** Environment variables, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The proxy for a URL, or undefined if the request goes straight to its host. */
export type ChooseProxy = (url: URL) => URL | undefined;

/**
 * How requests find their proxy. `no_proxy` works as in Go. A `proxy_url` without it is used for all requests, even to
 * localhost. Throws kind `config` for a proxy of an unsupported kind. Source: prometheus/common, ProxyConfig;
 * golang.org/x/net/http/httpproxy.
 */
export function proxyChooser(config: ProxyConfig, environment: Environment): ChooseProxy {
  if (config.proxy_from_environment) return chooserFromEnvironment(environment);
  const { proxy_url: proxy, no_proxy: noProxy } = config;
  if (proxy === undefined) return () => undefined;
  checkScheme(proxy, 'proxy_url');
  return (url) => (noProxy && bypassesProxy(noProxy, bareHost(url), portOf(url)) ? undefined : proxy);
}

/** Credentials of the proxy's URL as the value of Proxy-Authorization; undefined if it has none. */
export function proxyAuthorization(proxy: URL): string | undefined {
  if (proxy.username === '' && proxy.password === '') return undefined;
  return basicOfUrl(proxy);
}

/** `Basic …` of a URL's user name and password. */
export function basicOfUrl(url: URL): string {
  return `Basic ${Buffer.from(`${decoded(url.username)}:${decoded(url.password)}`).toString('base64')}`;
}

/** The decoded part of a URL, or the part itself if it is not well encoded. */
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
  // In a CGI program HTTP_PROXY comes from the header `Proxy:` of a request.
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

/**
 * Whether a request to host and port goes past the proxy, as Go decides it: a list of `*`, host names (with their
 * subdomains; with a leading dot or `*.` only these), IP addresses and CIDR ranges; names and addresses may end in
 * `:port`. Localhost and loopback addresses always do. Source: golang.org/x/net/http/httpproxy.
 */
export function bypassesProxy(noProxy: string, host: string, port: number): boolean {
  const name = host.toLowerCase();
  if (name === 'localhost') return true;
  const address = plainAddress(name);
  if (address !== undefined && contains(loopback, address)) return true;
  return noProxy
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => entry === '*' || (entry !== '' && matches(entry, name, address, port)));
}

function matches(entry: string, name: string, address: string | undefined, port: number): boolean {
  const range = parseRange(entry);
  if (range !== undefined) return address !== undefined && contains(range, address);
  const { host, port: onlyPort } = splitPort(entry);
  if (host === '' || (onlyPort !== undefined && onlyPort !== String(port))) return false;
  const entryAddress = plainAddress(host);
  if (entryAddress !== undefined) return address !== undefined && contains(single(entryAddress), address);
  return matchesDomain(host, name);
}

function matchesDomain(entry: string, name: string): boolean {
  const withSubdomains = entry.startsWith('*.') ? entry.slice(1) : entry;
  const onlySubdomains = withSubdomains.startsWith('.');
  const bare = onlySubdomains ? withSubdomains.slice(1) : withSubdomains;
  const domain = domainToASCII(bare) || bare;
  return name.endsWith(`.${domain}`) || (!onlySubdomains && name === domain);
}

/** Splits `host:port` and `[address]:port`. An IPv6 address without brackets is only a host. */
function splitPort(entry: string): { readonly host: string; readonly port?: string } {
  const found = /^(?:\[([^\]]*)\]|([^:]*)):([^:]*)$/.exec(entry);
  if (found === null) return { host: entry };
  return { host: found[1] ?? found[2] ?? '', port: found[3] ?? '' };
}

/** The address without brackets, and as IPv4 if IPv6 only wraps it; undefined for a name. */
function plainAddress(host: string): string | undefined {
  if (isIP(host) !== 6) return isIP(host) === 4 ? host : undefined;
  const canonical = new URL(`http://[${host.replace(/%.*$/, '')}]`).hostname.slice(1, -1);
  const wrapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical);
  if (wrapped === null) return canonical;
  const bits = [wrapped[1], wrapped[2]].map((part) => Number.parseInt(part ?? '', 16));
  return bits.flatMap((part) => [part >> 8, part & 255]).join('.');
}

function parseRange(entry: string): BlockList | undefined {
  const [base = '', length = '', ...rest] = entry.split('/');
  const family = isIP(base);
  if (rest.length > 0 || family === 0 || !/^\d{1,3}$/.test(length)) return undefined;
  if (Number(length) > (family === 4 ? 32 : 128)) return undefined;
  const range = new BlockList();
  range.addSubnet(base, Number(length), family === 4 ? 'ipv4' : 'ipv6');
  return range;
}

function single(address: string): BlockList {
  const list = new BlockList();
  list.addAddress(address, isIP(address) === 4 ? 'ipv4' : 'ipv6');
  return list;
}

function contains(list: BlockList, address: string): boolean {
  return list.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6');
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

import { inspect } from 'node:util';
import * as z from 'zod';
import * as field from './fields.ts';
import {
  type Credential,
  credentialOf,
  fileCredential,
  refCredential,
  Secret,
  secret,
  secretFile,
  secretRef,
} from './secret.ts';
import { atMostOne, rule, type SectionOf, section } from './section.ts';

/** From the oldest to the newest, as Prometheus writes them. */
export const tlsVersions = ['TLS10', 'TLS11', 'TLS12', 'TLS13'] as const;

/** Names of the TLS versions as Prometheus writes them. */
export type TlsVersion = (typeof tlsVersions)[number];

/** `tls_config`. Source: Prometheus configuration reference. */
export interface TlsConfig {
  readonly ca?: Credential | undefined;
  readonly cert?: Credential | undefined;
  readonly key?: Credential | undefined;
  readonly server_name?: string | undefined;
  readonly insecure_skip_verify: boolean;
  readonly min_version?: TlsVersion | undefined;
  readonly max_version?: TlsVersion | undefined;
}

/** Proxy keys. They are keys of the section itself, not of a section of their own. */
export interface ProxyConfig {
  readonly proxy_url?: URL | undefined;
  readonly no_proxy?: string | undefined;
  readonly proxy_from_environment: boolean;
  readonly proxy_connect_header: Readonly<Record<string, readonly Credential[]>>;
}

const fields = {
  ca: secret(),
  ca_file: secretFile(),
  ca_ref: secretRef(),
  cert: secret(),
  cert_file: secretFile(),
  cert_ref: secretRef(),
  key: secret(),
  key_file: secretFile(),
  key_ref: secretRef(),
  server_name: field.text(''),
  insecure_skip_verify: field.bool(false),
  min_version: field.oneOf(tlsVersions).optional(),
  max_version: field.oneOf(tlsVersions).optional(),
};

/** `tls_config`. Source: prometheus/common, config.TLSConfig. */
export const tlsConfig = section(fields)
  .check(atMostOne('ca', 'ca_file', 'ca_ref'))
  .check(atMostOne('cert', 'cert_file', 'cert_ref'))
  .check(atMostOne('key', 'key_file', 'key_ref'))
  .check(
    rule(['cert', 'cert_file', 'cert_ref', 'key', 'key_file', 'key_ref'], (tls) => {
      const cert = credentialOf(tls.cert, tls.cert_file, tls.cert_ref);
      const key = credentialOf(tls.key, tls.key_file, tls.key_ref);
      if (cert !== undefined && key === undefined)
        return 'a client certificate needs its key: one of key, key_file and key_ref';
      if (key !== undefined && cert === undefined)
        return 'a client key needs its certificate: one of cert, cert_file and cert_ref';
      return undefined;
    }),
  )
  .check(
    rule(['max_version', 'min_version'], ({ min_version, max_version }) => {
      if (min_version === undefined || max_version === undefined) return undefined;
      return tlsVersions.indexOf(max_version) < tlsVersions.indexOf(min_version)
        ? 'max_version must not be older than min_version'
        : undefined;
    }),
  )
  .transform(toTlsConfig);

function toTlsConfig(tls: SectionOf<typeof fields>): TlsConfig {
  const ca = credentialOf(tls.ca, tls.ca_file, tls.ca_ref);
  const cert = credentialOf(tls.cert, tls.cert_file, tls.cert_ref);
  const key = credentialOf(tls.key, tls.key_file, tls.key_ref);
  return {
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(tls.server_name && { server_name: tls.server_name }),
    insecure_skip_verify: tls.insecure_skip_verify,
    ...(tls.min_version && { min_version: tls.min_version }),
    ...(tls.max_version && { max_version: tls.max_version }),
  };
}

/** The proxy keys, which stand inline beside the others. Source: prometheus/common, config.ProxyConfig. */
export const proxyFields = {
  proxy_url: field.unlessEmpty(proxyUrl()),
  no_proxy: field.text(''),
  proxy_from_environment: field.bool(false),
  proxy_connect_header: field.mapOf(field.list(headerText())).check(checkHeaderNames([])),
};

/** The proxy keys after parsing. */
export type ProxyKeys = SectionOf<typeof proxyFields>;

/** The conditions between the proxy keys of a section that spreads `proxyFields`. */
export const proxyRules = [
  rule<ProxyKeys, 'no_proxy' | 'proxy_url' | 'proxy_from_environment'>(
    ['no_proxy', 'proxy_url', 'proxy_from_environment'],
    (proxy) => {
      if (proxy.no_proxy === '') return undefined;
      if (proxy.proxy_from_environment)
        return 'no_proxy cannot go with proxy_from_environment, which brings its own';
      return proxy.proxy_url === undefined ? 'no_proxy needs proxy_url' : undefined;
    },
  ),
  rule<ProxyKeys, 'proxy_from_environment' | 'proxy_url'>(['proxy_from_environment', 'proxy_url'], (proxy) =>
    proxy.proxy_from_environment && proxy.proxy_url !== undefined
      ? 'proxy_from_environment cannot go with proxy_url'
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

/** The keys in the form that the client takes. */
export function toProxyConfig(keys: ProxyKeys): ProxyConfig {
  return {
    ...(keys.proxy_url && { proxy_url: keys.proxy_url }),
    ...(keys.no_proxy && { no_proxy: keys.no_proxy }),
    proxy_from_environment: keys.proxy_from_environment,
    proxy_connect_header: keys.proxy_connect_header,
  };
}

/**
 * A proxy has no path. What looks like a path is the rest of a password that was not escaped, and must not be shown.
 */
function proxyUrl() {
  return field.leaf(
    'http://host:port or https://host:port, with # / ? in a password as %23 %2F %3F',
    (source) => {
      const parsed = URL.canParse(source) ? new MaskedUrl(source) : undefined;
      const bare = parsed !== undefined && /^https?:$/.test(parsed.protocol) && parsed.pathname === '/';
      return bare && parsed.search === '' && parsed.hash === '' ? parsed : undefined;
    },
  );
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

/**
 * Headers that carry the connection or that the client sets itself. Source: prometheus/common, config.ReservedHeaders.
 */
const reserved = [
  'Authorization',
  'Host',
  'Content-Encoding',
  'Content-Length',
  'Content-Type',
  'User-Agent',
  'Connection',
  'Keep-Alive',
  'Proxy-Authenticate',
  'Proxy-Authorization',
  'Www-Authenticate',
  'Accept-Encoding',
  'X-Prometheus-Remote-Write-Version',
  'X-Prometheus-Remote-Read-Version',
  'X-Prometheus-Scrape-Timeout-Seconds',
  'X-Amz-Date',
  'X-Amz-Security-Token',
  'X-Amz-Content-Sha256',
];

/** `http_headers`: the values of each header in the order in which Prometheus sends them, references last. */
export const httpHeaders = field
  .mapOf(
    section({
      values: field.list(headerText()),
      secrets: field.list(headerText()),
      files: field.list(fileCredential()),
      refs: field.list(refCredential()),
    }).transform(({ values, secrets, files, refs }) => [...values, ...secrets, ...files, ...refs]),
  )
  .check(checkHeaderNames(reserved));

/** One value of a header, wrapped at once: any of them may be a secret. */
function headerText() {
  // A control character would end the header and begin another.
  return field.leaf<Credential>('a header value without control characters', (source) =>
    /[^\t\P{Cc}]/u.test(source) ? undefined : { from: 'inline', secret: new Secret(source) },
  );
}

/** The keys of a mapping must be names of headers, and none of the forbidden. */
function checkHeaderNames(forbidden: readonly string[]): z.core.$ZodCheck<Readonly<Record<string, unknown>>> {
  const lowerCase = new Set(forbidden.map((name) => name.toLowerCase()));
  return z.superRefine((headers, context) => {
    for (const name of Object.keys(headers)) {
      if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name))
        context.addIssue({ code: 'custom', path: [name], message: 'is not the name of a header' });
      else if (lowerCase.has(name.toLowerCase()))
        context.addIssue({ code: 'custom', path: [name], message: 'this header cannot be set here' });
    }
  });
}

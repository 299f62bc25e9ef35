import type { z } from 'zod';
import * as field from '../../config/fields.ts';
import { type HttpClientConfig, toBasicAuth, withHttpClient } from '../../config/http-client.ts';
import { httpSdConfig, ownFields } from '../../config/sd-config.ts';
import { type Credential, credentialOf, secret, secretFile, secretRef } from '../../config/secret.ts';
import { atMostOne, rule } from '../../config/section.ts';

const keys = httpSdConfig('30s', {
  ...ownFields,
  server: field.nonEmptyText('localhost:8500'),
  scheme: field.oneOf(['http', 'https'], 'http'),
  path_prefix: field.text(''),
  token: secret(),
  token_file: secretFile(),
  token_ref: secretRef(),
  // Deprecated in Prometheus in favour of basic_auth.
  username: secret(),
  password: secret(),
  datacenter: field.text(''),
  namespace: field.text(''),
  partition: field.text(''),
  services: field.stringList(),
  tags: field.stringList(),
  node_meta: field.stringMap(),
  filter: field.text(''),
  health_filter: field.text(''),
  tag_separator: field.text(','),
  allow_stale: field.bool(true),
});

type Keys = z.output<typeof keys>;

/** An element of `consul_sd_configs`. Source: Prometheus configuration reference, consul_sd_config. */
export const consulConfig = keys
  .check(
    rule<Keys, 'server' | 'scheme' | 'path_prefix'>(['server', 'scheme', 'path_prefix'], (address) =>
      readAddress(address) === undefined ? `must be ${addressForms}` : undefined,
    ),
    atMostOne<Keys, 'token' | 'token_file' | 'token_ref'>('token', 'token_file', 'token_ref'),
    ...(['token', 'token_file', 'token_ref'] as const).map((key) =>
      atMostOne<Keys, typeof key | 'authorization' | 'oauth2'>(key, 'authorization', 'oauth2'),
    ),
    atMostOne<Keys, 'username' | 'basic_auth'>('username', 'basic_auth'),
    atMostOne<Keys, 'password' | 'basic_auth'>('password', 'basic_auth'),
  )
  .transform(withHttpClient)
  .transform(
    ({ server, scheme, path_prefix, token, token_file, token_ref, username, password, http, ...own }) => ({
      ...own,
      // The rule above has refused a bad address; Prometheus's default stands in for it.
      address: readAddress({ server, scheme, path_prefix }) ?? { base: 'http://localhost:8500' },
      http: withToken(withBasicAuth(http, username, password), credentialOf(token, token_file, token_ref)),
    }),
  );

/** One SD config after defaults and checks. */
export type ConsulConfig = z.output<typeof consulConfig>;

function withBasicAuth(
  http: HttpClientConfig,
  username: Credential | undefined,
  password: Credential | undefined,
): HttpClientConfig {
  return username || password ? { ...http, basic_auth: toBasicAuth(username, password) } : http;
}

const tokenHeader = 'X-Consul-Token';

/** Sends the token as a header of each request. Consul reads the first of several, which in Prometheus is this one. */
function withToken(http: HttpClientConfig, token: Credential | undefined): HttpClientConfig {
  if (token === undefined) return http;
  const others = Object.entries(http.http_headers).filter(
    ([name]) => name.toLowerCase() !== tokenHeader.toLowerCase(),
  );
  return { ...http, http_headers: { ...Object.fromEntries(others), [tokenHeader]: [token] } };
}

/** The address of an agent's HTTP API. */
export interface ConsulAddress {
  /** Everything before `/v1`, without a `/` at its end: `https://consul.internal:8501/prefix`. */
  readonly base: string;
  /** Path of the Unix socket; the host of `base` is then ignored. */
  readonly unixSocket?: string;
}

/** The keys that make an address together. */
export interface AddressKeys {
  readonly server: string;
  readonly scheme: 'http' | 'https';
  readonly path_prefix: string;
}

/** The forms of `server`, for messages. */
const addressForms = 'host:port, http://host:port/prefix, https://host:port/prefix or unix:///path';

/**
 * The address that the keys give; undefined when `server` is malformed. As in Consul's own client, `https://` in
 * `server` wins over `scheme`, `http://` does not, and a path in `server` wins over `path_prefix`.
 */
export function readAddress({ server, scheme, path_prefix }: AddressKeys): ConsulAddress | undefined {
  const { protocol, rest } = addressSyntax.exec(server.trim())?.groups ?? {};
  if (rest === undefined || /[?#]/.test(path_prefix)) return undefined;
  if (protocol === 'unix') return { base: `http://localhost${cleanPrefix(path_prefix)}`, unixSocket: rest };

  const slash = rest.indexOf('/');
  // Without a protocol, Consul's Go client takes everything for the host, so a path cannot be meant.
  if (slash >= 0 && protocol === undefined) return undefined;
  const host = slash < 0 ? rest : rest.slice(0, slash);
  const prefix = cleanPrefix(slash < 0 ? path_prefix : rest.slice(slash));
  const base = `${protocol === 'https' ? protocol : scheme}://${host}${prefix}`;
  return URL.canParse(base) ? { base } : undefined;
}

/** Without credentials (`@`), query or fragment: they have keys of their own, or no meaning. */
const addressSyntax = /^(?:(?<protocol>https?|unix):\/\/)?(?<rest>[^\s@?#\\]+)$/;

/** The path with one leading `/` and no trailing one; empty for none. */
function cleanPrefix(path: string): string {
  const trimmed = path.replace(/^\/+|\/+$/g, '');
  return trimmed === '' ? '' : `/${trimmed}`;
}

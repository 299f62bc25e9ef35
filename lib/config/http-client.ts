import { isDeepStrictEqual } from 'node:util';
import * as field from './fields.ts';
import {
  httpHeaders,
  type ProxyConfig,
  proxyFields,
  proxyRules,
  type TlsConfig,
  tlsConfig,
  toProxyConfig,
} from './http-transport.ts';
import { enumerate } from './problem.ts';
import { type Credential, credentialOf, secret, secretFile, secretRef } from './secret.ts';
import { atMostOne, rule, type SectionOf, section } from './section.ts';

const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

const keyForms = [
  'client_certificate_key',
  'client_certificate_key_file',
  'client_certificate_key_ref',
] as const;

const fields = {
  client_id: field.nonEmptyText(),
  client_secret: secret(),
  client_secret_file: secretFile(),
  client_secret_ref: secretRef(),
  client_certificate_key_id: field.text(''),
  client_certificate_key: secret(),
  client_certificate_key_file: secretFile(),
  client_certificate_key_ref: secretRef(),
  grant_type: field.oneOf(['client_credentials', jwtBearer], 'client_credentials'),
  signature_algorithm: field.oneOf(['RS256', 'RS384', 'RS512'], 'RS256'),
  iss: field.text(''),
  audience: field.text(''),
  claims: field.mapOf(field.anyValue()),
  scopes: field.stringList(),
  token_url: field.url(),
  endpoint_params: field.stringMap(),
  tls_config: tlsConfig.prefault({}),
  ...proxyFields,
};

/** `oauth2`. Source: prometheus/common, config.OAuth2. */
const oauth2Config = section(fields)
  .check(
    atMostOne('client_secret', 'client_secret_file', 'client_secret_ref'),
    atMostOne(...keyForms),
    rule(['grant_type', ...keyForms], (keys) =>
      keys.grant_type === jwtBearer && credentialOf(...keyForms.map((form) => keys[form])) === undefined
        ? `this grant needs one of ${enumerate(keyForms)}`
        : undefined,
    ),
    ...proxyRules,
  )
  .transform(toOAuth2Config);

function toOAuth2Config(keys: SectionOf<typeof fields>): OAuth2Config {
  const client_secret = credentialOf(keys.client_secret, keys.client_secret_file, keys.client_secret_ref);
  const client_certificate_key = credentialOf(...keyForms.map((form) => keys[form]));
  return {
    client_id: keys.client_id,
    ...(client_secret && { client_secret }),
    ...(keys.client_certificate_key_id && { client_certificate_key_id: keys.client_certificate_key_id }),
    ...(client_certificate_key && { client_certificate_key }),
    grant_type: keys.grant_type,
    signature_algorithm: keys.signature_algorithm,
    ...(keys.iss && { iss: keys.iss }),
    ...(keys.audience && { audience: keys.audience }),
    claims: keys.claims,
    scopes: keys.scopes,
    token_url: keys.token_url,
    endpoint_params: keys.endpoint_params,
    tls_config: keys.tls_config,
    ...toProxyConfig(keys),
  };
}

/** `oauth2`. `client_secret` serves `client_credentials`, `client_certificate_key` the JWT bearer grant. */
export interface OAuth2Config extends ProxyConfig {
  readonly client_id: string;
  readonly client_secret?: Credential | undefined;
  readonly client_certificate_key_id?: string | undefined;
  readonly client_certificate_key?: Credential | undefined;
  readonly grant_type: 'client_credentials' | 'urn:ietf:params:oauth:grant-type:jwt-bearer';
  readonly signature_algorithm: 'RS256' | 'RS384' | 'RS512';
  readonly iss?: string | undefined;
  readonly audience?: string | undefined;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly scopes: readonly string[];
  readonly token_url: URL;
  readonly endpoint_params: Readonly<Record<string, string>>;
  readonly tls_config: TlsConfig;
}

/** The HTTP client options that Prometheus has in common for all mechanisms, after defaults and checks. */
export interface HttpClientConfig extends ProxyConfig {
  readonly basic_auth?: { readonly username?: Credential; readonly password?: Credential };
  /** `bearer_token` and `bearer_token_file` end up here too, with type `Bearer`. */
  readonly authorization?: {
    readonly type: string;
    /** The text between type and credentials. Default: a space. DC/OS expects `token=…`. */
    readonly separator?: '=';
    readonly credentials?: Credential | undefined;
  };
  readonly oauth2?: OAuth2Config;
  readonly tls_config: TlsConfig;
  readonly follow_redirects: boolean;
  readonly enable_http2: boolean;
  readonly http_headers: Readonly<Record<string, readonly Credential[]>>;
}

const basicAuth = section({
  username: secret(),
  username_file: secretFile(),
  username_ref: secretRef(),
  password: secret(),
  password_file: secretFile(),
  password_ref: secretRef(),
})
  .check(
    atMostOne('username', 'username_file', 'username_ref'),
    atMostOne('password', 'password_file', 'password_ref'),
  )
  .transform((keys) =>
    toBasicAuth(
      credentialOf(keys.username, keys.username_file, keys.username_ref),
      credentialOf(keys.password, keys.password_file, keys.password_ref),
    ),
  );

const authorization = section({
  type: field.text(''),
  credentials: secret(),
  credentials_file: secretFile(),
  credentials_ref: secretRef(),
})
  .check(
    atMostOne('credentials', 'credentials_file', 'credentials_ref'),
    rule(['type'], ({ type }) =>
      type.trim().toLowerCase() === 'basic' ? 'cannot be "basic", use basic_auth instead' : undefined,
    ),
  )
  .transform((keys) =>
    toAuthorization(
      keys.type.trim() || 'Bearer',
      credentialOf(keys.credentials, keys.credentials_file, keys.credentials_ref),
    ),
  );

/**
 * The keys of an SD config that concern its HTTP client, to spread beside a mechanism's own. `httpClientRules` belong
 * into the same section's `.check(…)`, `withHttpClient` into its `.transform(…)`; `httpSdConfig` does the former.
 */
export const httpClientFields = {
  basic_auth: basicAuth.optional(),
  authorization: authorization.optional(),
  oauth2: oauth2Config.optional(),
  bearer_token: secret(),
  bearer_token_file: secretFile(),
  bearer_token_ref: secretRef(),
  tls_config: tlsConfig.prefault({}),
  follow_redirects: field.bool(true),
  enable_http2: field.bool(true),
  http_headers: httpHeaders,
  ...proxyFields,
};

/** The HTTP client keys after parsing, before they are gathered in `http`. */
export type HttpClientKeys = SectionOf<typeof httpClientFields>;

const ways = [
  'authorization',
  'basic_auth',
  'oauth2',
  'bearer_token',
  'bearer_token_file',
  'bearer_token_ref',
] as const;

/** The conditions between those keys. */
export const httpClientRules = [atMostOne<HttpClientKeys, (typeof ways)[number]>(...ways), ...proxyRules];

/** The same config with the HTTP client keys gathered in `http`. */
export function withHttpClient<Config extends HttpClientKeys>(config: Config) {
  const {
    basic_auth,
    authorization,
    oauth2,
    bearer_token,
    bearer_token_file,
    bearer_token_ref,
    tls_config,
    follow_redirects,
    enable_http2,
    http_headers,
    proxy_url,
    no_proxy,
    proxy_from_environment,
    proxy_connect_header,
    ...own
  } = config;
  const token = credentialOf(bearer_token, bearer_token_file, bearer_token_ref);
  const authorized = authorization ?? (token && toAuthorization('Bearer', token));
  const http: HttpClientConfig = {
    ...(basic_auth && { basic_auth }),
    ...(authorized && { authorization: authorized }),
    ...(oauth2 && { oauth2 }),
    tls_config,
    follow_redirects,
    enable_http2,
    http_headers,
    ...toProxyConfig({ proxy_url, no_proxy, proxy_from_environment, proxy_connect_header }),
  };
  return { ...own, http };
}

/** The HTTP client keys alone, as a section. */
export const httpClient = section(httpClientFields)
  .check(...httpClientRules)
  .transform((keys): HttpClientConfig => withHttpClient(keys).http);

/** The client without any configured key. */
export function defaultHttpClient(): HttpClientConfig {
  // Compiling the schema, as zod does for a first value, takes far longer than reading this value.
  return httpClient.parse({}, { jitless: true });
}

/** Whether no key of the client is configured. */
export function isDefaultHttpClient(config: HttpClientConfig): boolean {
  return isDeepStrictEqual(config, defaultHttpClient());
}

/** The value of `basic_auth`, for mechanisms that have keys of their own for it. */
export function toBasicAuth(username: Credential | undefined, password: Credential | undefined) {
  return { ...(username && { username }), ...(password && { password }) };
}

function toAuthorization(type: string, credentials: Credential | undefined) {
  return { type, ...(credentials && { credentials }) };
}

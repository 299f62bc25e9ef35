import type { Credential } from './secret.ts';

/** Names of the TLS versions as Prometheus writes them. */
export type TlsVersion = 'TLS10' | 'TLS11' | 'TLS12' | 'TLS13';

/** `tls_config`. Source: Prometheus configuration reference. */
export interface TlsConfig {
  readonly ca?: Credential;
  readonly cert?: Credential;
  readonly key?: Credential;
  readonly server_name?: string;
  readonly insecure_skip_verify: boolean;
  readonly min_version?: TlsVersion;
  readonly max_version?: TlsVersion;
}

/** Proxy keys; they stand inline beside the others. */
export interface ProxyConfig {
  readonly proxy_url?: URL;
  readonly no_proxy?: string;
  readonly proxy_from_environment: boolean;
  readonly proxy_connect_header: Readonly<Record<string, readonly Credential[]>>;
}

/** `oauth2`. `client_secret` serves `client_credentials`, `client_certificate_key` the JWT bearer grant. */
export interface OAuth2Config extends ProxyConfig {
  readonly client_id: string;
  readonly client_secret?: Credential;
  readonly client_certificate_key_id?: string;
  readonly client_certificate_key?: Credential;
  readonly grant_type: 'client_credentials' | 'urn:ietf:params:oauth:grant-type:jwt-bearer';
  readonly signature_algorithm: 'RS256' | 'RS384' | 'RS512';
  readonly iss?: string;
  readonly audience?: string;
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
  readonly authorization?: { readonly type: string; readonly credentials?: Credential };
  readonly oauth2?: OAuth2Config;
  readonly tls_config: TlsConfig;
  readonly follow_redirects: boolean;
  readonly enable_http2: boolean;
  readonly http_headers: Readonly<Record<string, readonly Credential[]>>;
}

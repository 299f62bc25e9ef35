import { MusterError } from '../base/errors.ts';
import type {
  Authorization,
  Http,
  KeySelector,
  OAuth2,
  ProxyKeys,
  ScrapeClass,
  SecretOrConfigMap,
  Tls,
} from './resources.ts';
import { isSince, type Translation } from './settings.ts';

/** A key of a Secret or ConfigMap, which a job reads as a file. */
export interface Reference {
  readonly kind: 'Secret' | 'ConfigMap';
  readonly namespace: string;
  readonly name: string;
  readonly key: string;
}

/** The inputs of the keys of a job's HTTP client. */
export interface HttpContext extends Pick<Translation, 'settings' | 'cluster' | 'secretsFolder'> {
  readonly namespace: string;
  /** The local path of a file of the operator's Prometheus. Throws `config` if it was not given. */
  readonly fileAt: (path: string, key: string) => string;
  /** The text of a key of a ConfigMap. It is not secret. */
  readonly textAt: (reference: Reference) => string;
}

/** Keys of a job; a key whose value is undefined is not printed. */
export type Keys = Readonly<Record<string, unknown>>;

/** The file that holds what a Monitor refers to: `<folder>/[<cluster>/]<secret|configmap>/<namespace>/<name>/<key>`. */
export function fileOf(
  { cluster, secretsFolder }: Pick<Translation, 'cluster' | 'secretsFolder'>,
  { kind, namespace, name, key }: Reference,
): string {
  const parts = [...(cluster === undefined ? [] : [cluster]), kind.toLowerCase(), namespace, name, key];
  return `${secretsFolder.replace(/\/+$/, '')}/${parts.map(encodeURIComponent).join('/')}`;
}

/** All references of an endpoint, Probe or scrape class. */
export function referencesOf(
  namespace: string,
  { basicAuth, authorization, oauth2, bearerTokenSecret, tlsConfig }: Partial<Http>,
): readonly Reference[] {
  return [
    ...secrets(namespace, [basicAuth?.username, basicAuth?.password]),
    ...secrets(namespace, [authorization?.credentials, bearerTokenSecret, oauth2?.clientSecret]),
    ...either(namespace, oauth2?.clientId),
    ...tlsReferences(namespace, tlsConfig),
    ...tlsReferences(namespace, oauth2?.tlsConfig),
  ];
}

function tlsReferences(namespace: string, tls: Tls | undefined): readonly Reference[] {
  return [
    ...either(namespace, tls?.ca),
    ...either(namespace, tls?.cert),
    ...secrets(namespace, [tls?.keySecret]),
  ];
}

/** References to keys of Secrets; selectors without a name are left out. */
export function secrets(
  namespace: string,
  selectors: readonly (KeySelector | undefined)[],
): readonly Reference[] {
  return selectors.flatMap((selector) =>
    selector === undefined || selector.name === ''
      ? []
      : [{ kind: 'Secret' as const, namespace, ...selector }],
  );
}

/** The reference to a key of a Secret or ConfigMap; empty if it names none. */
export function either(namespace: string, selector: SecretOrConfigMap | undefined): readonly Reference[] {
  if (selector?.secret !== undefined) return secrets(namespace, [selector.secret]);
  if (selector?.configMap === undefined) return [];
  return [{ kind: 'ConfigMap', namespace, ...selector.configMap }];
}

/** `tls_config` from the Monitor, else from its scrape class. */
export function tlsKeys(
  context: HttpContext,
  own: Tls | undefined,
  scrapeClass: ScrapeClass | undefined,
): Keys {
  const tls = mergeTls(own, scrapeClass?.tlsConfig);
  return { tls_config: tls && tlsOf(context, tls) };
}

function mergeTls(own: Tls | undefined, byClass: Tls | undefined): Tls | undefined {
  if (own === undefined || byClass === undefined) return own ?? byClass;
  return {
    ...own,
    caFile: own.ca === undefined ? own.caFile || byClass.caFile : own.caFile,
    certFile: own.cert === undefined ? own.certFile || byClass.certFile : own.certFile,
    keyFile: own.keySecret === undefined ? own.keyFile || byClass.keyFile : own.keyFile,
  };
}

function tlsOf(context: HttpContext, tls: Tls): Keys {
  const { namespace, settings, fileAt } = context;
  const file = (references: readonly Reference[], path: string, key: string) => {
    const [reference] = references;
    if (reference !== undefined) return fileOf(context, reference);
    return path === '' ? undefined : fileAt(path, `tlsConfig.${key}`);
  };
  return present({
    insecure_skip_verify: tls.insecureSkipVerify,
    ca_file: file(either(namespace, tls.ca), tls.caFile, 'caFile'),
    cert_file: file(either(namespace, tls.cert), tls.certFile, 'certFile'),
    key_file: file(secrets(namespace, [tls.keySecret]), tls.keyFile, 'keyFile'),
    server_name: tls.serverName || undefined,
    min_version: isSince(settings, '2.35.0') ? tls.minVersion : undefined,
    max_version: isSince(settings, '2.41.0') ? tls.maxVersion : undefined,
  });
}

/** `authorization` from the Monitor, else from its scrape class. */
export function authorizationKeys(
  context: HttpContext,
  own: Authorization | undefined,
  scrapeClass: ScrapeClass | undefined,
): Keys {
  const byClass = scrapeClass?.authorization;
  const merged = own ?? byClass;
  if (merged === undefined) return {};
  const { type, credentials = byClass?.credentials, credentialsFile } = merged;
  const path = credentialsFile || (credentials === undefined ? byClass?.credentialsFile : undefined);
  const [reference] = secrets(context.namespace, [credentials]);
  const file =
    reference === undefined
      ? path && context.fileAt(path, 'authorization.credentialsFile')
      : fileOf(context, reference);
  return {
    authorization: present({ type: type.trim() || 'Bearer', credentials_file: file || undefined }),
  };
}

/** `basic_auth`, `oauth2` and `bearer_token_file`. Throws `config` for an OAuth 2 client ID in a Secret. */
export function credentialKeys(context: HttpContext, http: Http, bearerTokenFile = ''): Keys {
  const { basicAuth, bearerTokenSecret, oauth2 } = http;
  const file = (selector: KeySelector | undefined) => {
    const [reference] = secrets(context.namespace, [selector]);
    return reference && fileOf(context, reference);
  };
  return {
    oauth2: oauth2 && oauth2Of(context, oauth2),
    bearer_token_file:
      file(bearerTokenSecret) ??
      (bearerTokenFile === '' ? undefined : context.fileAt(bearerTokenFile, 'bearerTokenFile')),
    basic_auth:
      basicAuth &&
      present({ username_file: file(basicAuth.username), password_file: file(basicAuth.password) }),
  };
}

function oauth2Of(context: HttpContext, oauth2: OAuth2): Keys {
  const [id] = either(context.namespace, oauth2.clientId);
  const [secret] = secrets(context.namespace, [oauth2.clientSecret]);
  if (id?.kind === 'Secret')
    throw new MusterError(
      'config',
      `oauth2.clientId is in Secret ${id.name}, and Prometheus reads client_id from no file: put it into a ConfigMap`,
    );
  return present({
    client_id: id && context.textAt(id),
    client_secret_file: secret && fileOf(context, secret),
    token_url: oauth2.tokenUrl,
    scopes: oauth2.scopes.length > 0 ? oauth2.scopes : undefined,
    endpoint_params: oauth2.endpointParams.size > 0 ? Object.fromEntries(oauth2.endpointParams) : undefined,
    ...proxyKeys(context, oauth2),
    tls_config: oauth2.tlsConfig && tlsOf(context, oauth2.tlsConfig),
  });
}

/** The keys of a proxy. Throws `config` for a secret that Prometheus reads from no file. */
export function proxyKeys({ settings }: Pick<HttpContext, 'settings'>, proxy: ProxyKeys): Keys {
  if (proxy.proxyConnectHeader.size > 0)
    throw new MusterError('config', 'proxyConnectHeader is a secret that Prometheus reads from no file');
  const url = proxy.proxyUrl;
  if (url !== undefined && (URL.parse(url)?.password ?? '') !== '')
    throw new MusterError('config', 'proxyUrl has a password in it, which is not printed');
  const isSinceNoProxy = isSince(settings, '2.43.0');
  return {
    proxy_url: url,
    no_proxy: isSinceNoProxy ? proxy.noProxy : undefined,
    proxy_from_environment: isSinceNoProxy ? proxy.proxyFromEnvironment : undefined,
  };
}

/** `follow_redirects` and `enable_http2`. */
export function protocolKeys({ settings }: Pick<HttpContext, 'settings'>, http: Http): Keys {
  return {
    follow_redirects: isSince(settings, '2.26.0') ? http.followRedirects : undefined,
    enable_http2: isSince(settings, '2.35.0') ? http.enableHttp2 : undefined,
  };
}

/** The keys that have a value. */
export function present(keys: Keys): Keys {
  return Object.fromEntries(Object.entries(keys).filter(([, value]) => value !== undefined));
}

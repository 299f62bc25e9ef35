import { dirname, resolve } from 'node:path';
import type { Cluster, User } from '@kubernetes/client-node/dist/config_types.js';
import { parseDocument } from 'yaml';
import * as z from 'zod';
import { MusterError } from '../../../base/errors.ts';
import { readText } from '../../../base/files.ts';
import type { HttpClientConfig } from '../../../config/http-client.ts';
import type { TlsConfig } from '../../../config/http-transport.ts';
import type { Credential } from '../../../config/secret.ts';
import { listField, structField, textField } from '../../../http/json.ts';
import { parseUrl } from '../../../http/url-text.ts';
import { authorizer } from './authorizer.ts';
import {
  type Authorized,
  type ConnectInput,
  type Connection,
  defaultHttp,
  inlineCredential,
  pemOf,
  serverUrl,
} from './connection.ts';

const maxBytes = 4 * 1024 * 1024;

/** A connection by a kubeconfig's context. */
export interface KubeconfigConnection extends Connection {
  /** Whether the context is the current one, which an SD config with the file uses. */
  readonly isCurrent: boolean;
}

/**
 * Connects by a context of a kubeconfig: the current one unless another is named. Certificates, tokens, token files,
 * passwords, impersonation, exec plugins, OIDC, `tls-server-name` and `proxy-url` work as in kubectl. Throws kind `config`
 * with the file and its fault, but never with its content.
 */
export async function openKubeconfig(
  file: string,
  input: ConnectInput,
  context?: string,
): Promise<KubeconfigConnection> {
  const path = resolve(input.directory ?? '', file);
  const text = await readText(path, { maxBytes, signal: input.signal });
  const { isCurrent, cluster, user, impersonation } = await loadContext(text, path, context);
  const authorize = await authorizer(cluster, user, path, input);
  const first = await authorize(input.signal);
  const tls = { ...tlsOf(cluster, dirname(path)), ...certificateOf(user, first, dirname(path)) };
  return {
    isCurrent,
    server: serverUrl(cluster.server, `${path}: cluster ${JSON.stringify(cluster.name)}`),
    http: await input.openHttp({
      ...defaultHttp(),
      ...proxyOf(cluster, path),
      ...(user?.username && {
        basic_auth: {
          username: inlineCredential(user.username),
          password: inlineCredential(user.password ?? ''),
        },
      }),
      tls_config: tls,
      http_headers: impersonation,
    }),
    headers: async (signal) => (await authorize(signal)).headers,
    whenUnknown:
      user === undefined
        ? `${path}: the context has no user`
        : `check the user ${JSON.stringify(user.name)} of ${path}`,
  };
}

function tlsOf(cluster: Cluster, folder: string): TlsConfig {
  const { caData, caFile, skipTLSVerify, tlsServerName } = cluster;
  const ca = pemOf(caData, caFile, folder);
  return {
    insecure_skip_verify: skipTLSVerify,
    ...(ca && !skipTLSVerify && { ca }),
    ...(tlsServerName && { server_name: tlsServerName }),
  };
}

/** A plugin's certificate overrides that of the file. */
function certificateOf(
  user: User | undefined,
  { certificate }: Authorized,
  folder: string,
): Pick<TlsConfig, 'cert' | 'key'> {
  if (certificate !== undefined)
    return { cert: inlineCredential(certificate.cert), key: inlineCredential(certificate.key) };
  const cert = pemOf(user?.certData, user?.certFile, folder);
  const key = pemOf(user?.keyData, user?.keyFile, folder);
  return { ...(cert && { cert }), ...(key && { key }) };
}

function proxyOf(
  { name, proxyUrl }: Cluster,
  path: string,
): Pick<HttpClientConfig, 'proxy_url' | 'proxy_from_environment'> {
  if (!proxyUrl) return { proxy_from_environment: true };
  const url = parseUrl(proxyUrl);
  if (url === undefined)
    throw new MusterError(
      'config',
      `${path}: cluster ${JSON.stringify(name)}: its proxy-url is not the URL of a proxy`,
    );
  return { proxy_url: url, proxy_from_environment: false };
}

/** A context of a kubeconfig. */
interface KubeconfigContext {
  /** Whether it is the current context. */
  readonly isCurrent: boolean;
  readonly cluster: Cluster;
  /** Undefined if the context names no user. */
  readonly user: User | undefined;
  /** Headers for requests on behalf of another user. */
  readonly impersonation: Readonly<Record<string, readonly Credential[]>>;
}

/**
 * Reads a context of a kubeconfig: the current one unless another is named. Throws kind `config` with the file and the path
 * of the bad key, never with content.
 */
export async function loadContext(text: string, path: string, named?: string): Promise<KubeconfigContext> {
  const own = ownKeys(text, path);
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  const kubeconfig = new KubeConfig();
  try {
    kubeconfig.loadFromString(text);
  } catch (error) {
    // Other errors of the library may quote the file.
    const missing = error instanceof Error && /^\w+\[\d+\][\w.]* is missing$/.test(error.message);
    throw new MusterError('config', `${path}: ${missing ? error.message : 'is not a kubeconfig'}`);
  }
  const current = kubeconfig.getCurrentContext();
  const context = kubeconfig.getContextObject(named ?? current);
  if (context === null)
    throw new MusterError(
      'config',
      named === undefined
        ? `${path}: its current-context does not exist`
        : `${path}: it has no context ${JSON.stringify(named)}`,
    );
  const isCurrent = context.name === current;
  const cluster = kubeconfig.getCluster(context.cluster);
  if (cluster === null)
    throw new MusterError(
      'config',
      `${path}: context ${JSON.stringify(context.name)} names an unknown cluster`,
    );
  const user = context.user === undefined ? null : kubeconfig.getUser(context.user);
  if (user === null && context.user !== undefined)
    throw new MusterError('config', `${path}: context ${JSON.stringify(context.name)} names an unknown user`);
  if (user === null) return { isCurrent, cluster, user: undefined, impersonation: {} };
  const more = own.users.find(({ name }) => name === user.name)?.user ?? userKeys.parse({});
  return {
    isCurrent,
    cluster,
    user: withTokenFile(user, more.tokenFile, dirname(path)),
    impersonation: impersonation(user, more),
  };
}

/** Keys that the client library ignores. Source: k8s.io/client-go, clientcmd api.AuthInfo. */
const userKeys = structField({
  tokenFile: textField,
  'as-uid': textField,
  'as-groups': listField(textField),
});

const kubeconfigKeys = z.object({
  users: listField(z.object({ name: z.string(), user: userKeys })),
});

function ownKeys(text: string, path: string): z.output<typeof kubeconfigKeys> {
  const document = parseDocument(text, { logLevel: 'silent' });
  const [error] = document.errors;
  if (error !== undefined)
    throw new MusterError('config', `${path}:${error.linePos?.[0].line ?? 1}: is not YAML`);
  const result = kubeconfigKeys.safeParse(toPlain(() => document.toJS()));
  if (result.success) return result.data;
  const key = result.error.issues[0]?.path.join('.') ?? '';
  throw new MusterError('config', `${path}: is not a kubeconfig${key === '' ? '' : ` (at ${key})`}`);
}

/** Converts the document; undefined if it has too many aliases. */
function toPlain(convert: () => unknown): unknown {
  try {
    return convert();
  } catch {
    return undefined;
  }
}

/** A token file, which is read again from time to time, overrides a token in the kubeconfig. */
function withTokenFile(user: User, file: string | undefined, folder: string): User {
  if (!file) return user;
  const { token: _fromKubeconfig, ...others } = user;
  return {
    ...others,
    authProvider: { name: 'tokenFile', config: { tokenFile: resolve(folder, file) } },
  };
}

function impersonation(
  { impersonateUser }: User,
  { 'as-uid': uid, 'as-groups': groups }: z.output<typeof userKeys>,
): KubeconfigContext['impersonation'] {
  if (!impersonateUser) return {};
  return {
    'Impersonate-User': [inlineCredential(impersonateUser)],
    ...(uid && { 'Impersonate-Uid': [inlineCredential(uid)] }),
    ...(groups.length > 0 && { 'Impersonate-Group': groups.map(inlineCredential) }),
  };
}

import { dirname, resolve } from 'node:path';
import type { Cluster, User } from '@kubernetes/client-node/dist/config_types.js';
import type { HttpClientConfig, TlsConfig } from '../../../config/http-client.ts';
import { readText } from '../../../config/read-text.ts';
import { MusterError } from '../../../errors.ts';
import { parseUrl } from '../../../http/place.ts';
import { type Authorized, authorizer } from './authorizer.ts';
import { type ConnectInput, type Connection, serverUrl } from './connection.ts';
import { defaultHttp, inlineCredential, pemOf } from './default-http.ts';
import { loadContext } from './kubeconfig-context.ts';

const maxBytes = 4 * 1024 * 1024;

/** A connection, and whether an SD config with the same file gets the same one. */
export interface KubeconfigConnection extends Connection {
  readonly isCurrent: boolean;
}

/**
 * Connects as a kubeconfig's context says: the current one unless another is named. Certificates, tokens, token files, passwords, impersonation, exec
 * plugins, OIDC, `tls-server-name` and `proxy-url` count as they do for kubectl. Throws `config` with the file and what
 * is wrong with it, but never its content.
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

/** A plugin's certificate comes before the file's. */
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

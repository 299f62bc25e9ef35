import type { RequestOptions } from 'node:https';
import { dirname, resolve } from 'node:path';
import type { Cluster, User } from '@kubernetes/client-node/dist/config_types.js';
import { MusterError, oneLine } from '../../../errors.ts';
import { heedSignals } from '../../../http/signals.ts';
import type { RequestHeaders } from './connection.ts';

/** What a user brings to a request. */
export interface Authorized {
  readonly headers: RequestHeaders;
  /** A client certificate and its key in PEM, from an exec plugin. */
  readonly certificate?: { readonly cert: string; readonly key: string };
}

/**
 * Asks the user for credentials each time: a token, a token from a file, an exec plugin, an OIDC provider. They are kept
 * as long as they are good. Throws `config` with the place and with what the plugin said, but no secret.
 *
 * @param place file that describes the user; a plugin's relative path starts from its folder
 */
export async function authorizer(
  cluster: Cluster,
  user: User | undefined,
  place: string,
): Promise<(signal: AbortSignal) => Promise<Authorized>> {
  if (user === undefined) return async () => ({ headers: {} });
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  const kubeconfig = new KubeConfig();
  // Of the cluster nothing else matters here: connections are our own.
  kubeconfig.loadFromClusterAndUser(
    { name: cluster.name, server: cluster.server, skipTLSVerify: true },
    { name: user.name, ...credentialsOf(user, cluster, place) },
  );
  return async (signal) => {
    const options: RequestOptions = {};
    try {
      const applied = kubeconfig.applyToHTTPSOptions(options);
      await heedSignals(applied, [signal], `while the user's credentials of ${place} were asked for`);
    } catch (error) {
      throw error instanceof MusterError ? error : new MusterError('config', `${place}: ${reasonOf(error)}`);
    }
    const { cert, key, headers } = options;
    return {
      headers: authorizationOf(headers),
      ...(isText(cert) && isText(key) && { certificate: { cert, key } }),
    };
  };
}

type Credentials = Pick<User, 'token' | 'authProvider' | 'exec'>;

function credentialsOf(user: User, { server }: Cluster, place: string): Credentials {
  const { token, authProvider, exec } = user;
  return {
    ...(token && { token }),
    ...(authProvider && { authProvider }),
    ...(exec && { exec: { ...exec, ...plugin(exec, server, place) } }),
  };
}

/** What client-go tells a plugin beside its own environment, and where it looks for it. */
function plugin(
  exec: { readonly command?: unknown; readonly env?: unknown; readonly apiVersion?: unknown },
  server: string,
  place: string,
) {
  const { command, env, apiVersion } = exec;
  const info = {
    kind: 'ExecCredential',
    apiVersion: apiVersion ?? 'client.authentication.k8s.io/v1',
    spec: { cluster: { server }, interactive: false },
  };
  const isRelative = typeof command === 'string' && command.includes('/');
  return {
    command: isRelative ? resolve(dirname(place), command) : command,
    env: [{ name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) }, ...(Array.isArray(env) ? env : [])],
  };
}

function authorizationOf(headers: RequestOptions['headers']): RequestHeaders {
  const value = new Map<string, unknown>(Object.entries(headers ?? {})).get('Authorization');
  // A token from a file ends with a line break more often than not.
  return typeof value === 'string' ? { authorization: value.trim() } : {};
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** What went wrong. What a plugin printed as its answer may hold the token, so a parser's error is not shown. */
function reasonOf(error: unknown): string {
  if (error instanceof SyntaxError) return 'the exec plugin did not print an ExecCredential';
  if (error instanceof TypeError) return "the user's credentials are not of the expected form";
  const said = oneLine(messageOf(error)).slice(0, 300);
  return `the user's credentials can not be had: ${said === '' ? 'the exec plugin failed' : said}`;
}

function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : '';
}

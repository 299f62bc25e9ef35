import type { RequestOptions } from 'node:https';
import type { Cluster, User } from '@kubernetes/client-node/dist/config_types.js';
import { heedSignals } from '../../../base/deadlines.ts';
import { MusterError, oneLine } from '../../../base/errors.ts';
import type { Authorize, ConnectInput, RequestHeaders } from './connection.ts';
import { execPlugin } from './exec-plugin.ts';
import { oidcTokens } from './oidc.ts';

/**
 * Returns the credentials of a kubeconfig's user: a token, a token file, an exec plugin, or an OIDC provider. `file` names
 * the kubeconfig in messages. Throws kind `config` without any secret.
 */
export async function authorizer(
  cluster: Cluster,
  user: User | undefined,
  file: string,
  { openHttp }: Pick<ConnectInput, 'openHttp'>,
): Promise<Authorize> {
  if (user === undefined) return async () => ({ headers: {} });
  const { name, token, authProvider, exec } = user;
  if (exec && !token) return execPlugin(exec, cluster, file);
  if (authProvider?.name === 'oidc' && !token) return oidcTokens(authProvider.config, file, openHttp);
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  const kubeconfig = new KubeConfig();
  // Only the user matters here: the connection is opened elsewhere.
  kubeconfig.loadFromClusterAndUser(
    { name: cluster.name, server: cluster.server, skipTLSVerify: true },
    { name, ...(token && { token }), authProvider },
  );
  return async (signal) => {
    const options: RequestOptions = {};
    try {
      const applied = kubeconfig.applyToHTTPSOptions(options);
      await heedSignals(applied, [signal], `while the user's credentials of ${file} were requested`);
    } catch (error) {
      throw error instanceof MusterError ? error : new MusterError('config', `${file}: ${reasonOf(error)}`);
    }
    return { headers: authorizationOf(options.headers) };
  };
}

function authorizationOf(headers: RequestOptions['headers']): RequestHeaders {
  const value = new Map<string, unknown>(Object.entries(headers ?? {})).get('Authorization');
  // A token file usually ends with a line break.
  return typeof value === 'string' ? { authorization: value.trim() } : {};
}

function reasonOf(error: unknown): string {
  const hasMessage = typeof error === 'object' && error !== null && 'message' in error;
  // A parser's or the runtime's own error may quote the token.
  if (!hasMessage || error instanceof SyntaxError || error instanceof TypeError)
    return "the user's credentials are not of the expected form";
  return `the user's credentials are not available: ${oneLine(String(error.message)).slice(0, 300)}`;
}

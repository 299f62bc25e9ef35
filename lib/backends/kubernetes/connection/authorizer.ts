import type { RequestOptions } from 'node:https';
import type { Cluster, User } from '@kubernetes/client-node/dist/config_types.js';
import { heedSignals } from '../../../base/deadlines.ts';
import { MusterError, oneLine } from '../../../base/errors.ts';
import type { Authorize, ConnectInput, RequestHeaders } from './connection.ts';
import { execPlugin } from './exec-plugin.ts';
import { oidcTokens } from './oidc.ts';

/**
 * The credentials of a user: a token, a token from a file, an exec plugin, an OIDC provider. Throws `config` with the
 * place, but no secret.
 *
 * @param place file that describes the user
 */
export async function authorizer(
  cluster: Cluster,
  user: User | undefined,
  place: string,
  { openHttp }: Pick<ConnectInput, 'openHttp'>,
): Promise<Authorize> {
  if (user === undefined) return async () => ({ headers: {} });
  const { name, token, authProvider, exec } = user;
  if (exec && !token) return execPlugin(exec, cluster, place);
  if (authProvider?.name === 'oidc' && !token) return oidcTokens(authProvider.config, place, openHttp);
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  const kubeconfig = new KubeConfig();
  // Of the cluster nothing else matters here: connections are our own.
  kubeconfig.loadFromClusterAndUser(
    { name: cluster.name, server: cluster.server, skipTLSVerify: true },
    { name, ...(token && { token }), authProvider },
  );
  return async (signal) => {
    const options: RequestOptions = {};
    try {
      const applied = kubeconfig.applyToHTTPSOptions(options);
      await heedSignals(applied, [signal], `while the user's credentials of ${place} were asked for`);
    } catch (error) {
      throw error instanceof MusterError ? error : new MusterError('config', `${place}: ${reasonOf(error)}`);
    }
    return { headers: authorizationOf(options.headers) };
  };
}

function authorizationOf(headers: RequestOptions['headers']): RequestHeaders {
  const value = new Map<string, unknown>(Object.entries(headers ?? {})).get('Authorization');
  // A token from a file ends with a line break more often than not.
  return typeof value === 'string' ? { authorization: value.trim() } : {};
}

function reasonOf(error: unknown): string {
  const hasMessage = typeof error === 'object' && error !== null && 'message' in error;
  // A parser's or the runtime's own error may quote the token.
  if (!hasMessage || error instanceof SyntaxError || error instanceof TypeError)
    return "the user's credentials are not of the expected form";
  return `the user's credentials can not be had: ${oneLine(String(error.message)).slice(0, 300)}`;
}

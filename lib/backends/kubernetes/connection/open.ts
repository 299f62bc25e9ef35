import * as z from 'zod';
import type { ConnectionConfig } from '../schema.ts';
import type { ConnectInput, Connection } from './connection.ts';
import { openEks } from './eks.ts';
import { openInCluster } from './in-cluster.ts';
import { openKubeconfig } from './kubeconfig.ts';

/**
 * Connects as configured: to `api_server`, by `kubeconfig_file`, to an EKS cluster, or else to the cluster in which this
 * process runs. Throws kind `config` for missing or bad credentials, and what `openEks` throws.
 */
export async function openConnection(config: ConnectionConfig, input: ConnectInput): Promise<Connection> {
  const { api_server: server, kubeconfig_file: file, muster } = config;
  if (server !== undefined) {
    return {
      server,
      http: await input.openHttp(config.http),
      headers: async () => ({}),
      whenUnknown: 'check the credentials of this SD config',
    };
  }
  if (file !== undefined) return await openKubeconfig(file, input);
  if (muster.eks !== undefined) return await openEks(muster.eks, input);
  return await openInCluster(input);
}

/**
 * Returns the UID of the namespace kube-system, which every cluster has for all of its life. Throws what the HTTP client
 * throws: `denied` without the permission to get that namespace.
 */
export async function uidOfCluster(
  { server, http, headers }: Connection,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const url = new URL(server);
  url.pathname = `${server.pathname.replace(/\/+$/, '')}/api/v1/namespaces/kube-system`;
  const { metadata } = await http.getJson(
    { url, headers: { ...(await headers(signal)), accept: 'application/json' }, signal, retry: false },
    namespace,
  );
  return [metadata.uid];
}

/** The part of `GET /api/v1/namespaces/<name>` that is read. */
const namespace = z.object({ metadata: z.object({ uid: z.string().min(1) }) });

import * as z from 'zod';
import type { ConnectionConfig } from '../schema.ts';
import type { ConnectInput, Connection } from './connection.ts';
import { openEks } from './eks.ts';
import { openInCluster } from './in-cluster.ts';
import { openKubeconfig } from './kubeconfig.ts';

/**
 * Connects as configured: to `api_server`, by `kubeconfig_file`, to an EKS cluster, or else to the cluster in which
 * this process runs. Throws `config` for credentials that cannot be had or read, and what asking EKS throws.
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
 * The uid of the namespace kube-system, which every cluster has, and which lives as long as the cluster. Throws the
 * client's errors; `denied` where the right to get that namespace is missing.
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

/** `GET /api/v1/namespaces/<name>` in JSON, as far as it is read. */
const namespace = z.object({ metadata: z.object({ uid: z.string().min(1) }) });

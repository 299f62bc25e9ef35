import { isIPv6 } from 'node:net';
import * as z from 'zod';
import { MusterError } from '../../../base/errors.ts';
import { readText } from '../../../base/files.ts';
import type { ConnectionConfig } from '../schema.ts';
import { type ConnectInput, type Connection, defaultHttp, serverUrl } from './connection.ts';

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
  if (file !== undefined) return await (await import('./kubeconfig.ts')).openKubeconfig(file, input);
  if (muster.eks !== undefined) return await (await import('./eks.ts')).openEks(muster.eks, input);
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

/** The folder of a pod's service account. Source: Kubernetes documentation, "Accessing the Kubernetes API from a Pod". */
const accountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * Connects to the cluster in which this process runs as a pod, with the pod's service account. The token file is read again
 * from time to time. Throws kind `config` outside of a cluster.
 */
export async function openInCluster(input: ConnectInput, folder = accountFolder): Promise<Connection> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
  if (!host || !port)
    throw new MusterError(
      'config',
      'this process does not run in a Kubernetes cluster (KUBERNETES_SERVICE_HOST and _PORT are not set): ' +
        'configure api_server, kubeconfig_file or muster.eks',
    );
  const server = `https://${isIPv6(host) ? `[${host}]` : host}:${port}`;
  const tokenFile = `${folder}/token`;
  await readAccountFile(tokenFile, input.signal);
  const { authorizer } = await import('./authorizer.ts');
  const authorize = await authorizer(
    { name: 'in-cluster', server, skipTLSVerify: false },
    { name: 'service account', authProvider: { name: 'tokenFile', config: { tokenFile } } },
    tokenFile,
    input,
  );
  return {
    server: serverUrl(server, 'KUBERNETES_SERVICE_HOST'),
    http: await input.openHttp({
      ...defaultHttp(),
      tls_config: { ca: { from: 'file', path: `${folder}/ca.crt` }, insecure_skip_verify: false },
    }),
    headers: async (signal) => (await authorize(signal)).headers,
    whenUnknown: "check the pod's service account and its token",
  };
}

/** Returns the namespace in which this process runs. Throws kind `config` outside of a cluster. */
export async function ownNamespace(signal: AbortSignal, folder = accountFolder): Promise<string> {
  return await readAccountFile(`${folder}/namespace`, signal);
}

async function readAccountFile(path: string, signal: AbortSignal): Promise<string> {
  const text = (await readText(path, { maxBytes: 64 * 1024, signal })).trim();
  if (text === '') throw new MusterError('config', `${path} is empty`);
  return text;
}

/** Returns the namespaces to list, each once; the empty name means all. Throws kind `config` when the own one is unknown. */
export async function namespacesOf(
  { namespaces: { names, own_namespace } }: Pick<ConnectionConfig, 'namespaces'>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const all = own_namespace ? [...names, await ownNamespace(signal)] : names;
  if (all.length === 0 || all.includes('')) return [''];
  return [...new Set(all)];
}

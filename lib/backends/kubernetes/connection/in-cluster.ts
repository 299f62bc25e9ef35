import { isIPv6 } from 'node:net';
import { MusterError } from '../../../base/errors.ts';
import { readText } from '../../../base/files.ts';
import type { ConnectionConfig } from '../schema.ts';
import { authorizer } from './authorizer.ts';
import { type ConnectInput, type Connection, defaultHttp, serverUrl } from './connection.ts';

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

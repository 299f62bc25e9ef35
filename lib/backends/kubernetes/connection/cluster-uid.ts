import * as z from 'zod';
import type { Connection } from './connection.ts';

/** `GET /api/v1/namespaces/<name>` in JSON, as far as it is read. */
const namespace = z.object({ metadata: z.object({ uid: z.string().min(1) }) });

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

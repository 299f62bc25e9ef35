import { ownNamespace } from '../connection/in-cluster.ts';
import type { ConnectionConfig } from '../schema.ts';

/** The namespaces to list, each once; the empty one stands for all of them. */
export async function namespacesOf(
  { namespaces: { names, own_namespace } }: Pick<ConnectionConfig, 'namespaces'>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const all = own_namespace ? [...names, await ownNamespace(signal)] : names;
  if (all.length === 0 || all.includes('')) return [''];
  return [...new Set(all)];
}

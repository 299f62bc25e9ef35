import type { Kind } from '../backends/kubernetes/kinds/kind.ts';
import type { Lister } from '../backends/kubernetes/listing/lister.ts';
import type { ObjectMeta } from '../backends/kubernetes/objects.ts';
import { isMusterError } from '../errors.ts';
import type { Keep } from './sharding.ts';

/** Takes objects in, and forgets what came since a mark. */
export interface Sheet<T, Mark> {
  readonly write: (object: T) => void;
  readonly mark: () => Mark;
  readonly backTo: (mark: Mark) => void;
}

/** Which objects of a kind are listed. */
export interface ListInput {
  readonly lister: Lister;
  /** Namespaces to list; the empty one stands for all. */
  readonly namespaces: readonly string[];
  /** Namespaces whose objects are left out. */
  readonly deniedNamespaces: readonly string[];
  /** Which objects belong to the shard; absent, all do. */
  readonly keep?: Keep;
  /** A server that does not know the kind has none of its objects. */
  readonly mayBeMissing: boolean;
  readonly signal: AbortSignal;
}

/** Lists the objects of a kind, and writes those that are wanted. Throws what listing throws. */
export async function listOnto<T extends ObjectMeta & { readonly uid: string }, Mark>(
  sheet: Sheet<T, Mark>,
  kind: Kind<T>,
  { lister, namespaces, deniedNamespaces, keep, mayBeMissing, signal }: ListInput,
): Promise<void> {
  const denied = new Set(deniedNamespaces);
  const selector = { label: '', field: kind.namespaced ? without(deniedNamespaces) : '' };
  try {
    for (const namespace of kind.namespaced ? namespaces : ['']) {
      const mark = sheet.mark();
      for await (const { items, first } of lister.parts({ kind, namespace, selector }, signal)) {
        // The list began anew: what was written of it so far shows a state that the server has lost.
        if (first) sheet.backTo(mark);
        for (const item of items) {
          if (denied.has(item.namespace) || (keep !== undefined && !keep(item.uid))) continue;
          sheet.write(item);
        }
      }
    }
  } catch (error) {
    if (!mayBeMissing || !isMusterError(error, 'not-found')) throw error;
  }
}

/** The field selector that leaves the namespaces out. */
function without(namespaces: readonly string[]): string {
  return namespaces.map((namespace) => `metadata.namespace!=${namespace}`).join();
}

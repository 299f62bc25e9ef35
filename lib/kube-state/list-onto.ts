import type { Kind, KindNames } from '../backends/kubernetes/kinds/kind.ts';
import type { Lister } from '../backends/kubernetes/listing/lister.ts';
import type { ObjectMeta } from '../backends/kubernetes/objects.ts';
import { isMusterError } from '../base/errors.ts';
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
  /** Field selector for pods, beside namespaces. */
  readonly podField?: string;
  /** Objects of a list that are looked at; 0 stands for all. */
  readonly objectLimit?: number;
  /** Takes what a person should know of. */
  readonly warn?: ((message: string) => void) | undefined;
  /** Which objects belong to the shard; absent, all do. */
  readonly keep?: Keep | undefined;
  /** A server that does not know the kind has none of its objects. */
  readonly mayBeMissing: boolean;
  readonly signal: AbortSignal;
}

/** Lists the objects of a kind, and writes those that are wanted. Throws what listing throws. */
export async function listOnto<T extends ObjectMeta & { readonly uid: string }, Mark>(
  sheet: Sheet<T, Mark>,
  kind: Kind<T>,
  { lister, namespaces, mayBeMissing, signal, ...input }: ListInput,
): Promise<void> {
  const { objectLimit = 0 } = input;
  const limit = objectLimit > 0 ? { limit: objectLimit } : {};
  const selector = { label: '', field: fieldFor(kind, input) };
  const isKept = keeps(input);
  try {
    for (const namespace of kind.namespaced ? namespaces : ['']) {
      const mark = sheet.mark();
      let left = objectLimit > 0 ? objectLimit : Infinity;
      for await (const { items, first } of lister.parts({ kind, namespace, selector, ...limit }, signal)) {
        // The list began anew: what was written of it so far shows a state that the server has lost.
        if (first) {
          sheet.backTo(mark);
          left = objectLimit > 0 ? objectLimit : Infinity;
        }
        for (const item of items.slice(0, left)) if (isKept(item)) sheet.write(item);
        const isCut = items.length > left;
        left = Math.max(0, left - items.length);
        if (!isCut) continue;
        input.warn?.(`the list of ${kind.resource} is cut at object_limit: ${objectLimit}`);
        break;
      }
    }
  } catch (error) {
    if (!mayBeMissing || !isMusterError(error, 'not-found')) throw error;
  }
}

function keeps({ deniedNamespaces, keep }: Pick<ListInput, 'deniedNamespaces' | 'keep'>) {
  const denied = new Set(deniedNamespaces);
  return ({ namespace, uid }: { readonly namespace: string; readonly uid: string }): boolean =>
    !denied.has(namespace) && (keep === undefined || keep(uid));
}

/** The field selector that leaves namespaces out, and for pods the one of their node. */
function fieldFor(
  { namespaced, resource, apiVersion }: KindNames,
  { deniedNamespaces, podField = '' }: Pick<ListInput, 'deniedNamespaces' | 'podField'>,
): string {
  if (!namespaced) return '';
  const without = deniedNamespaces.map((namespace) => `metadata.namespace!=${namespace}`);
  const isPods = resource === 'pods' && apiVersion === 'v1';
  return (isPods && podField !== '' ? [...without, podField] : without).join();
}

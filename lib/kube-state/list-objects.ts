import type { Kind, KindNames, ObjectMeta } from '../backends/kubernetes/kinds/kind.ts';
import type { Lister } from '../backends/kubernetes/listing/lister.ts';
import { isMusterError } from '../base/errors.ts';

/** Receives objects, and forgets those that it received after a mark. */
export interface Sheet<T, Mark> {
  readonly write: (object: T) => void;
  /** To be awaited before the next object, if it is a promise. Throws kind `storage`. */
  readonly pause: () => Promise<void> | undefined;
  readonly mark: () => Mark;
  readonly backTo: (mark: Mark) => void;
}

/** Whether the object with the UID belongs to the shard. */
export type Keep = (uid: string) => boolean;

/** Which objects are listed, of any kind. */
export interface ListScope {
  /** Namespaces to list; the empty name means all. */
  readonly namespaces: readonly string[];
  /** Namespaces whose objects are left out. */
  readonly deniedNamespaces: readonly string[];
  /** Field selector for pods; absent or empty means all pods. */
  readonly podField?: string | undefined;
  /** Number of objects that are read from a list; absent or 0 means all. */
  readonly objectLimit?: number | undefined;
  /** Absent: all objects belong to the shard. */
  readonly keep?: Keep | undefined;
  /** Reports a problem that does not fail the listing, in one line. */
  readonly warn?: ((message: string) => void) | undefined;
}

/** How the objects of a kind are listed. */
export interface ListInput extends ListScope {
  readonly lister: Lister;
  /** A server without the kind counts as a server without objects of the kind. */
  readonly mayBeMissing: boolean;
  readonly signal: AbortSignal;
}

/** Lists the objects of a kind, and writes the wanted ones to the sheet. Throws what both throw. */
export async function listObjects<T extends ObjectMeta & { readonly uid: string }, Mark>(
  sheet: Sheet<T, Mark>,
  kind: Kind<T>,
  { lister, namespaces, mayBeMissing, signal, ...input }: ListInput,
): Promise<void> {
  const { objectLimit = 0 } = input;
  const limit = objectLimit > 0 ? objectLimit : undefined;
  const selector = { label: '', field: fieldFor(kind, input) };
  const isKept = keeps(input);
  const query = (namespace: string) => ({ kind, namespace, selector, limit });
  try {
    for (const namespace of kind.namespaced ? namespaces : ['']) {
      const mark = sheet.mark();
      let left = limit ?? Number.POSITIVE_INFINITY;
      for await (const { items, first } of lister.parts(query(namespace), signal)) {
        if (first) {
          // When a list starts again, what was written so far shows a state that the server has lost.
          sheet.backTo(mark);
          left = limit ?? Number.POSITIVE_INFINITY;
        }
        for (const item of items) {
          if (left > 0 && isKept(item)) sheet.write(item);
          left--;
          const pause = sheet.pause();
          if (pause !== undefined) await pause;
        }
        if (left >= 0) continue;
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

/** The field selector: it leaves namespaces out, and for pods it adds `podField`. */
function fieldFor(
  { namespaced, resource, apiVersion }: KindNames,
  { deniedNamespaces, podField = '' }: Pick<ListInput, 'deniedNamespaces' | 'podField'>,
): string {
  if (!namespaced) return '';
  const without = deniedNamespaces.map((namespace) => `metadata.namespace!=${namespace}`);
  const isPods = resource === 'pods' && apiVersion === 'v1';
  return (isPods && podField !== '' ? [...without, podField] : without).join();
}

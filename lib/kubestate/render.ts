import type { Lister } from '../backends/kubernetes/listing/lister.ts';
import type { Described } from './family.ts';
import type { Collected, KubeStateResource } from './resource.ts';
import type { Keep } from './sharding.ts';
import type { Allow } from './text/allow-list.ts';

/** What is written: the options of one output, ready to be applied. */
export interface Selection {
  readonly resources: readonly KubeStateResource[];
  /** Namespaces to list; the empty one stands for all. */
  readonly namespaces: readonly string[];
  readonly deniedNamespaces: readonly string[];
  readonly wants: (family: Described) => boolean;
  /** Which labels and annotations of a resource become labels. */
  readonly allowedLabels: ReadonlyMap<string, Allow>;
  readonly allowedAnnotations: ReadonlyMap<string, Allow>;
  readonly keep?: Keep;
}

/** An output: its text as gzip members, which one after another are a gzip. */
export interface Rendered extends Collected {
  readonly members: readonly Uint8Array[];
}

/**
 * Lists the resources one after another and writes their families. In memory is the compressed text and the page that
 * is read, whatever the size of the cluster. Throws what listing throws: an incomplete output is none.
 */
export async function render(lister: Lister, selection: Selection, signal: AbortSignal): Promise<Rendered> {
  const members: Uint8Array[] = [];
  let objects = 0;
  let samples = 0;
  for (const resource of selection.resources) {
    const { namespaces, deniedNamespaces, wants, keep } = selection;
    const labels = selection.allowedLabels.get(resource.resource);
    const annotations = selection.allowedAnnotations.get(resource.resource);
    const allowed = { ...(labels && { labels }), ...(annotations && { annotations }) };
    const collected = await resource.collect({
      lister,
      namespaces,
      deniedNamespaces,
      wants,
      allowed,
      signal,
      ...(keep && { keep }),
    });
    members.push(...collected.members);
    objects += collected.objects;
    samples += collected.samples;
  }
  return { members, objects, samples };
}

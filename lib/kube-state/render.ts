import type { Lister } from '../backends/kubernetes/listing/lister.ts';
import { collectCustom } from './custom/collect.ts';
import type { CustomResource } from './custom/config.ts';
import type { Described } from './family.ts';
import type { FamilyCount } from './gate.ts';
import type { Collected, KubeStateResource } from './resource.ts';
import type { Keep } from './sharding.ts';
import { type Member, openSpill, type Spill } from './text/blocks.ts';
import type { Allow } from './text/label-names.ts';
import type { AllowedMaps } from './text/write-family.ts';

/** What is written: the options of one output, ready to be applied. */
export interface Selection {
  readonly resources: readonly KubeStateResource[];
  /** Custom resources, as configured. */
  readonly custom?: readonly CustomResource[] | undefined;
  /** Namespaces to list; the empty one stands for all. */
  readonly namespaces: readonly string[];
  readonly deniedNamespaces: readonly string[];
  /** Field selector for pods, beside namespaces; default: none. */
  readonly podField?: string;
  /** Objects of a list that are looked at; 0, the default, stands for all. */
  readonly objectLimit?: number;
  readonly wants: (family: Described) => boolean;
  /** Which labels and annotations of a resource become labels. */
  readonly allowedLabels: ReadonlyMap<string, Allow>;
  readonly allowedAnnotations: ReadonlyMap<string, Allow>;
  readonly keep?: Keep | undefined;
  /** Takes what a person should know of, a line at a time. */
  readonly warn?: ((message: string) => void) | undefined;
}

/** An output. Its text lies compressed in a file of its own until it is closed. */
export interface Rendered {
  readonly objects: number;
  readonly samples: number;
  /** By name. */
  readonly families: ReadonlyMap<string, FamilyCount>;
  /** Bytes of the gzip. */
  readonly size: number;
  /** Its members, each a gzip by itself. */
  readonly members: () => Iterable<Uint8Array>;
  readonly close: () => void;
}

/**
 * Lists the resources one after another and writes their families. In memory is the page that is read and a block of
 * text for each family, whatever the size of the cluster. Throws what listing throws: an incomplete output is none.
 */
export async function render(lister: Lister, selection: Selection, signal: AbortSignal): Promise<Rendered> {
  const spill = openSpill();
  try {
    const members: Member[] = [];
    let objects = 0;
    const families = new Map<string, FamilyCount>();
    const add = (collected: Collected): void => {
      members.push(...collected.members);
      objects += collected.objects;
      // A custom resource may have a family of a name that is taken.
      for (const [name, { samples, objects }] of collected.families) {
        const before = families.get(name) ?? { samples: 0, objects: 0 };
        families.set(name, { samples: before.samples + samples, objects: before.objects + objects });
      }
    };
    const input = { lister, ...selection, spill, signal };
    for (const resource of selection.resources)
      add(await resource.collect({ ...input, allowed: allowedOf(selection, resource.resource) }));
    if (selection.custom !== undefined) add(await collectCustom(selection.custom, { ...input, allowed: {} }));
    return {
      objects,
      samples: [...families.values()].reduce((sum, { samples }) => sum + samples, 0),
      families,
      size: members.reduce((sum, { length }) => sum + length, 0),
      members: () => readMembers(spill, members),
      close: spill.close,
    };
  } catch (error) {
    spill.close();
    throw error;
  }
}

function allowedOf({ allowedLabels, allowedAnnotations }: Selection, resource: string): AllowedMaps {
  const labels = allowedLabels.get(resource);
  const annotations = allowedAnnotations.get(resource);
  return { labels, annotations };
}

function* readMembers(spill: Spill, members: readonly Member[]): Generator<Uint8Array, undefined> {
  for (const member of members) {
    const memory = Buffer.allocUnsafe(member.length);
    spill.read(member, memory);
    yield memory;
  }
  return undefined;
}

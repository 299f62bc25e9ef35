import type { Lister } from '../backends/kubernetes/listing/lister.ts';
import { collectCustom } from './custom/collect.ts';
import type { FamilyCount } from './gate.ts';
import type { Collected } from './resource.ts';
import type { Selection } from './selection.ts';
import { type Member, openSpill, type Spill } from './text/blocks.ts';
import type { AllowedMaps } from './text/family.ts';

/** The text of an output. It is compressed in a temporary file until `close` is called. */
export interface Rendered {
  readonly objects: number;
  readonly samples: number;
  /** Counts by the family's name. */
  readonly families: ReadonlyMap<string, FamilyCount>;
  /** Compressed size in bytes. */
  readonly size: number;
  /** The gzip members of the text, in order. */
  readonly members: () => Iterable<Uint8Array>;
  readonly close: () => void;
}

/**
 * Lists the resources one after another and writes their families. Memory holds one page of a list and one block of text
 * for each family, whatever the size of the cluster. Throws what listing throws, since an incomplete output is useless, and
 * kind `storage` when the temporary file cannot be written.
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
      // A custom resource may use the name of another family.
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

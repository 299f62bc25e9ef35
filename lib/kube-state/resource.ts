import {
  type Kind,
  type KindNames,
  type ObjectOf as KindObject,
  kind,
} from '../backends/kubernetes/kinds/kind.ts';
import { objectMeta } from '../backends/kubernetes/kinds/messages.ts';
import type { Lister } from '../backends/kubernetes/listing/lister.ts';
import type { MessageSpec, Values } from '../backends/kubernetes/wire/fields.ts';
import type { FamilyCount } from './gate.ts';
import { type ListScope, listObjects } from './list-objects.ts';
import { type BlocksMark, createBlocks, type Joined } from './text/blocks.ts';
import {
  type AllowedMaps,
  type Family,
  type FamilyNames,
  familyHeader,
  familyWriter,
} from './text/family.ts';
import type { Press } from './text/press.ts';
import { openText, putBytes, putLabelValue } from './text/text-bytes.ts';

/** How one resource is listed and written. */
export interface CollectInput extends ListScope {
  readonly lister: Lister;
  /** Whether a family is written. */
  readonly wants: (family: FamilyNames) => boolean;
  readonly allowed: AllowedMaps;
  /** Compresses the text of each family. */
  readonly press: Press;
  /** Receives the families in their order. */
  readonly whole: Joined;
  readonly signal: AbortSignal;
}

/** What was written of one resource. */
export interface Collected {
  readonly objects: number;
  readonly families: ReadonlyMap<string, FamilyCount>;
}

/** A resource that can be listed and written. Its types are hidden. */
export interface KubeStateResource extends KindNames {
  readonly notByDefault?: true;
  readonly families: readonly FamilyNames[];
  /** Lists the objects and writes their families. Throws what listing throws, and kind `storage` for the spill. */
  readonly collect: (input: CollectInput) => Promise<Collected>;
}

/** Makes a resource from its description. */
export function resource<const S extends MessageSpec>(described: Resource<S>): KubeStateResource {
  const { resource: plural, apiVersion, listKind, namespaced, families, notByDefault } = described;
  return {
    resource: plural,
    apiVersion,
    listKind,
    namespaced,
    families,
    ...(notByDefault && { notByDefault }),
    collect: (input) => collect(described, input),
  };
}

async function collect<S extends MessageSpec>(
  described: Resource<S>,
  input: CollectInput,
): Promise<Collected> {
  const { resource: plural, apiVersion, listKind, namespaced, reads = {}, fields } = described;
  const { allowed } = input;
  const maps = {
    labels: allowed.labels !== undefined || reads.labels === true,
    annotations: allowed.annotations !== undefined || reads.annotations === true,
  };
  const kind = kindOf({ resource: plural, apiVersion, listKind, namespaced }, fields, maps);
  const sheet = openSheet(described, input);
  await listObjects(sheet, kind, { ...input, mayBeMissing: described.mayBeMissing === true });
  return sheet.finish();
}

/** Holds the text of a resource's families while objects are read. */
function openSheet<S extends MessageSpec>(
  described: Resource<S>,
  { wants, allowed, press, whole }: CollectInput,
) {
  const { families, identity, identify } = described;
  const names = identity.map((label, index) => Buffer.from(`${index === 0 ? '' : '",'}${label}="`));
  const end = Buffer.from('"');
  const own = openText();
  let objects = 0;
  const columns = families.filter(wants).map((family) => {
    return {
      name: family.name,
      blocks: createBlocks(press),
      header: familyHeader(family),
      write: familyWriter(family, allowed),
    };
  });
  return {
    write(object: Parameters<NonNullable<typeof identify>>[0]): void {
      const values = identify?.(object);
      own.length = 0;
      for (const [index, name] of names.entries()) {
        const value = values === undefined ? fieldOf(object, identity[index] ?? '') : (values[index] ?? '');
        putBytes(own, name);
        putLabelValue(own, value);
      }
      putBytes(own, end);
      objects++;
      const labels = own.bytes.subarray(0, own.length);
      for (const { write, blocks } of columns) write?.(object, labels, blocks);
    },
    pause: press.pause,
    mark: () => ({ objects, columns: columns.map(({ blocks }) => blocks.mark()) }),
    backTo(mark: { objects: number; columns: readonly BlocksMark[] }): void {
      ({ objects } = mark);
      for (const [index, { blocks }] of columns.entries()) {
        const before = mark.columns[index];
        if (before !== undefined) blocks.backTo(before);
      }
    },
    finish(): Collected {
      // kube-state-metrics writes no headers without objects, either.
      if (objects === 0) return { objects, families: new Map() };
      for (const { blocks, header } of columns) blocks.moveTo(whole, header);
      const families = new Map(
        columns.map(({ name, blocks }) => [name, { samples: blocks.count(), objects }]),
      );
      return { objects, families };
    },
  };
}

function fieldOf(object: { namespace: string; name: string; uid: string }, label: string): string {
  if (label === 'namespace') return object.namespace;
  return label === 'uid' ? object.uid : object.name;
}

/** Describes a resource: where it is listed, which fields of its objects are read, and its families. */
export interface Resource<S extends MessageSpec> extends KindNames {
  /**
   * Labels of every sample. `namespace` and `uid` hold the metadata field of that name; any other label holds the object's
   * name. `identify` overrides all of them.
   */
  readonly identity: readonly string[];
  readonly identify?: (object: ObjectOf<S>) => readonly string[];
  readonly fields: S;
  /** Maps of the metadata that the families always read. */
  readonly reads?: Partial<MapsRead>;
  /** Listed only when an option names it. */
  readonly notByDefault?: true;
  /** Some API servers lack it. They count as servers without its objects. */
  readonly mayBeMissing?: true;
  readonly families: readonly Family<ObjectOf<S>>[];
}

/** The metadata that families may read of any object. */
export type KubeObject = KindObject<typeof objectMeta, Record<never, never>>;

/** An object of a kind: its metadata and its other fields. */
export type ObjectOf<S extends MessageSpec> = KubeObject & Values<S>;

/** Which maps of the metadata are read. Annotations are often larger than the rest of an object. */
export interface MapsRead {
  readonly labels: boolean;
  readonly annotations: boolean;
}

/** Makes a kind whose objects have the given fields beside their metadata. Maps that are not read are empty. */
export function kindOf<S extends MessageSpec>(names: KindNames, fields: S, maps: MapsRead): Kind<ObjectOf<S>>;
export function kindOf(names: KindNames, fields: MessageSpec, maps: MapsRead): Kind<KubeObject> {
  const { labels, annotations, ...always } = objectMeta;
  const metadata = { ...always, ...(maps.labels && { labels }), ...(maps.annotations && { annotations }) };
  return kind(names, metadata, fields);
}

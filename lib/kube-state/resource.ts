import type { KindNames } from '../backends/kubernetes/kinds/kind.ts';
import type { Lister } from '../backends/kubernetes/listing/lister.ts';
import type { Slots } from '../backends/kubernetes/wire/slots.ts';
import type { Described, Family } from './family.ts';
import type { FamilyCount } from './gate.ts';
import { kindOf, type MapsRead, type ObjectOf } from './kube-object.ts';
import { listOnto } from './list-onto.ts';
import type { Keep } from './sharding.ts';
import { type BlocksMark, createBlocks, type Member, type Spill } from './text/blocks.ts';
import { type AllowedMaps, escapeLabel, familyHeader, familyWriter, type Put } from './text/write-family.ts';

/** What one resource is collected with. */
export interface CollectInput {
  readonly lister: Lister;
  /** Namespaces to list; the empty one stands for all. */
  readonly namespaces: readonly string[];
  /** Namespaces whose objects are left out. */
  readonly deniedNamespaces: readonly string[];
  /** Field selector for pods, beside namespaces; default: none. */
  readonly podField?: string;
  /** Objects of a list that are looked at; 0, the default, stands for all. */
  readonly objectLimit?: number;
  /** Whether the family is wanted. */
  readonly wants: (family: Described) => boolean;
  readonly allowed: AllowedMaps;
  /** Which objects belong to the shard; absent, all do. */
  readonly keep?: Keep | undefined;
  /** Takes the compressed text. */
  readonly spill: Spill;
  /** Takes what a person should know of. */
  readonly warn?: ((message: string) => void) | undefined;
  readonly signal: AbortSignal;
}

/** The families of one resource as gzip members, and what they hold. */
export interface Collected {
  readonly members: readonly Member[];
  readonly objects: number;
  readonly families: ReadonlyMap<string, FamilyCount>;
}

/** A resource whose objects can be listed and written, whatever its types are. */
export interface KubeStateResource extends KindNames {
  readonly notByDefault?: true;
  readonly families: readonly Described[];
  /** Lists all objects and writes their families. Throws what listing throws. */
  readonly collect: (input: CollectInput) => Promise<Collected>;
}

/** The resource described by its table of families. */
export function resource<const S extends Slots>(described: Resource<S>): KubeStateResource {
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

async function collect<S extends Slots>(described: Resource<S>, input: CollectInput): Promise<Collected> {
  const { resource: plural, apiVersion, listKind, namespaced, reads = {}, fields } = described;
  const { allowed } = input;
  const maps = {
    labels: allowed.labels !== undefined || reads.labels === true,
    annotations: allowed.annotations !== undefined || reads.annotations === true,
  };
  const kind = kindOf({ resource: plural, apiVersion, listKind, namespaced }, fields, maps);
  const sheet = openSheet(described, input);
  await listOnto(sheet, kind, { ...input, mayBeMissing: described.mayBeMissing === true });
  return sheet.finish();
}

/** The text of a resource's families while objects are read. */
function openSheet<S extends Slots>(described: Resource<S>, { wants, allowed, spill }: CollectInput) {
  const { families, identity, identify } = described;
  const names = identity.map((label, index) => `${index === 0 ? '' : ','}${label}="`);
  let objects = 0;
  const columns = families.filter(wants).map((family) => {
    const blocks = createBlocks(spill);
    const put: Put = (line) => blocks.put(line);
    return {
      name: family.name,
      blocks,
      put,
      header: familyHeader(family),
      write: familyWriter(family, allowed),
    };
  });
  return {
    write(object: Parameters<NonNullable<typeof identify>>[0]): void {
      const values = identify?.(object);
      let own = '';
      for (let index = 0; index < names.length; index++) {
        const value = values === undefined ? fieldOf(object, identity[index] ?? '') : (values[index] ?? '');
        own += `${names[index] ?? ''}${escapeLabel(value)}"`;
      }
      objects++;
      for (const { write, put } of columns) write?.(object, own, put);
    },
    mark: () => ({ objects, columns: columns.map(({ blocks }) => blocks.mark()) }),
    backTo(mark: { objects: number; columns: readonly BlocksMark[] }): void {
      ({ objects } = mark);
      for (const [index, { blocks }] of columns.entries()) {
        const before = mark.columns[index];
        if (before !== undefined) blocks.backTo(before);
      }
    },
    finish(): Collected {
      // As kube-state-metrics does it: no headers where there is no object.
      if (objects === 0) return { members: [], objects, families: new Map() };
      const members = columns.flatMap(({ blocks, header }) => blocks.take(header));
      const families = new Map(
        columns.map(({ name, blocks }) => [name, { samples: blocks.count(), objects }]),
      );
      return { members, objects, families };
    },
  };
}

function fieldOf(object: { namespace: string; name: string; uid: string }, label: string): string {
  if (label === 'namespace') return object.namespace;
  return label === 'uid' ? object.uid : object.name;
}

/** A resource: where it is listed, what is read of its objects, and its families. */
export interface Resource<S extends Slots> extends KindNames {
  /**
   * Names of the labels that every sample has. `namespace` and `uid` show the field of their name, any other the
   * object's name, unless `identify` says otherwise.
   */
  readonly identity: readonly string[];
  readonly identify?: (object: ObjectOf<S>) => readonly string[];
  readonly fields: S;
  /** Maps of the metadata that its families read whatever the options are. */
  readonly reads?: Partial<MapsRead>;
  /** Not among the resources that are listed unless an option names others. */
  readonly notByDefault?: true;
  /** Not every API server has it: one that does not know it has none of its objects. */
  readonly mayBeMissing?: true;
  readonly families: readonly Family<ObjectOf<S>>[];
}

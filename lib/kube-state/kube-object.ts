import { type Kind, type KindNames, kind } from '../backends/kubernetes/kinds/kind.ts';
import type { ObjectMeta } from '../backends/kubernetes/objects.ts';
import { inside } from '../backends/kubernetes/wire/fields.ts';
import {
  type Draft,
  integer,
  list,
  optionalFlag,
  pairs,
  type Slots,
  text,
  time,
  type Values,
  word,
} from '../backends/kubernetes/wire/slots.ts';

/** What families need of any object's metadata. */
export interface KubeObject extends ObjectMeta {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly creationTimestamp: number | undefined;
  readonly deletionTimestamp: number | undefined;
  readonly ownerReferences: readonly OwnerReference[];
}

interface OwnerReference {
  readonly kind: string;
  readonly name: string;
  readonly controller: boolean | undefined;
}

/** An object of a kind: its metadata, and the needed fields beside that. */
export type ObjectOf<S extends Slots> = KubeObject & Values<S>;

/** Which maps of the metadata are read at all: annotations are often larger than all the rest. */
export interface MapsRead {
  readonly labels: boolean;
  readonly annotations: boolean;
}

/** The kind with these needed fields. */
export function kindOf<S extends Slots>(names: KindNames, slots: S, maps: MapsRead): Kind<ObjectOf<S>>;
export function kindOf(names: KindNames, slots: Slots, maps: MapsRead): Kind<KubeObject> {
  const { labels, annotations, ...always } = metadata;
  const read: Slots = { ...always, ...(maps.labels && { labels }), ...(maps.annotations && { annotations }) };
  const empty = Object.fromEntries(Object.entries(slots).map(([key, slot]) => [key, slot.empty]));
  const emptyMetadata: KubeObject = {
    namespace: '',
    name: '',
    labels: [],
    annotations: [],
    uid: '',
    resourceVersion: '',
    generation: 0,
    creationTimestamp: undefined,
    deletionTimestamp: undefined,
    ownerReferences: [],
  };
  const fields = [inside<Draft>(1, 'metadata', fieldsOf(read)), ...fieldsOf(slots)];
  return kind<KubeObject & Draft>({ ...names, create: () => ({ ...emptyMetadata, ...empty }), fields });
}

/** Numbers: ObjectMeta of k8s.io/apimachinery. */
const metadata = {
  name: text(1),
  namespace: word(3),
  uid: text(5),
  resourceVersion: text(6),
  generation: integer(7),
  creationTimestamp: time(8),
  deletionTimestamp: time(9),
  labels: pairs(11),
  annotations: pairs(12),
  ownerReferences: list(13, { kind: word(1), name: word(3), controller: optionalFlag(6) }),
};

function fieldsOf(slots: Slots) {
  return Object.entries(slots).map(([key, slot]) => slot.field(key));
}

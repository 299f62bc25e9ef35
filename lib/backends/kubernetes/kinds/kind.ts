import type { ListPage, ObjectMeta } from '../objects.ts';
import { count, inside, many, one, type Shape, text, textMap, word } from '../wire/fields.ts';
import { Malformed, type Reader } from '../wire/reader.ts';
import { asObject, type Field, table } from '../wire/table.ts';

/** What a kind of object is called where it is listed. */
export interface KindNames {
  /** Plural name in paths and in access rules, as in `pods`. */
  readonly resource: string;
  /** `v1`, or `group/v1`. */
  readonly apiVersion: string;
  /** As in `PodList`. */
  readonly listKind: string;
  /** Whether its objects live in namespaces. */
  readonly namespaced: boolean;
}

/** A kind of object whose lists can be read, with the fields that labels need and no others. */
export interface Kind<T extends ObjectMeta> extends KindNames {
  /** Its objects have no protobuf form. */
  readonly jsonOnly?: true;
  /** Reads a protobuf list that ends at `end`. Throws `Malformed`. */
  readonly readList: (reader: Reader, end: number) => ListPage<T>;
  /** Takes what is needed from a parsed JSON list. Throws `Malformed`. */
  readonly pickList: (json: unknown) => ListPage<T>;
}

/** An object while it is read. */
export type Draft<T> = {
  -readonly [Key in keyof T]: T[Key] extends readonly (infer Item)[] ? Item[] : T[Key];
};

/** The kind with these names; its one description of fields serves protobuf and JSON. */
export function kind<T extends ObjectMeta>(described: KindNames & Shape<T>): Kind<T> {
  const { create, fields, ...names } = described;
  const list = table<ListDraft<T>>(
    [
      one(1, 'metadata', listMeta, (target, meta) => {
        target.meta = meta;
      }),
      many(2, 'items', { create, fields }, (target, item) => {
        if (item.name === '') throw new Malformed('has no metadata.name');
        if (names.namespaced && item.namespace === '') throw new Malformed('has no metadata.namespace');
        target.items.push(item);
      }),
    ],
    'refuse',
  );
  return {
    ...names,
    readList(reader, end) {
      const draft: ListDraft<T> = { meta: undefined, items: [] };
      list.read(reader, end, draft);
      return page(draft);
    },
    pickList(json) {
      // Only protobuf leaves out an empty list.
      if (!('items' in asObject(json))) throw new Malformed('has no items');
      const draft: ListDraft<T> = { meta: undefined, items: [] };
      list.pick(json, draft);
      return page(draft);
    },
  };
}

/** Metadata before any field was read. */
export function emptyMeta(): Draft<ObjectMeta> {
  return { namespace: '', name: '', labels: [], annotations: [] };
}

/** The field `metadata`: its common part, and what a kind needs beside that. */
export function metadata<T extends Draft<ObjectMeta>>(...more: readonly Field<T>[]): Field<T> {
  return nameOnly(
    textMap(11, 'labels', (object) => object.labels),
    textMap(12, 'annotations', (object) => object.annotations),
    ...more,
  );
}

/** The same without labels and annotations. */
export function nameOnly<T extends Draft<ObjectMeta>>(...more: readonly Field<T>[]): Field<T> {
  return inside(1, 'metadata', [
    text(1, 'name', (object, name) => {
      object.name = name;
    }),
    word(3, 'namespace', (object, namespace) => {
      object.namespace = namespace;
    }),
    ...more,
  ]);
}

interface ListMeta {
  resourceVersion: string;
  continueToken: string;
  remaining: number | undefined;
}

interface ListDraft<T> {
  meta: ListMeta | undefined;
  readonly items: T[];
}

const listMeta: Shape<ListMeta> = {
  create: () => ({ resourceVersion: '', continueToken: '', remaining: undefined }),
  fields: [
    text(2, 'resourceVersion', (target, version) => {
      target.resourceVersion = version;
    }),
    text(3, 'continue', (target, token) => {
      target.continueToken = token;
    }),
    count(4, 'remainingItemCount', (target, remaining) => {
      target.remaining = remaining;
    }),
  ],
};

function page<T>({ meta, items }: ListDraft<T>): ListPage<T> {
  if (meta === undefined) throw new Malformed('has no metadata');
  return { ...meta, items };
}

import {
  type FieldSpec,
  flat,
  type MessageSpec,
  many,
  message,
  one,
  optionalCount,
  take,
  text,
  type Values,
} from '../wire/fields.ts';
import { Malformed, type Reader, readEnd, wire, within } from '../wire/reader.ts';
import { asObject, readInner, type Table, table } from '../wire/table.ts';
import { objectMeta } from './messages.ts';

/** How a kind of object is named where it is listed. */
export interface KindNames {
  /** Plural name in paths and access rules, as in `pods`. */
  readonly resource: string;
  /** `v1`, or `group/v1`. */
  readonly apiVersion: string;
  /** As in `PodList`. */
  readonly listKind: string;
  /** Whether its objects live in namespaces. */
  readonly namespaced: boolean;
}

/** A kind of object whose lists can be read. Only the described fields of an object are kept. */
export interface Kind<T extends ObjectMeta> extends KindNames {
  /** The objects have no protobuf form. */
  readonly jsonOnly?: true;
  /** Reads a protobuf list that ends at the offset `end`. It and the items throw `Malformed`. */
  readonly readList: (reader: Reader, end: number) => ListPage<T>;
  /** Takes the needed fields of a parsed JSON list. Throws `Malformed`. */
  readonly pickList: (json: unknown) => ListPage<T>;
  /** A kind of the same objects with more fields. Listings that need different fields share a list of it. */
  readonly wide?: Kind<T>;
}

/** The metadata that every object has here. */
export interface ObjectMeta {
  /** Empty for an object outside of namespaces. */
  readonly namespace: string;
  readonly name: string;
  readonly labels: Pairs;
  readonly annotations: Pairs;
}

/** Keys and values of a map in turn, in the order of the body. That takes half the memory of an object, and any key is safe. */
export type Pairs = readonly string[];

/** One page of a list. */
export interface ListPage<T> {
  /**
   * The objects, to be read once. In protobuf each is decoded when it is asked for, so that those before it can go, and the
   * body must stay in its memory until then.
   */
  readonly items: Iterable<T>;
  /** Number of objects. */
  readonly count: number;
  /** The state of the cluster that the list shows; opaque. */
  readonly resourceVersion: string;
  /** Token for the next page; empty on the last page. */
  readonly continueToken: string;
  /** Number of items after this page, where the server gives it. */
  readonly remaining: number | undefined;
}

/** An object of a kind: its metadata and its fields, all in one object. */
export type ObjectOf<M extends MessageSpec, S extends MessageSpec> = ObjectMeta & Values<M> & Values<S>;

/**
 * Makes the kind. Its objects hold the given fields of `metadata` (labels and annotations are empty unless given) and the
 * given fields beside `metadata`.
 */
export function kind<M extends MessageSpec, S extends MessageSpec>(
  names: KindNames,
  metadata: M,
  fields: S,
): Kind<ObjectOf<M, S>>;
export function kind(names: KindNames, metadata: MessageSpec, fields: MessageSpec): Kind<ObjectMeta> {
  let compiled: ListTable | undefined;
  // A process uses few of the kinds that it knows, so each is compiled when it is first read.
  const list = () => {
    compiled ??= listTable(names, { metadata: flat(1, metadata), ...fields });
    return compiled;
  };
  return {
    ...names,
    readList(reader, end) {
      const { fields, readItem } = list();
      const draft = newList();
      fields.read(reader, end, draft);
      return {
        ...metaOf(draft),
        count: draft.places.length,
        items: readItems(draft.places, reader, end, readItem),
      };
    },
    pickList(json) {
      // Only protobuf leaves out an empty list.
      if (!('items' in asObject(json))) throw new Malformed('has no items');
      const draft = newList();
      list().fields.pick(json, draft);
      return { ...metaOf(draft), count: draft.items.length, items: draft.items };
    },
  };
}

/** A list, compiled. In protobuf only the places of the objects are found, and each object is read by itself. */
interface ListTable {
  readonly fields: Table<ListDraft>;
  readonly readItem: (reader: Reader, end: number) => ObjectMeta;
}

function listTable({ namespaced }: KindNames, object: MessageSpec): ListTable {
  const shape = message(object);
  const empty: ObjectMeta = { namespace: '', name: '', labels: [], annotations: [], ...shape.create() };
  const inner = table(shape.fields);
  const named = (item: ObjectMeta): ObjectMeta => {
    if (item.name === '') throw new Malformed('has no metadata.name');
    if (namespaced && item.namespace === '') throw new Malformed('has no metadata.namespace');
    return item;
  };
  const items = { create: (): ObjectMeta => ({ ...empty }), fields: shape.fields };
  const fields = table<ListDraft>(
    [
      one(1, 'metadata', message(listMeta), (target, meta) => {
        target.meta = meta;
      }),
      {
        ...many<ListDraft, ObjectMeta>(2, 'items', items, (target, item) => target.items.push(named(item))),
        read(reader, end, target) {
          target.places.push(reader.at);
          reader.at = readEnd(reader, end);
        },
      },
    ],
    'refuse',
  );
  return {
    fields,
    readItem(reader, end) {
      const item = items.create();
      readInner(inner, reader, end, item);
      return named(item);
    },
  };
}

function* readItems(
  places: readonly number[],
  reader: Reader,
  end: number,
  readItem: ListTable['readItem'],
): Generator<ObjectMeta, undefined> {
  for (let index = 0; index < places.length; index++) {
    let item: ObjectMeta;
    try {
      reader.at = places[index] ?? end;
      item = readItem(reader, end);
    } catch (error) {
      throw within(`items[${index}]`, error);
    }
    yield item;
  }
  return undefined;
}

/** `ListMeta` */
const listMeta = { resourceVersion: text(2), continue: text(3), remainingItemCount: optionalCount(4) };

interface ListDraft {
  meta: Values<typeof listMeta> | undefined;
  /** Of JSON. */
  readonly items: ObjectMeta[];
  /** Of protobuf: where the length of each object stands. */
  readonly places: number[];
}

function newList(): ListDraft {
  return { meta: undefined, items: [], places: [] };
}

function metaOf({ meta }: ListDraft): Omit<ListPage<ObjectMeta>, 'items' | 'count'> {
  if (meta === undefined) throw new Malformed('has no metadata');
  const { resourceVersion, continue: continueToken, remainingItemCount: remaining } = meta;
  return { resourceVersion, continueToken, remaining };
}

/** An object that is kept as `keep` returns it, with the metadata that lists need. */
export interface JsonObject<Content> extends ObjectMeta {
  readonly uid: string;
  readonly content: Content;
}

/**
 * Makes a kind whose objects exist in JSON only, such as custom resources. `keep` gets each object as it was parsed and
 * returns what is kept of it; it may throw `Malformed`.
 */
export function jsonKind<Content>(
  names: KindNames,
  keep: (json: unknown) => Content,
): Kind<JsonObject<Content | undefined>> {
  const content: FieldSpec<Content | undefined> = {
    empty: undefined,
    field: (key) => ({
      ...{ number: 2, name: '', wire: wire.bytes, repeated: false },
      read() {
        throw new Malformed('is not JSON, the only form of custom resources');
      },
      pick(json, draft) {
        draft[key] = keep(json);
      },
    }),
  };
  const metadata = take(objectMeta, 'name', 'namespace', 'uid', 'labels');
  return { ...kind(names, metadata, { content }), jsonOnly: true };
}

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
import { Malformed, type Reader, wire } from '../wire/reader.ts';
import { asObject, type Table, table } from '../wire/table.ts';
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
  /** Reads a protobuf list that ends at the offset `end`. Throws `Malformed`, and what `take` throws. */
  readonly readList: (reader: Reader, end: number, take?: Take<T>) => ListPage<T>;
  /** Takes the needed fields of a parsed JSON list. Throws `Malformed`, and what `take` throws. */
  readonly pickList: (json: unknown, take?: Take<T>) => ListPage<T>;
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

/** Gets each object of a page as soon as it is decoded. The page itself holds none then. */
export type Take<T> = (object: T) => void;

/** One page of a list. */
export interface ListPage<T> {
  readonly items: readonly T[];
  /** Number of objects, taken or held. */
  readonly count: number;
  /** The state of the cluster that the list shows; opaque. */
  readonly resourceVersion: string;
  /** Token for the next page; empty on the last page. */
  readonly continueToken: string;
  /** Number of items after this page, where the server gives it. */
  readonly remaining: number | undefined;
  /** Set when a string was not UTF-8: its bad bytes are U+FFFD now. Names an object with such a string; empty if unknown. */
  readonly replaced?: string;
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
  let compiled: Table<ListDraft> | undefined;
  // A process uses few of the kinds that it knows, so each is compiled when it is first read.
  const list = () => {
    compiled ??= listTable(names, { metadata: flat(1, metadata), ...fields });
    return compiled;
  };
  return {
    ...names,
    readList(reader, end, take) {
      const draft = newList(take);
      list().read(reader, end, draft);
      return pageOf(draft);
    },
    pickList(json, take) {
      // Only protobuf leaves out an empty list.
      if (!('items' in asObject(json))) throw new Malformed('has no items');
      const draft = newList(take);
      list().pick(json, draft);
      return pageOf(draft);
    },
  };
}

function listTable({ namespaced }: KindNames, object: MessageSpec): Table<ListDraft> {
  const shape = message(object);
  const empty: ObjectMeta = { namespace: '', name: '', labels: [], annotations: [], ...shape.create() };
  const items = { create: (): ObjectMeta => ({ ...empty }), fields: shape.fields };
  return table<ListDraft>(
    [
      one(1, 'metadata', message(listMeta), (target, meta) => {
        target.meta = meta;
      }),
      many(2, 'items', items, (target, item) => {
        if (item.name === '') throw new Malformed('has no metadata.name');
        if (namespaced && item.namespace === '') throw new Malformed('has no metadata.namespace');
        target.count++;
        target.take(item);
      }),
    ],
    'refuse',
  );
}

/** `ListMeta` */
const listMeta = { resourceVersion: text(2), continue: text(3), remainingItemCount: optionalCount(4) };

interface ListDraft {
  meta: Values<typeof listMeta> | undefined;
  readonly items: ObjectMeta[];
  count: number;
  readonly take: Take<ObjectMeta>;
}

function newList(take: Take<ObjectMeta> | undefined): ListDraft {
  const items: ObjectMeta[] = [];
  return { meta: undefined, items, count: 0, take: take ?? ((item) => items.push(item)) };
}

function pageOf({ meta, items, count }: ListDraft): ListPage<ObjectMeta> {
  if (meta === undefined) throw new Malformed('has no metadata');
  const { resourceVersion, continue: continueToken, remainingItemCount: remaining } = meta;
  return { resourceVersion, continueToken, remaining, items, count };
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

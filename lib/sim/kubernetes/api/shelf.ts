import { type JsonObject, objectAt, textAt } from '../wire/json.ts';

/** All objects of one resource in the order in which etcd keeps them: by `<namespace>/<name>`, or by name. */
export interface Shelf {
  readonly size: number;
  /** The object at that position, from 0 on. It may be made on the spot. */
  object(position: number): JsonObject;
  key(position: number): string;
  /** The first position whose key is not before the given one. */
  seek(key: string): number;
}

/** A run of objects with no other object between them. */
export interface Block {
  readonly count: number;
  key(index: number): string;
  object(index: number): JsonObject;
}

/** Puts blocks in order. Empty ones are left out. */
export function shelfOf(blocks: readonly Block[]): Shelf {
  const ordered = blocks
    .filter(({ count }) => count > 0)
    .map((block) => ({ block, first: block.key(0), start: 0 }))
    .sort((one, other) => (one.first < other.first ? -1 : 1));
  let size = 0;
  for (const entry of ordered) {
    entry.start = size;
    size += entry.block.count;
  }

  const at = (position: number) => {
    const entry = ordered[firstWhere(ordered.length, (index) => (ordered[index]?.start ?? 0) > position) - 1];
    if (entry === undefined || position >= size) throw new RangeError(`no object at position ${position}`);
    return { block: entry.block, index: position - entry.start };
  };
  return {
    size,
    object(position) {
      const { block, index } = at(position);
      return block.object(index);
    },
    key(position) {
      const { block, index } = at(position);
      return block.key(index);
    },
    seek(key) {
      const entry = ordered[firstWhere(ordered.length, (index) => (ordered[index]?.first ?? '') > key) - 1];
      if (entry === undefined) return 0;
      return entry.start + firstWhere(entry.block.count, (index) => entry.block.key(index) >= key);
    },
  };
}

/** A block of one object. */
export function single(object: JsonObject): Block {
  return lazily(keyOf(object), () => object);
}

/** A block of one object which is made when asked for. */
export function lazily(key: string, object: () => JsonObject): Block {
  return { count: 1, key: () => key, object };
}

/** `<namespace>/<name>`, or the name alone. */
export function keyOf(object: JsonObject): string {
  const metadata = objectAt(object, 'metadata');
  const namespace = textAt(metadata, 'namespace');
  return namespace === '' ? textAt(metadata, 'name') : `${namespace}/${textAt(metadata, 'name')}`;
}

/** The least index below `count` for which the test holds, `count` if there is none. The test turns true once. */
function firstWhere(count: number, test: (index: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (test(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

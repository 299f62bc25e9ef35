import type { ListedObject, ObjectStore } from '../../lib/store/store.ts';

/** The store, with all keys that were read noted, and single operations replaced. */
export function watchStore(
  store: ObjectStore,
  replace: Partial<ObjectStore> = {},
): { readonly store: ObjectStore; readonly reads: string[] } {
  const reads: string[] = [];
  const watched: ObjectStore = {
    ...store,
    ...replace,
    get(key, options) {
      reads.push(key);
      return (replace.get ?? store.get)(key, options);
    },
    async getIfChanged(key, etag, options) {
      reads.push(etag === undefined ? key : `${key} unless ${etag}`);
      const found = await (replace.get ?? store.get)(key, options);
      return found !== undefined && found.etag === etag ? 'unchanged' : found;
    },
  };
  return { store: watched, reads };
}

/** A store whose listing shows further objects, such as no driver of ours would take. */
export function withStrangeKeys(store: ObjectStore, keys: readonly string[]): ObjectStore {
  return {
    ...store,
    async list(prefix, options) {
      const listed = await store.list(prefix, options);
      return [...listed, ...keys.map((key): ListedObject => ({ key, etag: '"x"', size: 3, modified: 0 }))];
    },
  };
}

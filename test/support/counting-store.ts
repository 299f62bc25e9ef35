import { isMusterError } from '../../lib/base/errors.ts';
import type { ObjectStore } from '../../lib/store/store.ts';

/** One call on a store: what was done, to which key (of a listing: its prefix), and how it went. */
export interface StoreCall {
  readonly kind: 'get' | 'head' | 'put' | 'list' | 'delete';
  readonly key: string;
  /** `found`, `missing`, `unchanged`, `done`, or the kind of the error. */
  readonly answer: string;
}

/** The store, and the calls that ended, in that order. `reset` empties the list. */
export interface CountingStore {
  readonly store: ObjectStore;
  readonly calls: readonly StoreCall[];
  reset(): void;
}

/** Wraps a store so that a test sees what was asked of it. */
export function countingStore(store: ObjectStore): CountingStore {
  const calls: StoreCall[] = [];

  async function note<T>(
    kind: StoreCall['kind'],
    key: string,
    answer: Promise<T>,
    name: (value: T) => string,
  ): Promise<T> {
    try {
      const value = await answer;
      calls.push({ kind, key, answer: name(value) });
      return value;
    } catch (error) {
      calls.push({ kind, key, answer: isMusterError(error) ? error.kind : 'internal' });
      throw error;
    }
  }

  return {
    calls,
    reset: () => {
      calls.length = 0;
    },
    store: {
      ...store,
      get: (key, options) =>
        note('get', key, store.get(key, options), (found) => (found ? 'found' : 'missing')),
      getIfChanged: (key, etag, options) =>
        note('get', key, store.getIfChanged(key, etag, options), (found) =>
          found === 'unchanged' ? found : found ? 'found' : 'missing',
        ),
      openIfChanged: (key, etag, options) =>
        note('get', key, store.openIfChanged(key, etag, options), (found) =>
          found === 'unchanged' ? found : found ? 'found' : 'missing',
        ),
      head: (key, options) =>
        note('head', key, store.head(key, options), (found) => (found ? 'found' : 'missing')),
      put: (key, body, options) => note('put', key, store.put(key, body, options), () => 'done'),
      list: (prefix, options) => note('list', prefix, store.list(prefix, options), () => 'done'),
      delete: (key, options) => note('delete', key, store.delete(key, options), () => 'done'),
    },
  };
}

import type { ObjectStore } from '../../lib/store/store.ts';
import type { StoreCall } from './counting-store.ts';

/** Something that happens at one call on a store. */
export interface Fault {
  /** Before the store is called, or after it has done the call and before the caller hears of it. */
  readonly when: 'before' | 'after';
  /** Which calls count. Default: all. */
  readonly matches?: (kind: StoreCall['kind'], key: string) => boolean;
  /** At which of these calls it happens, from 1. Default 1. */
  readonly at?: number;
  /** Throws, kills, or waits. */
  readonly act: () => void | Promise<void>;
}

/** Wraps a store so that faults happen at the calls they name. */
export function faultyStore(store: ObjectStore, faults: readonly Fault[]): ObjectStore {
  const seen = new Map<Fault, number>();

  async function call<T>(kind: StoreCall['kind'], key: string, run: () => Promise<T>): Promise<T> {
    const due = faults.filter((fault) => {
      if (fault.matches && !fault.matches(kind, key)) return false;
      const count = (seen.get(fault) ?? 0) + 1;
      seen.set(fault, count);
      return count === (fault.at ?? 1);
    });
    for (const { when, act } of due) if (when === 'before') await act();
    const value = await run();
    for (const { when, act } of due) if (when === 'after') await act();
    return value;
  }

  return {
    ...store,
    get: (key, options) => call('get', key, () => store.get(key, options)),
    getIfChanged: (key, etag, options) => call('get', key, () => store.getIfChanged(key, etag, options)),
    head: (key, options) => call('head', key, () => store.head(key, options)),
    put: (key, body, options) => call('put', key, () => store.put(key, body, options)),
    list: (prefix, options) => call('list', prefix, () => store.list(prefix, options)),
    delete: (key, options) => call('delete', key, () => store.delete(key, options)),
  };
}

/** An act: this process dies, without a chance to clean up. */
export function killMyself(): void {
  process.kill(process.pid, 'SIGKILL');
}

/** An act: waits until so many callers are there, then lets all of them go on. */
export function barrier(parties: number): () => Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let arrived = 0;
  return () => {
    arrived++;
    if (arrived >= parties) resolve();
    return promise;
  };
}

import { Readable } from 'node:stream';
import { checkCondition, checkRemoval, checkSignal, tooLarge } from './errors.ts';
import {
  type Body,
  checkKey,
  checkPrefix,
  compareKeys,
  defaultMaxBytes,
  type ObjectStore,
  type StoredObject,
} from './store.ts';

/** A store in this process's memory, for tests and demonstrations: it ends with the process. */
export function createMemoryStore(): ObjectStore {
  const url = 'memory:';
  const objects = new Map<string, MemoryObject>();
  let writes = 0;

  return {
    url,
    async get(key, { maxBytes = defaultMaxBytes, signal } = {}) {
      checkKey(url, key);
      checkSignal(signal, url, `reading ${key}`);
      const object = objects.get(key);
      if (!object) return undefined;
      if (object.body.length > maxBytes) throw tooLarge(url, key, maxBytes);
      return { body: new Uint8Array(object.body), etag: object.etag };
    },
    // By `this`: a store that replaces `get` of this one replaces all reading.
    async getIfChanged(key, etag, options) {
      const found = await this.get(key, options);
      return found !== undefined && found.etag === etag ? 'unchanged' : found;
    },
    async open(key, options) {
      const found = await this.get(key, options);
      return found && { etag: found.etag, chunks: Readable.from([found.body]) };
    },
    async openIfChanged(key, etag, options) {
      const found = await this.open(key, options);
      return found !== undefined && found.etag === etag ? 'unchanged' : found;
    },
    async head(key, { signal } = {}) {
      checkKey(url, key);
      checkSignal(signal, url, `reading ${key}`);
      const object = objects.get(key);
      return object && { etag: object.etag };
    },
    async put(key, body, { condition, signal }) {
      checkKey(url, key);
      checkSignal(signal, url, `writing ${key}`);
      checkCondition(url, key, condition, objects.get(key)?.etag);
      writes++;
      const etag = `"${writes}"`;
      // A copy (on reading too): what the caller does to its buffer later is not a write.
      objects.set(key, { body: copyOf(body), etag, modified: Date.now() });
      return { etag };
    },
    async list(prefix, { signal } = {}) {
      checkPrefix(url, prefix);
      checkSignal(signal, url, `listing ${prefix}`);
      return [...objects]
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, { body, etag, modified }]) => ({ key, etag, size: body.length, modified }))
        .sort((left, right) => compareKeys(left.key, right.key));
    },
    async delete(key, { etag, signal } = {}) {
      checkKey(url, key);
      checkSignal(signal, url, `deleting ${key}`);
      checkRemoval(url, key, objects.get(key)?.etag, etag);
      objects.delete(key);
    },
    async verify({ signal } = {}) {
      checkSignal(signal, url, 'checking the store');
    },
    async [Symbol.asyncDispose]() {},
  };
}

interface MemoryObject extends StoredObject {
  /** Unix milliseconds. */
  readonly modified: number;
}

function copyOf(body: Body): Uint8Array {
  return body instanceof Uint8Array
    ? new Uint8Array(body)
    : new Uint8Array(Buffer.concat([...body.chunks()]));
}

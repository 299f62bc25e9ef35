import { createMemoryStore } from '../../lib/store/memory.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { targets } from './texts.ts';

/** What a bucket holds, keys without their `targets/`. */
export type Bucket = Readonly<Record<string, string>>;

/** A bucket that changes in all ways at once: a provider replaced, one new, one gone, one in shards, one untouched. */
export const before: Bucket = {
  'api/consul-0.json': targets('a:1'),
  'api/consul-1.json': targets('b:1'),
  'shards/kubernetes-0.0.json': targets('c:1'),
  'shards/kubernetes-0.1.json': targets('d:1'),
  'still/http-0.json': targets('e:1'),
};
export const after: Bucket = {
  'api/consul-0.json': targets('a:2', 'a:3'),
  'new/consul-0.json': targets('n:1'),
  'shards/kubernetes-0.0.json': targets('c:1'),
  'shards/kubernetes-0.1.json': targets('d:2'),
  'still/http-0.json': targets('e:1'),
};
/** The new provider gone again: who crashed after laying down its file must still know that it is his. */
export const later: Bucket = {
  'api/consul-0.json': targets('a:2', 'a:3'),
  'still/http-0.json': targets('e:1'),
};

/** The visible files of each bucket, written out by hand. */
export const filesOf = {
  before: {
    'api/consul-0.json': targets('a:1'),
    'api/consul-1.json': targets('b:1'),
    'shards/kubernetes-0.json': joined('c:1', 'd:1'),
    'still/http-0.json': targets('e:1'),
  },
  after: {
    'api/consul-0.json': targets('a:2', 'a:3'),
    'new/consul-0.json': targets('n:1'),
    'shards/kubernetes-0.json': joined('c:1', 'd:2'),
    'still/http-0.json': targets('e:1'),
  },
  later,
} as const satisfies Readonly<Record<string, Bucket>>;

/** Objects get their etag from their content, as in S3, so that processes agree on them. */
export async function storeOf(bucket: Bucket): Promise<ObjectStore> {
  const memory = createMemoryStore();
  for (const [key, text] of Object.entries(bucket)) {
    await memory.put(`targets/${key}`, Buffer.from(text), { condition: 'any' });
  }
  const etagOf = (key: string) => JSON.stringify(bucket[key.slice('targets/'.length)]);
  return {
    ...memory,
    async get(key, { ifNoneMatch, ...options } = {}) {
      const etag = etagOf(key);
      if (etag !== undefined && etag === ifNoneMatch) return 'unchanged';
      const object = await memory.get(key, options);
      return typeof object === 'object' ? { ...object, etag } : object;
    },
    async list(prefix, options) {
      return (await memory.list(prefix, options)).map((object) => ({ ...object, etag: etagOf(object.key) }));
    },
  };
}

/** Two shards of one target each, as one file. */
function joined(first: string, second: string): string {
  const [a, b] = [first, second].map((address) => targets(address).slice(1, -2));
  return `[\n${a},${b}]\n`;
}

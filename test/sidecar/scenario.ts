import { createMemoryStore } from '../../lib/store/memory.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { fileOf, fill, joinedText, listOf, listText, type Objects, retiredOf } from '../support/bucket.ts';

/** What a bucket holds, by key. */
export type Bucket = Objects;

const first = { since: 1, list: ['c:1'] };
const still = fileOf('still/http-0', 1, ['e:1']);

/** A bucket that changes in all ways at once: a provider replaced, one new, one retired, one in parts, one untouched. */
export const before: Bucket = {
  ...fileOf('api/consul-0', 1, ['a:1']),
  ...fileOf('api/consul-1', 1, ['b:1']),
  ...listOf('parts/kubernetes-0', 1, [first, { since: 1, list: ['d:1'] }]),
  ...still,
};
export const after: Bucket = {
  ...fileOf('api/consul-0', 2, ['a:2', 'a:3']),
  ...retiredOf('api/consul-1', 2),
  ...fileOf('new/consul-0', 1, ['n:1']),
  ...listOf('parts/kubernetes-0', 2, [first, { since: 2, list: ['d:2'] }]),
  ...still,
};
/** The new provider retired again: who crashed after laying down its file must still know that it is his. */
export const later: Bucket = {
  ...fileOf('api/consul-0', 2, ['a:2', 'a:3']),
  ...retiredOf('api/consul-1', 2),
  ...retiredOf('new/consul-0', 2),
  ...retiredOf('parts/kubernetes-0', 3),
  ...still,
};

/** The visible files of each bucket. */
export const filesOf = {
  before: {
    'api/consul-0.json': listText(1, ['a:1']),
    'api/consul-1.json': listText(1, ['b:1']),
    'parts/kubernetes-0.json': joinedText(1, [['c:1'], ['d:1']]),
    'still/http-0.json': listText(1, ['e:1']),
  },
  after: {
    'api/consul-0.json': listText(2, ['a:2', 'a:3']),
    'new/consul-0.json': listText(1, ['n:1']),
    'parts/kubernetes-0.json': joinedText(2, [['c:1'], ['d:2']]),
    'still/http-0.json': listText(1, ['e:1']),
  },
  later: {
    'api/consul-0.json': listText(2, ['a:2', 'a:3']),
    'still/http-0.json': listText(1, ['e:1']),
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Objects get their etag from their content, as in S3, so that processes agree on them. */
export async function storeOf(bucket: Bucket): Promise<ObjectStore> {
  const memory = createMemoryStore();
  await fill(memory, bucket);
  const etagOf = (key: string) => JSON.stringify(bucket[key]);
  return {
    ...memory,
    async get(key, options) {
      const object = await memory.get(key, options);
      return object && { ...object, etag: etagOf(key) };
    },
    async list(prefix, options) {
      return (await memory.list(prefix, options)).map((object) => ({ ...object, etag: etagOf(object.key) }));
    },
  };
}

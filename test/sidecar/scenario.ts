import { createMemoryStore } from '../../lib/store/memory.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { fileOf, fill, joinedText, listOf, listText, type Objects, retiredOf } from '../support/bucket.ts';

/** What a bucket holds, by key. */
export type Bucket = Objects;

const first = { since: 1, list: ['c:1'] };
const still = fileOf('still/http-0', 1, ['e:1']);

/** A bucket that changes in all ways at once: a provider replaced, one new, one retired, one in parts, one untouched. */
const before: Bucket = {
  ...fileOf('api/consul-0', 1, ['a:1']),
  ...fileOf('api/consul-1', 1, ['b:1']),
  ...listOf('parts/kubernetes-0', 1, [first, { since: 1, list: ['d:1'] }]),
  ...still,
};
const after: Bucket = {
  ...fileOf('api/consul-0', 2, ['a:2', 'a:3']),
  ...retiredOf('api/consul-1', 2),
  ...fileOf('new/consul-0', 1, ['n:1']),
  ...listOf('parts/kubernetes-0', 2, [first, { since: 2, list: ['d:2'] }]),
  ...still,
};
/** The new provider retired again: who crashed after laying down its file must still know that it is his. */
const later: Bucket = {
  ...fileOf('api/consul-0', 2, ['a:2', 'a:3']),
  ...retiredOf('api/consul-1', 2),
  ...retiredOf('new/consul-0', 2),
  ...retiredOf('parts/kubernetes-0', 3),
  ...still,
};

/** The visible files of each bucket. */
const filesOf = {
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

const untouched = fileOf('api/dns-0', 1, ['s:1']);

/** What the buckets hold, and the files in sight, in a layout of files. */
export interface Scenario {
  readonly before: Bucket;
  readonly after: Bucket;
  readonly later: Bucket;
  readonly filesOf: Readonly<Record<'before' | 'after' | 'later', Readonly<Record<string, string>>>>;
}

/** A file for each provider. */
export const withProviderFiles: Scenario = { before, after, later, filesOf };

/** The same, but job `api` has one more provider, which stays as it is, and so one file for all of them. */
export const withJobFile: Scenario = {
  before: { ...before, ...untouched },
  after: { ...after, ...untouched },
  later: { ...later, ...untouched },
  filesOf: {
    before: joined(filesOf.before),
    after: joined(filesOf.after),
    later: joined(filesOf.later),
  },
};

/** What the file of the job holds while a list that is to go stays, because another could not be brought up to date. */
export const mixedJobFile = joined({
  'api/consul-0.json': filesOf.after['api/consul-0.json'],
  'api/consul-1.json': filesOf.before['api/consul-1.json'],
});

/** The files before the job got one for all of its providers. */
export const filesBeforeJobFile: Readonly<Record<string, string>> = {
  ...filesOf.before,
  'api/dns-0.json': listText(1, ['s:1']),
};

function joined(files: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const isOfJob = (path: string) => path.startsWith('api/');
  const own = Object.entries(files).flatMap(([path, text]) => (isOfJob(path) ? [text] : []));
  const lists = [...own, listText(1, ['s:1'])].map((text) => text.slice(2, -3));
  const others = Object.entries(files).filter(([path]) => !isOfJob(path));
  return { 'api/all.json': `[\n${lists.join(',\n')}\n]\n`, ...Object.fromEntries(others) };
}

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

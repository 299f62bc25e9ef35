import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { bytes, failure, text } from '../../lib/store/contract/probe.ts';
import { notConditional } from '../../lib/store/errors.ts';
import { createS3Store } from '../../lib/store/s3/store.ts';
import { type FakeS3, type FakeS3Options, sendError, startFakeS3 } from './fake-s3.ts';

const credentials = {
  accessKeyId: 'AKIDCANARY',
  secretAccessKey: 'canary-secret',
  sessionToken: 'canary-token',
};
const open: FakeS3[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((fake) => fake.stop()));
});

/** The fake, and what opens a store on it as another process would. */
async function disturbed(options: FakeS3Options = {}) {
  const fake = await startFakeS3(options);
  open.push(fake);
  const start = (prefix = 'prod', endpoint = fake.endpoint) =>
    createS3Store({ bucket: 'muster', prefix, endpoint, region: 'us-east-1', credentials });
  return { fake, start };
}

const markerKey = 'prod/muster-conditional-writes';

describe('the check for conditional writes', () => {
  const complaint = (why: string) =>
    `s3://muster/prod ${why}, so overlapping cycles could overwrite each other; docs/stores.md says which stores do, and since which version`;
  const letThrough = (header: string) =>
    complaint(
      `does not honour conditional writes (${header}): of 8 at once that exclude each other, 8 were let through`,
    );

  test.each([
    ['ignores If-None-Match', { honours: [] }, letThrough('If-None-Match')],
    ['ignores If-Match', { honours: ['if-none-match'] }, letThrough('If-Match')],
    ['looks first and writes later', { lookFirst: 8 }, letThrough('If-None-Match')],
  ] as const)(
    'finds a store that %s, at each start, and leaves nothing in it',
    async (_, options, message) => {
      const { fake, start } = await disturbed(options);
      for (const nth of [1, 2]) {
        expect([nth, await failure(start().verify())]).toMatchObject([nth, { kind: 'storage', message }]);
      }
      expect([...fake.objects.keys()]).toEqual([]);
    },
  );

  test('finds a store that does not know such writes', async () => {
    const { start } = await disturbed({
      before: ({ method }, response) => method === 'PUT' && sendError(response, 501, 'NotImplemented'),
    });
    expect(await failure(start().verify())).toMatchObject({
      kind: 'storage',
      message: complaint('does not know conditional writes (If-None-Match)'),
    });
  });

  test.each([
    ['https://account.r2.cloudflarestorage.com', '#cloudflare-r2'],
    ['https://s3.eu-central-003.backblazeb2.com', '#backblaze-b2'],
    ['https://storage.googleapis.com', '#google-cloud-storage'],
  ])('names the line of the table for %s', async (endpoint, line) => {
    const { message } = notConditional('s3://muster', 'does not know conditional writes', endpoint);
    expect(message).toContain(`docs/stores.md${line} says what to use instead`);
    const text = await readFile(join(import.meta.dirname, '../../docs/stores.md'), 'utf8');
    const headings = [...text.matchAll(/^## (.+)$/gm)].map(([, title = '']) =>
      title.toLowerCase().replaceAll(' ', '-'),
    );
    expect(headings).toContain(line.slice(1));
    expect(text).toContain(`](${line}) |`);
  });

  test('finds a store that refuses the etag that it gave itself, in whatever form', async () => {
    const { start } = await disturbed({
      before: ({ headers }, response) =>
        headers['if-match'] !== undefined && sendError(response, 412, 'PreconditionFailed'),
    });
    expect(await failure(start().verify())).toMatchObject({
      kind: 'storage',
      message: complaint('refuses the very etag that an object has (If-Match)'),
    });
  });

  test('races once a week, asks once in a process and leaves one small object', async () => {
    const { fake, start } = await disturbed();
    const store = start();
    await store.verify();
    expect([...fake.objects.keys()]).toEqual([markerKey]);
    const raced = fake.requests.length;
    await store.verify();
    expect(fake.requests.length).toBe(raced);

    await start().verify();
    expect(fake.requests.slice(raced).map(({ method, key }) => [method, key])).toEqual([['GET', markerKey]]);

    const marker = fake.objects.get(markerKey);
    if (marker === undefined) throw new Error('no marker');
    const weekOld = marker.body.toString().replace(/"20\d\d-[^"]*"/, '"2020-01-01T00:00:00.000Z"');
    const { 'x-amz-meta-sha256': _, ...metadata } = marker.metadata;
    fake.objects.set(markerKey, { ...marker, metadata, body: Buffer.from(weekOld) });
    await start().verify();
    expect(fake.requests.length).toBe(raced + 1 + raced);
    expect(fake.objects.get(markerKey)?.body.toString()).not.toBe(weekOld);
  });

  test.each([
    ['of another bucket', '"s3://muster/prod"', '"s3://other"'],
    ['of another endpoint', 'http://127.0.0.1:', 'http://127.0.0.2:'],
    ['of the future', '"20', '"29'],
    ['that is damaged', '"schema"', '"scheme"'],
  ])('does not believe a marker %s', async (_, from, to) => {
    const { fake, start } = await disturbed();
    await start().verify();
    const raced = fake.requests.length;
    const marker = fake.objects.get(markerKey);
    if (marker === undefined) throw new Error('no marker');
    const { 'x-amz-meta-sha256': __, ...metadata } = marker.metadata;
    const body = Buffer.from(marker.body.toString().replace(from, to));
    fake.objects.set(markerKey, { ...marker, metadata, body });
    await start().verify();
    expect(fake.requests.length).toBe(2 * raced);
  });

  test('takes a winner whose answer was lost for one', async () => {
    let lost = 0;
    const { start } = await disturbed({
      after({ method }, response) {
        if (method !== 'PUT' || lost++ > 0) return false;
        return sendError(response, 500, 'InternalError');
      },
    });
    expect((await failure(start().verify())).kind).toBe('none');
  });
});

describe('a store that compares with the bare etag, as Ceph’s gateway does', () => {
  test('is sent the bare one from the first write after the check on, also by later starts', async () => {
    const { fake, start } = await disturbed({ bareEtags: true });
    await start().verify();
    const store = start();
    await store.verify();
    const asked = fake.requests.length;
    const first = await store.put('a', bytes('1'), { condition: 'create' });
    const second = await store.put('a', bytes('2'), { condition: first });
    await store.delete('a', second);
    expect(fake.requests.slice(asked).map(({ method }) => method)).toEqual(['PUT', 'PUT', 'HEAD', 'DELETE']);
  });

  test('is written to by a process that has not checked it, and still refuses a stale etag', async () => {
    const { start } = await disturbed({ bareEtags: true });
    const store = start();
    const first = await store.put('a', bytes('1'), { condition: 'create' });
    await store.put('a', bytes('2'), { condition: first });
    expect(await failure(store.put('a', bytes('3'), { condition: first }))).toMatchObject({
      kind: 'conflict',
    });
    expect(await failure(start().delete('a', first))).toMatchObject({ kind: 'conflict' });
    expect(await text(store, 'a')).toBe('2');
    const last = await store.head('a');
    if (last === undefined) throw new Error('a is gone');
    await start().delete('a', last);
    expect(await store.list('')).toEqual([]);
  });
});

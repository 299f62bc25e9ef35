import { buffer } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from '@jest/globals';
import { bytes, failure, text } from '../../lib/store/contract/probe.ts';
import { createS3Store } from '../../lib/store/s3/store.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { cut, type FakeS3, type FakeS3Options, sendError, startFakeS3 } from './fake-s3.ts';

const credentials = {
  accessKeyId: 'AKIDCANARY',
  secretAccessKey: 'canary-secret',
  sessionToken: 'canary-token',
};
const open: FakeS3[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((fake) => fake.stop()));
});

async function disturbed(options: FakeS3Options = {}, timeouts = {}) {
  const fake = await startFakeS3(options);
  open.push(fake);
  const { endpoint } = fake;
  const store = createS3Store({ bucket: 'muster', endpoint, region: 'us-east-1', credentials, timeouts });
  const methods = () => fake.requests.map(({ method }) => method);
  return { fake, store, methods };
}

describe('a write whose answer is lost', () => {
  test('is the writer’s own when it is tried again', async () => {
    const { fake, store, methods } = await disturbed({
      after: ({ method }, response, n) => method === 'PUT' && n === 1 && cut(response),
    });
    const { etag } = await store.put('journal/1', bytes('mine'), { condition: 'create' });
    expect(await store.get('journal/1')).toEqual({ body: bytes('mine'), etag });
    expect([fake.objects.size, methods()]).toEqual([1, ['PUT', 'PUT', 'HEAD', 'GET']]);
  });

  test('is the writer’s own when it replaced what was read', async () => {
    const { store } = await disturbed({ after: (_, response, n) => n === 2 && cut(response) });
    const first = await store.put('a', bytes('one'), { condition: 'create' });
    const second = await store.put('a', bytes('two'), { condition: first });
    expect(await store.get('a')).toEqual({ body: bytes('two'), ...second });
  });

  test('is a stranger’s when the stranger was first, even with the same bytes', async () => {
    const { fake, store } = await disturbed({
      before: (_, response, n) => {
        if (n > 1) return false;
        fake.objects.set('a', { body: Buffer.from('same'), etag: '"s"', metadata: {}, modified: 0 });
        return cut(response);
      },
    });
    expect(await failure(store.put('a', bytes('same'), { condition: 'create' }))).toMatchObject({
      kind: 'conflict',
    });
  });
});

describe('a store that answers 409', () => {
  test('is asked again until it has decided', async () => {
    const { store, methods } = await disturbed({
      before: (_, response, n) => n <= 3 && sendError(response, 409, 'ConditionalRequestConflict'),
    });
    await store.put('a', bytes('x'), { condition: 'create' });
    expect([await text(store, 'a'), methods()]).toEqual(['x', ['PUT', 'PUT', 'PUT', 'PUT', 'GET']]);
  });

  test('is left alone after five attempts: the write is lost', async () => {
    const { store, methods } = await disturbed({
      before: ({ method }, response) =>
        method === 'PUT' && sendError(response, 409, 'ConditionalRequestConflict'),
    });
    expect(await failure(store.put('a', bytes('x'), { condition: 'create' }))).toMatchObject({
      kind: 'conflict',
      message:
        's3://muster: s3:PutObject of a lost to another writer each time it was tried (409, ConditionalRequestConflict, request REQUEST1)',
    });
    expect(methods()).toEqual(['PUT', 'PUT', 'PUT', 'PUT', 'PUT', 'HEAD']);
  });
});

describe('an answer’s body', () => {
  test('that hangs after the headers ends with the idle time', async () => {
    const { store } = await disturbed(
      {
        before: ({ method }, response) => {
          if (method !== 'GET') return false;
          response.writeHead(200, { etag: '"x"', 'content-length': '100' }).write('half');
          return true;
        },
      },
      { idle: 3000 },
    );
    const { kind, message } = await failure(store.get('a'));
    expect([kind, message]).toEqual([
      'timeout',
      's3://muster: the answer for a stopped after 4 bytes for 3000 ms',
    ]);
  });

  test('that hangs ends with the caller’s signal', async () => {
    const { store } = await disturbed({
      before: (_, response) => {
        response.writeHead(200, { etag: '"x"', 'content-length': '100' }).write('half');
        return true;
      },
    });
    expect(await failure(store.get('a', { signal: AbortSignal.timeout(200) }))).toMatchObject({
      kind: 'timeout',
      message: 's3://muster: reading a was cut off by the deadline',
    });
  });

  test('that is cut off is fetched again', async () => {
    const { fake, store, methods } = await disturbed({
      before: ({ method }, response, n) => {
        if (method !== 'GET' || n > 2) return false;
        response.writeHead(200, { etag: '"x"', 'content-length': '100' });
        response.write('half', () => response.destroy());
        return true;
      },
    });
    await store.put('a', bytes('whole'), { condition: 'any' });
    expect([await text(store, 'a'), methods(), fake.objects.size]).toEqual([
      'whole',
      ['PUT', 'GET', 'GET'],
      1,
    ]);
  });

  test('that is not what was written is refused', async () => {
    const { fake, store } = await disturbed();
    await store.put('a', bytes('good'), { condition: 'any' });
    const stored = fake.objects.get('a');
    if (stored) fake.objects.set('a', { ...stored, body: Buffer.from('evil') });
    expect(await failure(store.get('a'))).toMatchObject({
      kind: 'storage',
      message:
        's3://muster: digest mismatch: a is not what was written (its sha256 metadata says so); restore or delete it',
    });
  });

  test('that somebody else wrote, without a digest, is taken as it is', async () => {
    const { fake, store } = await disturbed();
    fake.objects.set('a', { body: Buffer.from('by hand'), etag: '"h"', metadata: {}, modified: 0 });
    expect(await store.get('a')).toEqual({ body: bytes('by hand'), etag: '"h"' });
  });

  test('that says it is over the limit is not downloaded', async () => {
    const { store } = await disturbed({
      before: (_, response) => {
        response.writeHead(200, { etag: '"x"', 'content-length': '5000' }).write('the rest never comes');
        return true;
      },
    });
    expect(await failure(store.get('a', { maxBytes: 4999 }))).toMatchObject({ kind: 'too-large' });
  });
});

describe('an answer’s body, read piece by piece', () => {
  const read = async (store: ObjectStore) => {
    const found = await store.open('a');
    if (found === undefined) throw new Error(`it is ${found}`);
    return buffer(found.chunks);
  };

  test('that is cut off is not whole', async () => {
    const { store } = await disturbed({
      before: (_, response) => {
        response.writeHead(200, { etag: '"x"', 'content-length': '100' });
        response.write('half', () => response.destroy());
        return true;
      },
    });
    expect(await failure(read(store))).toEqual(
      expect.objectContaining({
        kind: 'unreachable',
        message: 's3://muster: the answer for a was cut off after 4 bytes',
      }),
    );
  });

  test('that is not what was written is refused at its end', async () => {
    const { fake, store } = await disturbed();
    await store.put('a', bytes('good'), { condition: 'any' });
    const stored = fake.objects.get('a');
    if (stored) fake.objects.set('a', { ...stored, body: Buffer.from('evil') });
    expect(await failure(read(store))).toMatchObject({
      kind: 'storage',
      code: 'digest-mismatch',
    });
  });
});

describe('a listing', () => {
  const page = (content: string) => `<ListBucketResult>${content}</ListBucketResult>`;
  test.each([
    [
      'a page that says more and gives no token',
      page('<IsTruncated>true</IsTruncated>'),
      'a page says that there is more, but not where',
    ],
    [
      'a token that comes twice',
      page('<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>'),
      'a continuation token comes twice',
    ],
    [
      'an answer that is no listing',
      '<html><body>Welcome to the wireless</body></html>',
      'the answer is no S3 listing',
    ],
    [
      'an object without an etag',
      page('<IsTruncated>false</IsTruncated><Contents><Key>targets/a</Key><Size>1</Size></Contents>'),
      'targets/a has no etag, size or time',
    ],
  ])('with %s is an error, not a shorter list', async (_, content, why) => {
    const { store } = await disturbed({
      before: (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/xml' }).end(content);
        return true;
      },
    });
    expect(await failure(store.list('targets/'))).toMatchObject({
      kind: 'storage',
      message: `s3://muster: the listing of targets/ is unusable: ${why}`,
    });
  });

  test('leaves out what is no key', async () => {
    const { fake, store } = await disturbed();
    const stray = { body: Buffer.from('x'), etag: '"x"', metadata: {}, modified: 1_700_000_000_000 };
    for (const key of ['targets/', 'targets/../x', 'targets/a.json', '/targets/b', 'other/c']) {
      fake.objects.set(key, stray);
    }
    expect(await store.list('targets/')).toEqual([
      { key: 'targets/a.json', etag: '"x"', size: 1, modified: 1_700_000_000_000 },
    ]);
  });
});

describe('removing one write of an object', () => {
  test('says which one in the request, and looks before it asks', async () => {
    const { fake, store } = await disturbed();
    const { etag } = await store.put('a', bytes('x'), { condition: 'create' });
    await store.delete('a', { etag });
    expect(fake.requests.slice(1).map(({ method, headers }) => [method, headers['if-match']])).toEqual([
      ['HEAD', undefined],
      ['DELETE', etag],
    ]);
    expect(fake.objects.size).toBe(0);
  });

  test('leaves another write alone in a store that passes over the condition', async () => {
    const { store } = await disturbed({ honours: ['if-match', 'if-none-match'] });
    const first = await store.put('a', bytes('1'), { condition: 'create' });
    const second = await store.put('a', bytes('2'), { condition: first });
    expect(await failure(store.delete('a', first))).toMatchObject({ kind: 'conflict' });
    expect(await store.head('a')).toEqual(second);
  });

  test('leaves a write alone that came after the look', async () => {
    const { fake, store } = await disturbed({
      before({ method, key }) {
        if (method === 'DELETE')
          fake.objects.set(key, { body: Buffer.from('2'), etag: '"2"', metadata: {}, modified: 0 });
        return false;
      },
    });
    const first = await store.put('a', bytes('1'), { condition: 'create' });
    expect(await failure(store.delete('a', first))).toMatchObject({ kind: 'conflict' });
    expect(await store.head('a')).toEqual({ etag: '"2"' });
  });

  test('works where a store does not know the condition', async () => {
    const { fake, store } = await disturbed({
      before: ({ method, headers }, response) =>
        method === 'DELETE' && headers['if-match'] !== undefined
          ? sendError(response, 501, 'NotImplemented')
          : false,
    });
    const first = await store.put('a', bytes('1'), { condition: 'create' });
    await store.delete('a', first);
    expect(fake.objects.size).toBe(0);
  });
});

import { afterEach, describe, expect, test } from '@jest/globals';
import { createS3Store } from '../../lib/store/s3.ts';
import { type FakeS3, type FakeS3Options, sendError, startFakeS3 } from './fake-s3.ts';
import { failure } from './probe.ts';

const credentials = {
  accessKeyId: 'AKIDCANARY',
  secretAccessKey: 'canary-secret',
  sessionToken: 'canary-token',
};
const open: FakeS3[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((fake) => fake.stop()));
});

async function disturbed(options: FakeS3Options = {}) {
  const fake = await startFakeS3(options);
  open.push(fake);
  const store = createS3Store({
    bucket: 'muster',
    prefix: 'prod',
    endpoint: fake.endpoint,
    region: 'us-east-1',
    credentials,
  });
  return { fake, store };
}

describe('the check for conditional writes', () => {
  const complaint = (header: string) =>
    `s3://muster/prod ignores conditional writes (${header}), so overlapping cycles could overwrite each other; use S3 or a store which honours them`;

  test.each([
    ['If-None-Match', []],
    ['If-Match', ['if-none-match']],
  ] as const)('finds a store that ignores %s, at each start', async (header, honours) => {
    const { fake, store } = await disturbed({ honours });
    for (const start of [1, 2]) {
      expect([start, await failure(store.verify())]).toMatchObject([
        start,
        { kind: 'storage', message: complaint(header) },
      ]);
    }
    expect(fake.requests.length).toBeLessThanOrEqual(6);
  });

  test('finds a store that does not know such writes', async () => {
    const { store } = await disturbed({
      before: (_request, response) => sendError(response, 501, 'NotImplemented'),
    });
    expect(await failure(store.verify())).toMatchObject({
      kind: 'storage',
      message: complaint('If-None-Match'),
    });
  });

  test('costs three requests once, later two that write nothing', async () => {
    const { fake, store } = await disturbed();
    await store.verify();
    const [first] = fake.objects.values();
    expect([fake.requests.length, [...fake.objects.keys()]]).toEqual([3, ['prod/muster-conditional-writes']]);
    await store.verify();
    expect([fake.requests.length, [...fake.objects.values()]]).toEqual([5, [first]]);
  });
});

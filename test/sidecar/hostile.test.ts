import { mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { createLogger } from '../../lib/base/logger.ts';
import { createReporter } from '../../lib/sidecar/mirror/round.ts';
import { createSyncMetrics } from '../../lib/sidecar/serve/metrics.ts';
import { createS3Store } from '../../lib/store/s3/store.ts';
import { startFakeS3 } from '../store/fake-s3.ts';
import {
  afterThisTest,
  cleanUpAfterEach,
  makeFolder,
  openTestFolder,
  round,
  summary,
  targets,
  visibleFiles,
} from './world.ts';

cleanUpAfterEach();

interface Hostile {
  readonly body: string | Buffer;
  /** What the listing says; by default the truth. */
  readonly size?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

const fiveGigabytes = 5 * 2 ** 30;
const deep = 1_000_000;

/** Names below `targets/`, as nobody of good will makes them, with good content: only the name is wrong. */
const names = [
  '../../escaped/consul-0.json',
  '/etc/consul-0.json',
  'nul\0/consul-0.json',
  `${'n'.repeat(4096)}/consul-0.json`,
  `${'n'.repeat(900)}/consul-0.json`,
  'a//consul-0.json',
  '.muster/consul-0.json',
  '%2e%2e/consul-0.json',
  'line\nbreak/consul-0.json',
  'api/consul-0.json/consul-0.json',
];

const objects: Readonly<Record<string, Hostile>> = {
  ...Object.fromEntries(names.map((name) => [name, { body: targets('evil:1') }])),
  'big/consul-0.json': { body: '[', size: fiveGigabytes },
  'understated/consul-0.json': { body: '[', size: 10, headers: { 'content-length': `${fiveGigabytes}` } },
  'bomb/consul-0.json': {
    body: gzipSync(Buffer.alloc(50 << 20, ' ')),
    headers: { 'content-encoding': 'gzip' },
  },
  'digest/consul-0.json': { body: targets('evil:1'), headers: { 'x-amz-meta-sha256': '0'.repeat(64) } },
  'utf8/consul-0.json': { body: Buffer.from('[{"targets":["\xff:1"]}]', 'latin1') },
  'deep/consul-0.json': { body: '['.repeat(deep) + ']'.repeat(deep) },
  'deeper/consul-0.json': {
    body: `[{"targets":[],"labels":{"a":${'{"a":'.repeat(deep)}1${'}'.repeat(deep)}}}]`,
  },
  'other/consul-0.json': { body: '{"groups":[{"targets":["evil:1"]}]}' },
  'proto/consul-0.json': { body: '[{"targets":["evil:1"],"__proto__":{"polluted":"yes"}}]' },
};

const good = { 'api/consul-0.json': targets('a:1'), 'zzz/consul-0.json': targets('z:1') };

/** A bucket that lists and answers whatever it likes. */
async function hostileStore(bucket: Readonly<Record<string, Hostile>>) {
  const fake = await startFakeS3({
    before({ key, query }, response) {
      if (query.has('list-type')) {
        const contents = Object.entries(bucket).map(([name, { body, size = body.length }]) => {
          const encoded = `targets/${name}`.split('/').map(encodeURIComponent).join('/');
          return `<Contents><Key>${encoded}</Key><LastModified>2026-01-02T03:04:05Z</LastModified><ETag>"1"</ETag><Size>${size}</Size></Contents>`;
        });
        response
          .writeHead(200, { 'content-type': 'application/xml' })
          .end(
            `<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>${contents.join('')}</ListBucketResult>`,
          );
        return true;
      }
      const found = bucket[key.slice('targets/'.length)];
      if (found === undefined) return false;
      response.writeHead(200, { etag: '"1"', ...found.headers }).write(found.body);
      // A body that was announced longer hangs, as a hostile one would.
      if (found.headers?.['content-length'] === undefined) response.end();
      return true;
    },
  });
  afterThisTest(() => fake.stop());
  const credentials = { accessKeyId: 'x', secretAccessKey: 'y' };
  const store = createS3Store({
    bucket: 'hostile',
    endpoint: fake.endpoint,
    region: 'eu-west-1',
    credentials,
  });
  afterThisTest(() => store[Symbol.asyncDispose]());
  return { store, fake };
}

test('a hostile bucket: nothing leaves the folder, the rest is mirrored, and each culprit is named', async () => {
  const bucket: Record<string, Hostile> = { 'api/consul-0.json': { body: good['api/consul-0.json'] } };
  const { store, fake } = await hostileStore(bucket);
  const root = await makeFolder();
  const path = join(root, 'a/b/c');
  await mkdir(join(root, 'a/b'), { recursive: true });
  const folder = await openTestFolder(path);
  await round(store, folder);
  Object.assign(bucket, objects, { 'zzz/consul-0.json': { body: good['zzz/consul-0.json'] } });
  const done = await round(store, folder);
  expect(summary(done)).toEqual({
    changes: ['written zzz/consul-0.json'],
    rejections: expect.arrayContaining([
      ...names.map((name) => `key targets/${name}`),
      'too-large targets/big/consul-0.json',
      'too-large targets/understated/consul-0.json',
      'digest targets/digest/consul-0.json',
      ...['bomb', 'utf8', 'deep', 'deeper', 'other', 'proto'].map(
        (job) => `invalid targets/${job}/consul-0.json`,
      ),
    ]),
    errors: [],
  });
  expect(done.rejections).toHaveLength(names.length + 9);
  expect(await visibleFiles(path)).toEqual(good);
  expect([await readdir(root), await readdir(join(root, 'a')), await readdir(dirname(path))]).toEqual([
    ['a'],
    ['b'],
    ['c'],
  ]);
  expect(fake.requests.some(({ key }) => key === 'targets/big/consul-0.json')).toBe(false);
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);

  const metrics = createSyncMetrics({ version: '1' });
  const lines: string[] = [];
  metrics.of('').record(done, 1, folder);
  createReporter(createLogger({ level: 'info', write: (line) => lines.push(line) }))(done, 1);
  const text = await metrics.registry.metrics();
  expect(text).toContain('muster_sync_rejected_objects{reason="key"} 10\n');
  for (const job of ['big', 'digest', 'deep']) {
    expect(text).toMatch(
      new RegExp(`rejected_object_info\\{reason="[\\w-]+",key="targets/${job}/consul-0.json"\\} 1`),
    );
    expect(lines.join('')).toMatch(new RegExp(`level=warn msg=.* key=targets/${job}/consul-0.json reason=`));
  }
  expect(lines.every((line) => line.indexOf('\n') === line.length - 1 && line.length < 6000)).toBe(true);
});

test('a bad digest is asked for again, since it may have been spoilt on the way; what is invalid is not', async () => {
  const bad = Object.fromEntries(
    ['digest', 'utf8'].map((job) => [
      `${job}/consul-0.json`,
      objects[`${job}/consul-0.json`] ?? { body: '' },
    ]),
  );
  const { store, fake } = await hostileStore(bad);
  const folder = await openTestFolder(await makeFolder());
  for (let turn = 0; turn < 3; turn += 1) await round(store, folder);
  const asked = fake.requests.map(({ key }) => key).filter((key) => key !== '');
  expect(asked.toSorted()).toEqual([
    ...Array(3).fill('targets/digest/consul-0.json'),
    'targets/utf8/consul-0.json',
  ]);
});

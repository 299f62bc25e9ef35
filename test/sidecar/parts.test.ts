import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { createMemoryStore } from '../../lib/store/memory.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { readVersionMark } from '../../lib/targets/file-sd.ts';
import { decodeFileSd } from '../../lib/targets/file-sd-reader.ts';
import { fileOf, fill, joinedText, listOf, listText } from '../support/bucket.ts';
import { watchStore } from './counting-store.ts';
import {
  changed,
  cleanUpAfterEach,
  makeFolder,
  openTestFolder,
  round,
  summary,
  visibleFiles,
} from './world.ts';

cleanUpAfterEach();

const file = 'api/kubernetes-0.json';
const name = 'api/kubernetes-0';
const manifest = 'targets/api/kubernetes-0.manifest';
const a = { since: 1, list: ['a:1'] };
const b = { since: 1, list: ['b:1', 'b:2'] };
const c = { since: 1, list: ['c:1'] };
const three = listOf(name, 1, [a, b, c]);

/** A list in parts that was mirrored once, from a store that notes what is read from now on. */
async function world(objects = three) {
  const memory = createMemoryStore();
  await fill(memory, objects);
  const path = await makeFolder();
  const folder = await openTestFolder(path);
  const first = await round(memory, folder);
  return { memory, ...watchStore(memory), path, folder, first };
}

const seen = async (path: string) => (await visibleFiles(path))[file] ?? '';
const keptParts = (path: string) => readdir(join(path, '.muster/parts'));
const partKeys = (objects: Readonly<Record<string, string>>) =>
  Object.keys(objects).filter((key) => key.startsWith('parts/'));

describe('a list in parts', () => {
  test('is one file that begins with its version, in the order of the manifest', async () => {
    const { path, first } = await world();
    expect(summary(first)).toEqual(changed(`written ${file}`));
    expect(await visibleFiles(path)).toEqual({ [file]: joinedText(1, [a.list, b.list, c.list]) });
    expect(readVersionMark(Buffer.from(await seen(path)))).toEqual({ store: 'store-of-tests', version: 1 });
  });

  test('costs nothing while it does not change', async () => {
    const { store, reads, folder } = await world();
    expect(summary(await round(store, folder))).toEqual(changed());
    expect(reads).toEqual([]);
  });

  test('only its manifest and the parts that are new are read, also after a restart', async () => {
    const { memory, store, reads, path, folder } = await world();
    const second = listOf(name, 2, [a, { since: 2, list: ['n:1'] }, c]);
    await fill(memory, second);
    expect(summary(await round(store, folder))).toEqual(changed(`written ${file}`));
    folder.close();
    const third = listOf(name, 3, [a, { since: 2, list: ['n:1'] }, { since: 3, list: [] }]);
    await fill(memory, third);
    expect(summary(await round(store, await openTestFolder(path)))).toEqual(changed(`written ${file}`));
    expect(reads.map((key) => key.replace(/ unless .*/, ''))).toEqual([
      manifest,
      partKeys(second)[1],
      manifest,
      partKeys(third)[2],
    ]);
    expect(await seen(path)).toBe(joinedText(3, [a.list, ['n:1'], []]));
    expect(await keptParts(path)).toHaveLength(3);
  });

  test('a manifest that was written again for the same version, as when old parts were cleared, reads no part', async () => {
    const { memory, store, reads, folder } = await world();
    const again = JSON.parse(three[manifest] ?? '');
    const replaced = [{ name: `${'0'.repeat(12)}-${'0'.repeat(64)}`, at: '2026-01-01T00:00:00.000Z' }];
    await fill(memory, { [manifest]: JSON.stringify({ ...again, replaced }) });
    expect(summary(await round(store, folder))).toEqual(changed());
    expect(reads).toHaveLength(1);
    expect(summary(await round(store, folder))).toEqual(changed());
    expect(reads).toHaveLength(1);
  });

  test('parts that got lost or were damaged on disk are read anew', async () => {
    const { memory, store, reads, path, folder } = await world();
    const parts = await Promise.all(
      (await keptParts(path)).map(async (part) => {
        const at = join(path, '.muster/parts', part);
        return { at, text: await readFile(at, 'utf8') };
      }),
    );
    await rm(parts.find(({ text }) => text.includes('"a:1"'))?.at ?? '');
    await writeFile(parts.find(({ text }) => text.includes('"b:1"'))?.at ?? '', 'rubbish');
    await fill(memory, listOf(name, 2, [a, b, { since: 2, list: ['n:1'] }]));
    await round(store, folder);
    expect(reads).toHaveLength(4);
    expect(await seen(path)).toBe(joinedText(2, [a.list, b.list, ['n:1']]));
  });

  test('a file that was damaged is put together again without a part from the store', async () => {
    const { store, reads, path, folder } = await world();
    await writeFile(join(path, file), 'rubbish');
    expect(summary(await round(store, folder))).toEqual(changed(`written ${file}`));
    expect(reads).toEqual([manifest]);
    expect(await seen(path)).toBe(joinedText(1, [a.list, b.list, c.list]));
  });

  test('a part that is not there keeps the last good file, until it is', async () => {
    const { memory, path, folder } = await world();
    const { [manifest]: text = '', ...parts } = listOf(name, 2, [a, { since: 2, list: ['n:1'] }, c]);
    await fill(memory, { [manifest]: text });
    expect((await round(memory, folder)).rejections).toEqual([
      {
        key: manifest,
        reason: 'incomplete',
        message: expect.stringMatching(
          /^targets\/api\/kubernetes-0\.manifest names version 2, but its part 000000000002-[0-9a-f]{64} is missing; it is fetched again; its last good file stays$/,
        ),
      },
    ]);
    expect(await seen(path)).toBe(joinedText(1, [a.list, b.list, c.list]));
    await fill(memory, parts);
    expect(summary(await round(memory, folder))).toEqual(changed(`written ${file}`));
  });

  test.each([
    ['other bytes', () => '[]'],
    ['a target more', (text: string) => text.replace('["n:1"]', '["n:1","evil:1"]')],
  ])('a part with %s than its name says keeps the last good file', async (_, spoil) => {
    const { memory, path, folder } = await world();
    const second = listOf(name, 2, [a, { since: 2, list: ['n:1'] }, c]);
    const [, key = ''] = partKeys(second);
    await fill(memory, second, { [key]: spoil(second[key] ?? '') });
    expect(summary(await round(memory, folder)).rejections).toEqual([`digest ${manifest}`]);
    expect(await seen(path)).toBe(joinedText(1, [a.list, b.list, c.list]));
  });

  test.each([
    ['rubbish', '{', 'invalid'],
    ['of a later Muster', '{"schema":3}', 'newer'],
    ['whose sum is wrong', three[manifest]?.replace('"targets": 4', '"targets": 5'), 'invalid'],
  ])('a manifest that is %s keeps the last good file, and is not read again', async (_, text, reason) => {
    const { memory, store, reads, path, folder } = await world();
    await fill(memory, { [manifest]: text });
    expect(summary(await round(store, folder)).rejections).toEqual([`${reason} ${manifest}`]);
    expect(summary(await round(store, folder)).rejections).toEqual([`${reason} ${manifest}`]);
    expect(reads).toHaveLength(1);
    expect(await seen(path)).toBe(joinedText(1, [a.list, b.list, c.list]));
  });

  test('objects of shards, as they were before there were manifests, are told and left alone', async () => {
    const { memory, path, folder } = await world();
    await fill(memory, { 'targets/api/consul-0.0.json': '[]' });
    expect(summary(await round(memory, folder))).toEqual({
      changes: [],
      rejections: ['key targets/api/consul-0.0.json'],
      errors: [],
    });
    expect(Object.keys(await visibleFiles(path))).toEqual([file]);
  });
});

describe('a target file and a manifest side by side', () => {
  test('the higher version counts, whichever it is, and is read once', async () => {
    const { memory, store, reads, path, folder } = await world();
    await fill(memory, fileOf(name, 2, ['z:1']));
    expect(summary(await round(store, folder))).toEqual(changed(`written ${file}`));
    expect(await seen(path)).toBe(listText(2, ['z:1']));
    expect(summary(await round(store, folder))).toEqual(changed());
    expect(reads).toEqual(['targets/api/kubernetes-0.json']);
    await fill(memory, { [manifest]: undefined });
    expect(summary(await round(store, folder))).toEqual(changed());
    await fill(memory, listOf(name, 3, [a, b]));
    expect(summary(await round(store, folder))).toEqual(changed(`written ${file}`));
    expect(await seen(path)).toBe(joinedText(3, [a.list, b.list]));
  });

  test('one that lags behind is passed over', async () => {
    const { memory, path, folder } = await world(listOf(name, 5, [a, b]));
    await fill(memory, fileOf(name, 4, ['z:1']));
    expect(summary(await round(memory, folder))).toEqual(changed());
    expect(await seen(path)).toBe(joinedText(5, [a.list, b.list]));
  });
});

test('while the backend changes without a pause, each file in sight is one version, and none is starved', async () => {
  const memory = createMemoryStore();
  let version = 0;
  const committed = new Map<number, string>();
  // Each version changes two of three parts, as a publisher would: parts first, the manifest last.
  const publish = async () => {
    version += 1;
    const lists = [[`a:${version}`], ['same:1'], [`c:${version}`, `d:${version}`]];
    const since = [version, 1, version];
    committed.set(version, joinedText(version, lists));
    await fill(
      memory,
      listOf(
        name,
        version,
        lists.map((list, index) => ({ since: since[index] ?? 1, list })),
      ),
    );
  };
  await publish();
  // Before each answer the backend has changed again.
  const store: ObjectStore = {
    ...memory,
    async get(key, options) {
      const found = await memory.get(key, options);
      await publish();
      return found;
    },
    async list(prefix, options) {
      const found = await memory.list(prefix, options);
      await publish();
      return found;
    },
  };
  const path = await makeFolder();
  const folder = await openTestFolder(path);
  let last = 0;
  for (let turn = 0; turn < 50; turn += 1) {
    expect(summary(await round(store, folder))).toEqual(changed(`written ${file}`));
    const text = await seen(path);
    const shown = readVersionMark(Buffer.from(text))?.version ?? 0;
    expect(text).toBe(committed.get(shown));
    expect(shown).toBeGreaterThan(last);
    last = shown;
  }
  expect(decodeFileSd(Buffer.from(await seen(path)))).toHaveLength(5);
});

import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { decodeFileSd } from '../../lib/target/file-sd.ts';
import {
  changed,
  cleanUpAfterEach,
  openTestFolder,
  publish,
  round,
  summary,
  syncedWorld,
  targets,
  visibleFiles,
} from './world.ts';

cleanUpAfterEach();

const file = 'api/kubernetes-0.json';
const shard = (index: number) => `api/kubernetes-0.${index}.json`;
const three = { [shard(0)]: targets('a:1'), [shard(1)]: targets('b:1', 'b:2'), [shard(2)]: targets('c:1') };

async function addresses(path: string): Promise<readonly string[]> {
  const text = (await visibleFiles(path))[file] ?? '';
  return decodeFileSd(Buffer.from(text)).flatMap((group) => group.targets);
}

const keptParts = (path: string) => readdir(join(path, '.muster/parts'));

describe('a provider in shards', () => {
  test('is one file, in the order of the shards', async () => {
    const { path, first } = await syncedWorld(three);
    expect(summary(first)).toEqual(changed(`written ${file}`));
    expect(Object.keys(await visibleFiles(path))).toEqual([file]);
    expect(await addresses(path)).toEqual(['a:1', 'b:1', 'b:2', 'c:1']);
  });

  test('is put together in the order of numbers, not of text', async () => {
    const eleven = Object.fromEntries(
      Array.from({ length: 11 }, (_, index) => [shard(index), targets(`a:${index}`)]),
    );
    const { path } = await syncedWorld(eleven);
    expect(await addresses(path)).toEqual(Array.from({ length: 11 }, (_, index) => `a:${index}`));
  });

  test('only the shard that changed is read, also after a restart', async () => {
    const { memory, store, reads, path, folder } = await syncedWorld(three);
    await publish(memory, { [shard(1)]: targets('new:1') });
    expect(summary(await round(store, folder))).toEqual(changed(`written ${file}`));
    folder.close();
    await publish(memory, { [shard(2)]: targets('new:2') });
    expect(summary(await round(store, await openTestFolder(path)))).toEqual(changed(`written ${file}`));
    expect(reads).toEqual([`targets/${shard(1)} unless "2"`, `targets/${shard(2)} unless "3"`]);
    expect(await addresses(path)).toEqual(['a:1', 'new:1', 'new:2']);
    expect(await keptParts(path)).toHaveLength(3);
  });

  test('parts that got lost or were damaged on disk are read anew', async () => {
    const { memory, store, reads, path, folder } = await syncedWorld(three);
    const parts = await Promise.all(
      (await keptParts(path)).map(async (name) => {
        const part = join(path, '.muster/parts', name);
        return { part, text: await readFile(part, 'utf8') };
      }),
    );
    const partOf = (text: string) => parts.find((one) => one.text === text)?.part ?? '';
    await rm(partOf(targets('a:1')));
    await writeFile(partOf(targets('b:1', 'b:2')), targets('evil:1'));
    await publish(memory, { [shard(2)]: targets('new:1') });
    await round(store, folder);
    expect([...reads].sort()).toEqual([
      `targets/${shard(0)}`,
      `targets/${shard(1)}`,
      `targets/${shard(2)} unless "3"`,
    ]);
    expect(await addresses(path)).toEqual(['a:1', 'b:1', 'b:2', 'new:1']);
  });

  test('a file that was damaged is put together again without the store', async () => {
    const { store, reads, path, folder } = await syncedWorld(three);
    await writeFile(join(path, file), 'rubbish');
    expect(summary(await round(store, folder))).toEqual(changed(`written ${file}`));
    expect(reads).toEqual([]);
    expect(await addresses(path)).toEqual(['a:1', 'b:1', 'b:2', 'c:1']);
  });

  test('a missing shard holds the file until it is there', async () => {
    const { memory, path, folder } = await syncedWorld(three);
    await publish(memory, { [shard(0)]: targets('new:1'), [shard(1)]: undefined });
    expect((await round(memory, folder)).rejections).toEqual([
      {
        key: `targets/${shard(0)}`,
        reason: 'incomplete',
        message: `"${file}" lacks shard 1; the last good file stays until the publisher has finished`,
      },
    ]);
    expect(await addresses(path)).toEqual(['a:1', 'b:1', 'b:2', 'c:1']);
    await publish(memory, { [shard(1)]: targets('new:2') });
    await round(memory, folder);
    expect(await addresses(path)).toEqual(['new:1', 'new:2', 'c:1']);
  });

  test('one bad shard holds the whole file', async () => {
    const { memory, path, folder } = await syncedWorld(three);
    await publish(memory, { [shard(0)]: targets('new:1'), [shard(2)]: '[{]' });
    expect(summary(await round(memory, folder)).rejections).toEqual([`invalid targets/${shard(0)}`]);
    expect(await addresses(path)).toEqual(['a:1', 'b:1', 'b:2', 'c:1']);
  });

  test('going from one object to shards and back never shows a target twice', async () => {
    const { memory, path, folder } = await syncedWorld({ [file]: targets('a:1', 'b:1') });
    await publish(memory, { [shard(0)]: targets('a:1'), [shard(1)]: targets('b:1') });
    expect(summary(await round(memory, folder)).rejections).toEqual([`incomplete targets/${shard(0)}`]);
    await publish(memory, { [file]: undefined });
    expect(summary(await round(memory, folder))).toEqual(changed(`written ${file}`));
    expect(await addresses(path)).toEqual(['a:1', 'b:1']);
    await publish(memory, { [file]: targets('z:1'), [shard(0)]: undefined, [shard(1)]: undefined });
    expect(summary(await round(memory, folder))).toEqual(changed(`written ${file}`));
    expect(await addresses(path)).toEqual(['z:1']);
    expect(await keptParts(path)).toEqual([]);
  });
});

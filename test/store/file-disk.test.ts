import { execFileSync } from 'node:child_process';
import { lstat, mkdir, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { bytes, failure, outcome, text } from '../../lib/store/contract/probe.ts';
import { createFileStore } from '../../lib/store/folder/store.ts';
import { newFolder } from './folders.ts';

async function newStore() {
  const folder = await newFolder();
  return { folder, store: createFileStore(folder) };
}

/** What each operation on the key comes to. */
async function attempts(store: ReturnType<typeof createFileStore>, key: string) {
  return [
    await outcome(store.get(key)),
    await outcome(store.head(key)),
    await outcome(store.put(key, bytes('new'), { condition: 'any' })),
    await outcome(store.delete(key)),
  ];
}
const refused = ['storage', 'storage', 'storage', 'storage'];

describe('links and other things that are no plain files', () => {
  test('an object that is a symbolic link is not read, written, removed or listed', async () => {
    const { folder, store } = await newStore();
    const outside = await newFolder();
    await writeFile(join(outside, 'secret'), 'secret');
    await symlink(join(outside, 'secret'), join(folder, 'a'));
    await symlink(join(outside, 'nothing'), join(folder, 'dangling'));
    expect(await attempts(store, 'a')).toEqual(refused);
    expect(await attempts(store, 'dangling')).toEqual(refused);
    expect(await store.list('')).toEqual([]);
    expect([await readdir(outside), await readFile(join(outside, 'secret'), 'utf8')]).toEqual([
      ['secret'],
      'secret',
    ]);
    expect(await failure(store.get('a'))).toMatchObject({
      message: `${store.url}: a is a symbolic link or leads through one (or is no plain file): remove it, the store holds plain files only`,
    });
  });

  test('a folder that is a symbolic link leads nowhere', async () => {
    const { folder, store } = await newStore();
    const outside = await newFolder();
    await mkdir(join(outside, 'deeper'));
    await writeFile(join(outside, 'a'), 'outside');
    await symlink(outside, join(folder, 'link'));
    expect(await attempts(store, 'link/a')).toEqual(refused);
    expect(await attempts(store, 'link/deeper/b')).toEqual(refused);
    expect(await store.list('')).toEqual([]);
    expect(await failure(store.list('link/'))).toMatchObject({ kind: 'storage' });
    expect((await readdir(outside)).toSorted()).toEqual(['a', 'deeper']);
  });

  test.each(['.tmp', '.lock'])('%s as a symbolic link stops all writing', async (name) => {
    const { folder, store } = await newStore();
    const outside = await newFolder();
    await symlink(name === '.tmp' ? outside : join(outside, 'lock'), join(folder, name));
    expect(await failure(store.put('a', bytes('x'), { condition: 'any' }))).toMatchObject({
      kind: 'storage',
    });
    expect([await store.list(''), await readdir(outside)]).toEqual([[], []]);
  });

  test('a named pipe does not hold up a reader', async () => {
    const { folder, store } = await newStore();
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    expect(await attempts(store, 'pipe')).toEqual(refused);
    expect(await store.list('')).toEqual([]);
  });

  test('the folder itself may be a link, and its files are plain', async () => {
    const { folder } = await newStore();
    await symlink(folder, `${folder}-link`);
    const store = createFileStore(`${folder}-link`);
    await store.put('targets/a.json', bytes('[]'), { condition: 'create' });
    expect([
      await text(store, 'targets/a.json'),
      await readFile(join(folder, 'targets/a.json'), 'utf8'),
    ]).toEqual(['[]', '[]']);
  });
});

describe('a key that is another one’s folder', () => {
  test('is refused, and is free again when the folder is empty', async () => {
    const { folder, store } = await newStore();
    await store.put('a/b/c', bytes('x'), { condition: 'create' });
    expect(await failure(store.put('a/b', bytes('y'), { condition: 'any' }))).toMatchObject({
      kind: 'storage',
      message: `${store.url}: a/b would be both a file and a folder, which a disk cannot hold: rename one of them`,
    });
    expect([await store.get('a/b'), await store.head('a/b')]).toEqual([undefined, undefined]);
    await store.delete('a/b');
    expect(await text(store, 'a/b/c')).toBe('x');
    await store.delete('a/b/c');
    expect((await readdir(folder)).toSorted()).toEqual(['.lock', '.tmp']);
    await store.put('a', bytes('z'), { condition: 'create' });
    expect(await failure(store.put('a/b', bytes('y'), { condition: 'any' }))).toMatchObject({
      kind: 'storage',
    });
    expect([await store.get('a/b'), (await store.list('')).map(({ key }) => key)]).toEqual([
      undefined,
      ['a'],
    ]);
  });
});

describe('people and programs that touch the folder', () => {
  test('a file edited by hand is a new version', async () => {
    const { folder, store } = await newStore();
    const written = await store.put('a', bytes('mine'), { condition: 'create' });
    await writeFile(join(folder, 'a'), 'his!');
    expect(await outcome(store.put('a', bytes('new'), { condition: written }))).toBe('conflict');
    expect([await text(store, 'a'), await store.getIfChanged('a', written.etag)]).toMatchObject([
      'his!',
      { body: bytes('his!') },
    ]);
  });

  test('a folder that was removed is made anew', async () => {
    const { folder, store } = await newStore();
    await store.put('a/b', bytes('x'), { condition: 'create' });
    await rm(folder, { recursive: true });
    expect([await store.get('a/b'), await store.list('')]).toEqual([undefined, []]);
    await store.put('a/b', bytes('y'), { condition: 'create' });
    expect(await text(store, 'a/b')).toBe('y');
    await rm(folder, { recursive: true });
    await store.delete('a/b');
    await rm(folder, { recursive: true });
    await store.verify();
    expect(await store.list('')).toEqual([]);
  });

  test('what another machine’s dead writer left goes after an hour', async () => {
    const { folder, store } = await newStore();
    await mkdir(join(folder, '.tmp'));
    const [old, young] = ['11111111', '22222222'].map((id) =>
      join(folder, '.tmp', `00000000.1.${id}-0000-0000-0000-000000000000`),
    );
    if (!old || !young) throw new Error('two names');
    await writeFile(old, 'x');
    await writeFile(young, 'x');
    await utimes(old, new Date(Date.now() - 3_700_000), new Date(Date.now() - 3_700_000));
    await store.put('a', bytes('x'), { condition: 'any' });
    expect([await outcome(lstat(old)), await outcome(lstat(young))]).toEqual([
      expect.stringContaining('ENOENT'),
      'done',
    ]);
  });

  test('the check for writes leaves nothing', async () => {
    const { folder, store } = await newStore();
    await store.verify();
    expect([await readdir(join(folder, '.tmp')), await store.list('')]).toEqual([[], []]);
  });
});

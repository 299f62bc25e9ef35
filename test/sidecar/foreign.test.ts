import { execFileSync } from 'node:child_process';
import {
  link,
  lstat,
  mkdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { createMemoryStore } from '../../lib/store/memory.ts';
import { fileOf, fill, listText, retiredOf } from '../support/bucket.ts';
import {
  changed,
  cleanUpAfterEach,
  makeFolder,
  openTestFolder,
  publish,
  round,
  roundIn,
  summary,
  syncedWorld,
  targets,
  visibleFiles,
} from './world.ts';

cleanUpAfterEach();

const file = 'api/consul-0.json';
const good = { [file]: targets('a:1', 'b:1') };

/** A folder in which somebody else was first. */
async function foreignWorld(prepare: (path: string) => Promise<unknown>) {
  const store = createMemoryStore();
  await publish(store, good);
  const path = await makeFolder();
  await prepare(path);
  return { store, path };
}

describe('files of others', () => {
  test('are never touched, whatever the bucket says', async () => {
    const { memory, path, folder } = await syncedWorld({
      [file]: listText(1, ['a:1']),
      'web/consul-0.json': targets('c:1'),
    });
    const foreign = {
      'api/mine.json': '[]',
      'api/consul-9.json': '[]',
      'own/consul-0.json': '[]',
      'prometheus.yml': '',
    };
    await mkdir(join(path, 'own'));
    for (const [name, text] of Object.entries(foreign)) await writeFile(join(path, name), text);
    await fill(memory, retiredOf('api/consul-0', 2));
    await round(memory, folder);
    expect(await visibleFiles(path)).toEqual({ ...foreign, 'web/consul-0.json': targets('c:1') });
  });

  test('a symbolic link in the place of a file is replaced itself; what it points to stays', async () => {
    const outside = join(await makeFolder(), 'precious');
    await writeFile(outside, 'precious');
    const { store, path } = await foreignWorld(async (folder) => {
      await mkdir(join(folder, 'api'));
      await symlink(outside, join(folder, file));
    });
    expect(summary(await roundIn(path, store))).toEqual(changed(`written ${file}`));
    expect((await lstat(join(path, file))).isFile()).toBe(true);
    expect(await visibleFiles(path)).toEqual(good);
    expect(await readFile(outside, 'utf8')).toBe('precious');
  });

  test('a hard link in the place of a file is cut, even one with the right content', async () => {
    const outside = join(await makeFolder(), 'precious');
    await writeFile(outside, targets('a:1', 'b:1'));
    const { store, path } = await foreignWorld(async (folder) => {
      await mkdir(join(folder, 'api'));
      await link(outside, join(folder, file));
    });
    expect(summary(await roundIn(path, store))).toEqual(changed(`written ${file}`));
    expect((await lstat(outside)).nlink).toBe(1);
    expect((await lstat(join(path, file))).nlink).toBe(1);
  });

  test.each([
    ['a folder in the place of a file', file, (at: string) => mkdir(at, { recursive: true })],
    ['a file in the place of a job', 'api', (at: string) => writeFile(at, 'mine')],
    ['a link in the place of a job', 'api', (at: string) => symlink('/tmp', at)],
  ])('%s is refused and the rest is mirrored', async (_, below, put) => {
    const { store, path } = await foreignWorld(async (folder) => put(join(folder, below)));
    await publish(store, { 'web/consul-0.json': targets('c:1') });
    const done = await roundIn(path, store);
    expect(summary(done)).toEqual({
      changes: ['written web/consul-0.json'],
      rejections: [`blocked targets/${file}`],
      errors: [],
    });
    expect(done.rejections[0]?.message).toBe(
      `${join(path, below)} is ${below === file ? 'a folder' : 'not a real folder'}: remove it, so that the mirror can write there; there is no good file for it, and its job is not served`,
    );
  });

  test('a pipe in the place of a file does not hold the mirror', async () => {
    const { store, path } = await foreignWorld(async (folder) => {
      await mkdir(join(folder, 'api'));
      execFileSync('mkfifo', [join(folder, file)]);
    });
    expect(summary(await roundIn(path, store))).toEqual(changed(`written ${file}`));
    expect(await visibleFiles(path)).toEqual(good);
  });

  test('a file that is there already with the right content is taken over as it is', async () => {
    const { store, path } = await foreignWorld(async (folder) => {
      await mkdir(join(folder, 'api'));
      await writeFile(join(folder, file), listText(3, ['a:1']));
    });
    await fill(store, fileOf('api/consul-0', 3, ['a:1']));
    expect(summary(await roundIn(path, store))).toEqual(changed());
    await publish(store, { 'web/consul-0.json': targets() });
    await fill(store, retiredOf('api/consul-0', 4));
    expect(summary(await roundIn(path, store))).toEqual(
      changed('written web/consul-0.json', `removed ${file}`),
    );
  });

  test('a job folder that became a link is not followed to remove a file either', async () => {
    const marked = { [file]: listText(1, ['a:1']) };
    const { memory, path, folder } = await syncedWorld({ ...marked, 'web/consul-0.json': targets() });
    const elsewhere = await makeFolder();
    await rename(join(path, 'api'), join(elsewhere, 'api'));
    await symlink(join(elsewhere, 'api'), join(path, 'api'));
    await fill(memory, retiredOf('api/consul-0', 2));
    expect(summary(await round(memory, folder))).toEqual(changed());
    expect(await visibleFiles(elsewhere)).toEqual(marked);
  });
});

describe('what somebody did to our files is mended', () => {
  const edits: readonly (readonly [string, (path: string) => Promise<unknown>])[] = [
    ['removed', (path) => rm(join(path, file))],
    ['removed with its job', (path) => rm(join(path, 'api'), { recursive: true })],
    ['made larger than memory', (path) => truncate(join(path, file), 2 ** 33)],
    ['emptied', (path) => writeFile(join(path, file), '')],
    [
      'changed at the same size and time',
      async (path) => {
        await writeFile(join(path, file), targets('x:1', 'y:1'));
        await utimes(join(path, file), 1000, 1000);
      },
    ],
    [
      'made a link',
      async (path) => {
        await rename(join(path, file), join(path, 'elsewhere'));
        await symlink('../elsewhere', join(path, file));
      },
    ],
  ];

  test.each(edits)('%s', async (_, edit) => {
    const { memory, path, folder } = await syncedWorld(good);
    await utimes(join(path, file), 1000, 1000);
    expect(summary(await round(memory, folder))).toEqual(changed());
    await edit(path);
    expect(summary(await round(memory, folder))).toEqual(changed(`written ${file}`));
    await rm(join(path, 'elsewhere'), { force: true });
    expect(await visibleFiles(path)).toEqual(good);
    expect(summary(await round(memory, folder))).toEqual(changed());
  });

  test('a backup that was played back as it was needs nothing from the store', async () => {
    const { store, reads, path, folder } = await syncedWorld(good);
    await rm(join(path, file));
    await writeFile(join(path, file), targets('a:1', 'b:1'));
    expect(summary(await round(store, folder))).toEqual(changed());
    expect(reads).toEqual([]);
  });

  test('the place for temporary files cleared away', async () => {
    const { memory, path, folder } = await syncedWorld(good);
    await rm(join(path, '.muster/tmp'), { recursive: true });
    await rm(join(path, '.muster/parts'), { recursive: true });
    await publish(memory, { [file]: targets('z:1') });
    expect(summary(await round(memory, folder))).toEqual(changed(`written ${file}`));
  });

  test('after a restart too', async () => {
    const { memory, path, folder } = await syncedWorld(good);
    folder.close();
    await writeFile(join(path, file), 'rubbish');
    expect(summary(await round(memory, await openTestFolder(path)))).toEqual(changed(`written ${file}`));
    expect(await visibleFiles(path)).toEqual(good);
  });
});

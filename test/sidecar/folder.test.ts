import { execFile, execFileSync } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { disk } from '../../lib/sidecar/mirror/files.ts';
import { openFolder } from '../../lib/sidecar/mirror/folder.ts';
import { createMemoryStore } from '../../lib/store/memory.ts';
import { fill, listOf, listText, retiredOf } from '../support/bucket.ts';
import {
  afterThisTest,
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
  temporaries,
  visibleFiles,
} from './world.ts';

cleanUpAfterEach();

describe('two mirrors on one folder', () => {
  test('the second one is told so, and may have the folder once the first is gone', async () => {
    const path = await makeFolder();
    const first = await openTestFolder(path);
    await expect(openTestFolder(path)).rejects.toMatchObject({
      kind: 'conflict',
      message: `another mirror writes to ${path}: stop it, or give each its own folder`,
    });
    first.close();
    await openTestFolder(path);
  });

  test('a process that holds the folder and is killed with -9 leaves it free', async () => {
    const path = await makeFolder();
    const child = execFile(process.execPath, [
      fileURLToPath(new URL('holding-mirror.ts', import.meta.url)),
      path,
    ]);
    afterThisTest(() => child.kill('SIGKILL'));
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    await expect(openTestFolder(path)).rejects.toMatchObject({ kind: 'conflict' });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    await openTestFolder(path);
  });

  test('a folder is free again after a start that failed', async () => {
    const path = await makeFolder();
    const failing = { ...disk, names: () => Promise.reject(new Error('broken')) };
    await expect(openFolder(path, failing)).rejects.toThrow('broken');
    await openTestFolder(path);
  });
});

describe('opening a folder', () => {
  test('clears what a crash left', async () => {
    const path = await makeFolder();
    await mkdir(join(path, '.muster/tmp/folder'), { recursive: true });
    await mkdir(join(path, '.muster/parts'));
    await writeFile(join(path, '.muster/tmp/17'), 'half a fi');
    await symlink('/etc/passwd', join(path, '.muster/tmp/18'));
    await writeFile(join(path, '.muster/parts/unused'), '[]');
    await openTestFolder(path);
    expect(await temporaries(path)).toEqual(['folder']);
    expect(await disk.names(join(path, '.muster/parts'))).toEqual([]);
  });

  test('makes it where it is not there yet', async () => {
    const path = join(await makeFolder(), 'targets');
    await openTestFolder(path);
    expect(await visibleFiles(path)).toEqual({});
  });

  test.each([
    ['a link', (at: string) => symlink('/tmp', at)],
    ['a file', (at: string) => writeFile(at, '')],
  ])('refuses one whose .muster is %s', async (_, put) => {
    const path = await makeFolder();
    await put(join(path, '.muster'));
    await expect(openTestFolder(path)).rejects.toMatchObject({
      kind: 'storage',
      message: `${path}/.muster is not a folder: remove it, the mirror keeps its own files there`,
    });
  });

  test('refuses a lock that is something else', async () => {
    const path = await makeFolder();
    await mkdir(join(path, '.muster'));
    await writeFile(join(path, '.muster/lock'), 'not a lock'.repeat(100));
    await expect(openTestFolder(path)).rejects.toMatchObject({
      kind: 'storage',
      message: `${path}/.muster/lock cannot be locked (Error: file is not a database): it must be a file that Muster made, on a file system with locks`,
    });
  });

  test('keeps nothing in it that a glob for file_sd files could match', async () => {
    const store = createMemoryStore();
    const parts = ['a:1', 'b:1'].map((address) => ({ since: 1, list: [address] }));
    await fill(store, listOf('api/kubernetes-0', 1, parts));
    const path = await makeFolder();
    await roundIn(path, store);
    const own = await disk.names(join(path, '.muster'));
    const kept = await disk.names(join(path, '.muster/parts'));
    expect([...own].sort()).toEqual(['lists', 'lock', 'parts', 'state', 'tmp']);
    expect(kept.filter((name) => /\.(json|ya?ml)$/i.test(name))).toEqual([]);
    expect(kept).toHaveLength(2);
  });
});

describe('a state that is lost or cannot be trusted', () => {
  const good = { 'api/consul-0.json': listText(1, ['a:1']), 'web/consul-0.json': targets('b:1') };
  const wrong: readonly (readonly [string, (text: string) => string])[] = [
    ['cut', (text) => text.slice(0, text.length / 2)],
    ['empty', () => ''],
    ['of a later version', (text) => text.replace('"version": 2', '"version": 3')],
    ['with a path that leads out', (text) => text.replace('"api/consul-0.json": {', '"../consul-0.json": {')],
    ['with the path of another file', (text) => text.replace('"api/consul-0.json": {', '"api/mine.json": {')],
  ];

  test.each(wrong)('%s: nothing is removed, what the bucket lists becomes ours again', async (_, damage) => {
    const { memory, path, folder } = await syncedWorld(good);
    folder.close();
    const file = join(path, '.muster/state');
    const whole = await readFile(file, 'utf8');
    expect(damage(whole)).not.toBe(whole);
    await writeFile(file, damage(whole));
    await writeFile(join(path, 'api/mine.json'), '[]');
    await publish(memory, { 'web/consul-0.json': undefined });
    const reopened = await openTestFolder(path);
    expect(reopened.warning).toBe(
      `${file} cannot be read and is written again; files that the bucket does not list stay: remove them by hand`,
    );
    expect(summary(await round(memory, reopened))).toEqual(changed());
    expect(await visibleFiles(path)).toEqual({ ...good, 'api/mine.json': '[]' });
    await publish(memory, { 'new/consul-0.json': targets() });
    await fill(memory, retiredOf('api/consul-0', 2));
    expect(summary(await round(memory, reopened))).toEqual(
      changed('written new/consul-0.json', 'removed api/consul-0.json'),
    );
    reopened.close();
    expect((await openTestFolder(path)).warning).toBeUndefined();
  });

  test('one of an older Muster is read; versions come from the files, and a list in shards is fetched as parts', async () => {
    const { memory, path, folder } = await syncedWorld({
      'api/consul-0.json': listText(5, ['a:1']),
      'old/consul-0.json': targets('b:1'),
      'shards/consul-0.json': listText(7, ['c:1']),
    });
    folder.close();
    const file = join(path, '.muster/state');
    const { files } = JSON.parse(await readFile(file, 'utf8'));
    const first = Object.entries<Record<string, unknown>>(files).map(([name, { sha256, size, facts }]) => {
      const shards = name.startsWith('shards') ? ['.0', '.1'] : [''];
      const parts = shards.map((shard) => ({
        ...{ key: `targets/${name.replace('.json', `${shard}.json`)}`, etag: '"1"', sha256, targets: 1 },
      }));
      return [name, { sha256, size, parts, facts }];
    });
    await writeFile(file, JSON.stringify({ version: 1, files: Object.fromEntries(first) }));
    const reopened = await openTestFolder(path);
    expect(reopened.warning).toBeUndefined();
    const store = 'store-of-tests';
    expect(
      [...reopened.owned].map(([name, { mark, source, targets: count }]) => [name, mark, source?.key, count]),
    ).toEqual([
      ['api/consul-0.json', { store, version: 5 }, 'targets/api/consul-0.json', 1],
      ['old/consul-0.json', undefined, 'targets/old/consul-0.json', 1],
      ['shards/consul-0.json', { store, version: 7 }, undefined, 2],
    ]);
    await publish(memory, { 'shards/consul-0.json': undefined });
    await fill(
      memory,
      listOf('shards/consul-0', 8, [{ since: 8, list: ['c:2'] }]),
      retiredOf('api/consul-0', 6),
    );
    expect(summary(await round(memory, reopened))).toEqual(
      changed('written shards/consul-0.json', 'removed api/consul-0.json'),
    );
    expect(JSON.parse(await readFile(file, 'utf8')).version).toBe(2);
  });

  test('a pipe in its place does not hold the mirror', async () => {
    const path = await makeFolder();
    await mkdir(join(path, '.muster'));
    execFileSync('mkfifo', [join(path, '.muster/state')]);
    expect((await openTestFolder(path)).warning).toMatch(/^\S+state cannot be read /);
  });

  test('a file that was announced but never written is not taken from whoever put one there', async () => {
    const store = createMemoryStore();
    await publish(store, { 'api/consul-0.json': targets('a:1') });
    const path = await makeFolder();
    const failing = {
      ...disk,
      rename: (from: string, to: string) =>
        to.endsWith('.json') ? Promise.reject(new Error('broken')) : disk.rename(from, to),
    };
    expect(summary(await roundIn(path, store, { files: failing })).errors).toEqual(['internal']);
    await writeFile(join(path, 'api/consul-0.json'), 'mine');
    await publish(store, { 'api/consul-0.json': undefined, 'web/consul-0.json': targets() });
    expect(summary(await roundIn(path, store))).toEqual(changed('written web/consul-0.json'));
    expect(await visibleFiles(path)).toEqual({ 'api/consul-0.json': 'mine', 'web/consul-0.json': targets() });
  });
});

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { MusterError } from '../../lib/base/errors.ts';
import { createMemoryStore } from '../../lib/store/memory.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { fill, listText, retiredOf, statusOf } from '../support/bucket.ts';
import { watchStore, withStrangeKeys } from './counting-store.ts';
import {
  changed,
  cleanUpAfterEach,
  makeFolder,
  openTestFolder,
  publish,
  round,
  summary,
  syncedWorld,
  targets,
  temporaries,
  visibleFiles,
} from './world.ts';

cleanUpAfterEach();

const one = { 'api/consul-0.json': targets('a:1', 'b:1') };
const two = { ...one, 'web%2Fedge/marathon-1.json': targets('c:1') };

describe('a round', () => {
  test('lays each provider down under its job, readable by everyone, and leaves nothing else', async () => {
    const { path, first } = await syncedWorld(two);
    expect(summary(first)).toEqual(
      changed('written api/consul-0.json', 'written web%2Fedge/marathon-1.json'),
    );
    expect(await visibleFiles(path)).toEqual(two);
    expect(await temporaries(path)).toEqual([]);
    expect((await stat(join(path, 'api/consul-0.json'))).mode & 0o444).toBe(0o444 & ~process.umask());
  });

  test('reads nothing and touches nothing when the bucket did not change', async () => {
    const { store, reads, path, folder } = await syncedWorld(two);
    const before = await stat(join(path, 'api/consul-0.json'));
    const state = await stat(join(path, '.muster/state'));
    expect(summary(await round(store, folder))).toEqual(changed());
    expect(reads).toEqual([]);
    const { ino, ctimeMs } = await stat(join(path, 'api/consul-0.json'));
    expect({ ino, ctimeMs }).toEqual({ ino: before.ino, ctimeMs: before.ctimeMs });
    expect((await stat(join(path, '.muster/state'))).ino).toBe(state.ino);
  });

  test('reads and replaces only what changed, also after a restart', async () => {
    const { memory, store, reads, path, folder } = await syncedWorld(two);
    folder.close();
    await publish(memory, { 'api/consul-0.json': targets('z:1') });
    const reopened = await openTestFolder(path);
    expect(summary(await round(store, reopened))).toEqual(changed('written api/consul-0.json'));
    expect(reads).toEqual(['targets/api/consul-0.json unless "1"']);
    expect(await visibleFiles(path)).toEqual({ ...two, 'api/consul-0.json': targets('z:1') });
  });

  test('does not replace a file whose object was written again with the same content', async () => {
    const { memory, store, reads, path, folder } = await syncedWorld(one);
    const before = await stat(join(path, 'api/consul-0.json'));
    await publish(memory, one);
    expect(summary(await round(store, folder))).toEqual(changed());
    expect(summary(await round(store, folder))).toEqual(changed());
    expect(reads).toHaveLength(1);
    expect((await stat(join(path, 'api/consul-0.json'))).ino).toBe(before.ino);
  });

  test('believes a store that answers "unchanged" to what the listing called changed', async () => {
    const { memory, path, folder } = await syncedWorld(one);
    const { store, reads } = watchStore(memory, {
      list: async () => [{ key: 'targets/api/consul-0.json', etag: '"later"', size: 1, modified: 0 }],
    });
    expect(summary(await round(store, folder))).toEqual(changed());
    expect(reads).toEqual(['targets/api/consul-0.json unless "1"']);
    expect(await visibleFiles(path)).toEqual(one);
  });

  test('keeps all files, and says so, when the listing fails', async () => {
    const { memory, path, folder } = await syncedWorld(two);
    const { store } = watchStore(memory, {
      list: async () => {
        throw new MusterError('denied', 'the bucket refuses the listing');
      },
    });
    const failed = await round(store, folder);
    expect(failed.errors.map(({ message }) => message)).toEqual(['the bucket refuses the listing']);
    expect(await visibleFiles(path)).toEqual(two);
  });

  test('keeps all files when the bucket is suddenly empty, unless a person says that they go', async () => {
    const { memory, path, folder } = await syncedWorld(two);
    await publish(memory, { 'api/consul-0.json': undefined, 'web%2Fedge/marathon-1.json': undefined });
    const held = await round(memory, folder);
    expect(held.errors.map(({ message }) => message)).toEqual([
      `memory: lists no target file, but ${path} has 2, which all stay: check the bucket and its prefix; if it is empty on purpose, run "muster sync --once --remove-orphans"`,
    ]);
    expect(await visibleFiles(path)).toEqual(two);
    expect(summary(await round(memory, folder, { removeOrphans: true }))).toEqual(
      changed('removed api/consul-0.json', 'removed web%2Fedge/marathon-1.json'),
    );
  });

  test('keeps all files when the bucket holds nothing but rubbish', async () => {
    const { path, folder } = await syncedWorld(one);
    const store = withStrangeKeys(createMemoryStore(), ['targets/readme.txt']);
    expect(summary(await round(store, folder)).errors).toEqual(['not-found']);
    expect(await visibleFiles(path)).toEqual(one);
  });

  test('an empty bucket is fine for an empty folder', async () => {
    const folder = await openTestFolder(await makeFolder());
    expect(summary(await round(createMemoryStore(), folder))).toEqual(changed());
  });

  test('a list that became empty is a list: its file says so', async () => {
    const { memory, path, folder } = await syncedWorld(one);
    await publish(memory, { 'api/consul-0.json': targets() });
    const [object] = await memory.list('targets/');
    await fill(memory, statusOf('api/consul-0', { files: object === undefined ? [] : [object] }));
    await round(memory, folder);
    expect(await visibleFiles(path)).toEqual({ 'api/consul-0.json': '[]\n' });
  });

  test('more files than go in one go are all mirrored', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [`job-${index}/http-0.json`, targets(`a:${index}`)]),
    );
    const { path, first } = await syncedWorld(many);
    expect(first.changes).toHaveLength(40);
    expect(await visibleFiles(path)).toEqual(many);
  });

  test('an object that vanishes between listing and reading costs nothing', async () => {
    const { memory, path, folder } = await syncedWorld(one);
    await publish(memory, { 'api/consul-0.json': targets('z:1') });
    const { store } = watchStore(memory, { get: async () => undefined });
    expect(summary(await round(store, folder))).toEqual(changed());
    expect(await visibleFiles(path)).toEqual(one);
  });
});

describe('a store that fails in the middle of a round', () => {
  const failing = (memory: ObjectStore, key: string, error: MusterError) =>
    watchStore(memory, {
      get: async (asked, options) => {
        if (asked === `targets/${key}`) throw error;
        return memory.get(asked, options);
      },
    });

  test('one object that is refused does not hold back the others', async () => {
    const { memory, path, folder } = await syncedWorld(two);
    const newer = { 'api/consul-0.json': targets('z:1'), 'web%2Fedge/marathon-1.json': targets('y:1') };
    await publish(memory, newer);
    const { store } = failing(memory, 'api/consul-0.json', new MusterError('denied', 'no'));
    expect(summary(await round(store, folder))).toEqual({
      changes: ['written web%2Fedge/marathon-1.json'],
      rejections: [],
      errors: ['denied'],
    });
    expect(await visibleFiles(path)).toEqual({ ...newer, ...one });
    expect(summary(await round(memory, folder))).toEqual(changed('written api/consul-0.json'));
  });

  test('where something failed no file is removed: the one that failed may replace it', async () => {
    const old = { 'api/consul-0.json': listText(1, ['a:1', 'b:1']) };
    const { memory, path, folder } = await syncedWorld(old);
    await publish(memory, { 'other/consul-1.json': targets('a:1', 'b:1') });
    await fill(memory, retiredOf('api/consul-0', 2));
    const { store } = failing(memory, 'other/consul-1.json', new MusterError('denied', 'no'));
    expect(summary(await round(store, folder)).changes).toEqual([]);
    expect(await visibleFiles(path)).toEqual(old);
    expect(summary(await round(memory, folder))).toEqual(
      changed('written other/consul-1.json', 'removed api/consul-0.json'),
    );
  });

  test('a store that no longer answers is not asked for each of a hundred files', async () => {
    const memory = createMemoryStore();
    const many = Array.from({ length: 100 }, (_, index) => [`job-${index}/http-0.json`, targets('a:1')]);
    await publish(memory, Object.fromEntries(many));
    const { store, reads } = watchStore(memory, {
      get: async () => {
        throw new MusterError('unreachable', 'gone');
      },
    });
    const folder = await openTestFolder(await makeFolder());
    const failed = await round(store, folder);
    expect(failed.errors.every(({ kind }) => kind === 'unreachable')).toBe(true);
    expect(reads.length).toBeLessThan(10);
  });

  test('a store that fell silent loses no file: what replaces it may not have been tried', async () => {
    const old = { 'z/consul-0.json': listText(1, ['a:1']) };
    const { memory, path, folder } = await syncedWorld(old);
    const broken = Array.from({ length: 8 }, (_, index) => [`a${index}/http-0.json`, targets('b:1')]);
    await publish(memory, {
      ...Object.fromEntries(broken),
      'z/consul-1.json': targets('a:1'),
    });
    await fill(memory, retiredOf('z/consul-0', 2));
    const { store } = watchStore(memory, {
      get: async () => {
        throw new MusterError('unreachable', 'gone');
      },
    });
    expect((await round(store, folder)).changes).toEqual([]);
    expect(await visibleFiles(path)).toEqual(old);
  });

  test('an object that was cut off is not applied, and read again', async () => {
    const { memory, path, folder } = await syncedWorld(one);
    await publish(memory, { 'api/consul-0.json': targets('z:1') });
    const { store } = watchStore(memory, {
      get: async (key) => {
        const object = await memory.get(key);
        return typeof object === 'object' ? { ...object, body: Buffer.from('[]') } : object;
      },
    });
    expect((await round(store, folder)).errors.map(({ message }) => message)).toEqual([
      'targets/api/consul-0.json was cut off: 2 of 49 bytes arrived; it is fetched again',
    ]);
    expect(await visibleFiles(path)).toEqual(one);
    expect(summary(await round(memory, folder))).toEqual(changed('written api/consul-0.json'));
  });

  test('a signal ends the round between two files', async () => {
    const memory = createMemoryStore();
    await publish(memory, two);
    const stop = new AbortController();
    const { store } = watchStore(memory, {
      get: async (key, options) => {
        const object = await memory.get(key, options);
        stop.abort();
        return object;
      },
    });
    const path = await makeFolder();
    const folder = await openTestFolder(path);
    const ended = await round(store, folder, { signal: stop.signal });
    expect(ended.errors.map(({ kind }) => kind)).toContain('timeout');
    expect(await temporaries(path)).toEqual([]);
    expect(summary(await round(memory, folder)).errors).toEqual([]);
    expect(await visibleFiles(path)).toEqual(two);
  });
});

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { MusterError } from '../../lib/base/errors.ts';
import { disk, type FileSystem } from '../../lib/sidecar/mirror/files.ts';
import { createMemoryStore } from '../../lib/store/memory.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { fileOf, fill, listOf, listText, type Objects, retiredOf } from '../support/bucket.ts';
import { withStrangeKeys } from './counting-store.ts';
import {
  changed,
  cleanUpAfterEach,
  makeFolder,
  openTestFolder,
  round,
  summary,
  twoJobs,
  visibleFiles,
} from './world.ts';

cleanUpAfterEach();

const api = 'targets/api/consul-0.json';
const gone = { [api]: undefined };
const tombstone = 'retired/api/consul-0.json';
const byHand = 'if it is gone for good, "muster sync --once --remove-orphans" removes it';

const both = ['api/consul-0.json', 'web/dns-0.json'];

describe('a file whose object the store no longer lists', () => {
  test('goes for a tombstone of a higher version', async () => {
    const { memory, folder, files } = await twoJobs();
    await fill(memory, retiredOf('api/consul-0', 4));
    expect(summary(await round(memory, folder))).toEqual(changed('removed api/consul-0.json'));
    expect(await files()).toEqual(['web/dns-0.json']);
    expect(folder.oddities.size).toBe(0);
  });

  test('a list in parts goes for a tombstone, too', async () => {
    const { memory, folder } = await twoJobs(listOf('api/consul-0', 3, [{ since: 1, list: ['a:1'] }]));
    await fill(memory, retiredOf('api/consul-0', 4));
    expect(summary(await round(memory, folder))).toEqual(changed('removed api/consul-0.json'));
  });

  const stays: readonly (readonly [string, Objects, string])[] = [
    [
      'without a tombstone: the folder or the bucket was emptied',
      gone,
      `the store no longer lists it and has no tombstone for it; ${byHand}`,
    ],
    [
      'a tombstone of the same version',
      retiredOf('api/consul-0', 3),
      `version 3 retired it, but the file holds version 3, which is not older; it will be published again, or ${byHand}`,
    ],
    [
      'a tombstone of a lower version: a stalled run deleted the file of a provider that is back',
      retiredOf('api/consul-0', 2),
      `version 2 retired it, but the file holds version 3, which is not older; it will be published again, or ${byHand}`,
    ],
    [
      'a tombstone of another store',
      retiredOf('api/consul-0', 9, 'another-store'),
      `it came from store store-of-tests, and was retired in store another-store; ${byHand}`,
    ],
    [
      'a tombstone that is rubbish',
      { ...gone, [tombstone]: '{' },
      'the store no longer lists it, and its tombstone cannot be read: retired/api/consul-0.json: not JSON: ',
    ],
    [
      'a tombstone of a later Muster',
      { ...gone, [tombstone]: '{"schema":2}' },
      'the store no longer lists it, and its tombstone cannot be read: retired/api/consul-0.json was written by a newer Muster',
    ],
  ];

  test.each(stays)('stays, is counted and told why: %s', async (_, objects, reason) => {
    const { memory, folder, files } = await twoJobs();
    await fill(memory, objects);
    const done = await round(memory, folder);
    expect(summary(done)).toEqual(changed());
    expect(done.orphans).toEqual([
      { path: 'api/consul-0.json', targets: 2, reason: expect.stringContaining(reason) },
    ]);
    expect(folder.oddities.get('api/consul-0.json')).toEqual({
      kind: 'orphaned',
      reason: done.orphans[0]?.reason,
    });
    expect(await files()).toEqual(both);
  });

  test('stays where it does not tell its version', async () => {
    const { memory, folder, files } = await twoJobs({ [api]: '[{"targets":["a:1"]}]' });
    await fill(memory, retiredOf('api/consul-0', 4));
    expect((await round(memory, folder)).orphans.map(({ reason }) => reason)).toEqual([
      `it was retired, but the file does not name its version; ${byHand}`,
    ]);
    expect(await files()).toEqual(both);
  });

  test('stays where the store refuses to say, or does not answer', async () => {
    const { memory, folder, files } = await twoJobs();
    await fill(memory, retiredOf('api/consul-0', 4));
    const failing = (error: MusterError): ObjectStore => ({
      ...memory,
      get: (key, options) => (key === tombstone ? Promise.reject(error) : memory.get(key, options)),
    });
    const denied = await round(failing(new MusterError('denied', 'not retired/')), folder);
    expect(summary(denied)).toEqual(changed());
    expect(denied.orphans[0]?.reason).toMatch(/its tombstone cannot be read: not retired\/$/);
    folder.lookedUp.clear();
    const silent = await round(failing(new MusterError('unreachable', 'gone')), folder);
    expect(summary(silent).errors).toEqual(['unreachable']);
    expect(await files()).toEqual(both);
  });

  test('a new bucket with one of the jobs removes nothing of the others', async () => {
    const { folder, files } = await twoJobs();
    const other = createMemoryStore();
    await fill(other, fileOf('web/dns-0', 1, ['w:1'], 'another-store'));
    expect((await round(other, folder)).orphans.map(({ path }) => path)).toEqual(['api/consul-0.json']);
    expect(await files()).toEqual(both);
  });

  test('a listing that the operating system cut short removes nothing', async () => {
    const { memory, folder, files } = await twoJobs();
    const short: ObjectStore = {
      ...memory,
      list: async (prefix, options) => (await memory.list(prefix, options)).slice(1),
    };
    expect(summary(await round(short, folder))).toEqual(changed());
    expect(await files()).toEqual(both);
    expect((await round(memory, folder)).orphans).toEqual([]);
    expect(folder.oddities.size).toBe(0);
  });

  test('goes by order of a person, and of nobody else', async () => {
    const { memory, folder, files } = await twoJobs();
    await fill(memory, gone);
    await round(memory, folder);
    expect(await files()).toEqual(both);
    expect(summary(await round(memory, folder, { removeOrphans: true }))).toEqual(
      changed('removed api/consul-0.json'),
    );
  });

  test('is forgotten when somebody removes it by hand', async () => {
    const { memory, path, folder } = await twoJobs();
    await fill(memory, gone);
    await rm(join(path, 'api/consul-0.json'));
    expect((await round(memory, folder)).orphans).toEqual([]);
    expect([...folder.owned.keys()]).toEqual(['web/dns-0.json']);
  });

  test('the last job of a store that was retired goes; a store without it is no error then', async () => {
    const { memory, folder, files } = await twoJobs();
    await fill(memory, retiredOf('api/consul-0', 4), retiredOf('web/dns-0', 2));
    expect(summary(await round(memory, folder))).toEqual(
      changed('removed api/consul-0.json', 'removed web/dns-0.json'),
    );
    expect(await files()).toEqual([]);
    expect(summary(await round(memory, folder))).toEqual(changed());
  });
});

test('what costs a quiet poll: one listing, as ever; a missing file asks once in ten minutes', async () => {
  const { memory, folder } = await twoJobs();
  const requests: string[] = [];
  const counting: ObjectStore = {
    ...memory,
    list: (prefix, options) => {
      requests.push(`list ${prefix}`);
      return memory.list(prefix, options);
    },
    get: (key, options) => {
      requests.push(`get ${key}`);
      return memory.get(key, options);
    },
  };
  let now = 0;
  const poll = async () => {
    requests.length = 0;
    await round(counting, folder, { now: () => now });
    return [...requests];
  };
  const quiet = ['list targets/'];
  expect(await poll()).toEqual(quiet);
  await fill(memory, gone);
  expect(await poll()).toEqual([...quiet, `get ${tombstone}`]);
  for (now = 15_000; now < 10 * 60_000; now += 15_000) expect(await poll()).toEqual(quiet);
  expect(await poll()).toEqual([...quiet, `get ${tombstone}`]);
  await fill(memory, fileOf('api/consul-0', 4, ['a:1', 'a:2']));
  await poll();
  await fill(memory, retiredOf('api/consul-0', 5));
  expect(await poll()).toEqual([...quiet, `get ${tombstone}`]);
});

describe('nothing is removed while something that the store lists is not in place', () => {
  test('the successor is refused: the predecessor stays, and goes with it in place', async () => {
    const { memory, folder, files } = await twoJobs();
    await fill(memory, retiredOf('api/consul-0', 4), { 'targets/api/dns-0.json': '{}' });
    const done = await round(memory, folder);
    expect(summary(done)).toEqual({
      changes: [],
      rejections: ['invalid targets/api/dns-0.json'],
      errors: [],
    });
    expect(done.orphans).toEqual([
      {
        path: 'api/consul-0.json',
        targets: 2,
        reason: 'it was retired, but stays while there is no good file of api/dns-0.json',
      },
    ]);
    expect(await files()).toEqual(both);
    await fill(memory, fileOf('api/dns-0', 1, ['d:1']));
    expect(summary(await round(memory, folder))).toEqual(
      changed('written api/dns-0.json', 'removed api/consul-0.json'),
    );
  });

  test('a key of a later version may be the successor', async () => {
    const { memory, folder, files } = await twoJobs();
    await fill(memory, retiredOf('api/consul-0', 4));
    const store = withStrangeKeys(memory, ['targets/api/consul-0.v2']);
    expect((await round(store, folder)).orphans.map(({ reason }) => reason)).toEqual([
      'it was retired, but stays while "targets/api/consul-0.v2" in the store is not understood',
    ]);
    expect(await files()).toEqual(both);
  });

  test('an object that is refused and has a good file on disk keeps nobody else', async () => {
    const { memory, folder, files } = await twoJobs();
    await fill(memory, retiredOf('api/consul-0', 4), { 'targets/web/dns-0.json': '{}' });
    expect(summary(await round(memory, folder)).changes).toEqual(['removed api/consul-0.json']);
    expect(await files()).toEqual(['web/dns-0.json']);
  });
});

describe('a job that is renamed in case alone', () => {
  const renamed: Objects = { ...retiredOf('api/consul-0', 4), ...fileOf('API/consul-0', 1, ['a:1', 'a:2']) };

  test('is two folders where the file system says so: both files, then the new one', async () => {
    const { memory, folder, files } = await twoJobs();
    await fill(memory, fileOf('API/consul-0', 1, ['a:1', 'a:2']));
    expect(summary(await round(memory, folder))).toEqual(changed('written API/consul-0.json'));
    await fill(memory, renamed);
    expect(summary(await round(memory, folder))).toEqual(changed('removed api/consul-0.json'));
    expect(await files()).toEqual(['API/consul-0.json', 'web/dns-0.json']);
  });

  test('where case makes no difference the old one stays until it is retired, and is replaced by one rename', async () => {
    const memory = createMemoryStore();
    await fill(memory, fileOf('api/consul-0', 3, ['a:1', 'a:2']), fileOf('web/dns-0', 1, ['w:1']));
    const path = await makeFolder();
    const removed: string[] = [];
    const folder = await openTestFolder(path, foldingFiles(path, removed));
    await round(memory, folder);
    await fill(memory, fileOf('API/consul-0', 1, ['a:1', 'a:2']));
    expect(summary(await round(memory, folder)).rejections).toEqual(['clash targets/API/consul-0.json']);
    await fill(memory, renamed);
    expect(summary(await round(memory, folder))).toEqual(changed('written API/consul-0.json'));
    expect(removed).toEqual([]);
    expect(await visibleFiles(path)).toEqual({
      'api/consul-0.json': listText(1, ['a:1', 'a:2']),
      'web/dns-0.json': listText(1, ['w:1']),
    });
    expect([...folder.owned.keys()].sort()).toEqual(['API/consul-0.json', 'web/dns-0.json']);
    expect(summary(await round(memory, folder))).toEqual(changed());
  });
});

/** The disk as a file system that makes no difference between `API` and `api`; notes which target files are removed. */
function foldingFiles(root: string, removed: string[]): FileSystem {
  const at = (path: string) => root + path.slice(root.length).toLowerCase();
  return {
    facts: (path) => disk.facts(at(path)),
    names: (path) => disk.names(at(path)),
    read: (path) => disk.read(at(path)),
    readPieces: (path, take) => disk.readPieces(at(path), take),
    makeFolder: (path) => disk.makeFolder(at(path)),
    create: (path) => disk.create(at(path)),
    rename: (from, to) => disk.rename(at(from), at(to)),
    remove: (path) => {
      if (path.endsWith('.json')) removed.push(path);
      return disk.remove(at(path));
    },
    syncFolder: (path) => disk.syncFolder(at(path)),
  };
}

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { MusterError } from '../../lib/base/errors.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { addresses, fileOf, fill, listOf, listText, type Objects, statusOf } from '../support/bucket.ts';
import { watchStore } from './counting-store.ts';
import { changed, cleanUpAfterEach, openTestFolder, round, summary, twoJobs, visibleFiles } from './world.ts';

cleanUpAfterEach();

const api = 'targets/api/consul-0.json';
const gone = { [api]: undefined };

describe('a list that would put another one back', () => {
  const forty = addresses(40);
  const etagOf = async (store: ObjectStore, key: string) =>
    (await store.list('targets/')).find((object) => object.key === key)?.etag ?? '';

  test('of a lower version of the same store is not applied: the bucket was restored from a backup', async () => {
    const { memory, store, reads, path, folder } = await twoJobs(fileOf('api/consul-0', 5, forty));
    await fill(memory, fileOf('api/consul-0', 4, addresses(41)));
    const done = await round(store, folder);
    expect(done.rejections).toEqual([
      {
        key: api,
        reason: 'older',
        message: `${api} holds version 4, older than version 5 of the file on disk; if the store was restored on purpose, run "muster sync --once --accept-older"; its last good file stays`,
      },
    ]);
    expect((await visibleFiles(path))['api/consul-0.json']).toBe(listText(5, forty));
    await round(store, folder);
    expect(reads).toEqual([`${api} unless "1"`]);
    expect(folder.oddities.get('api/consul-0.json')?.kind).toBe('kept');
    expect(summary(await round(store, folder, { acceptOlder: true }))).toEqual(
      changed('written api/consul-0.json'),
    );
    expect((await visibleFiles(path))['api/consul-0.json']).toBe(listText(4, addresses(41)));
  });

  test('nor after the state of the mirror was lost: the file itself tells its version', async () => {
    const { memory, path, folder } = await twoJobs(fileOf('api/consul-0', 5, forty));
    folder.close();
    await rm(join(path, '.muster/state'));
    await fill(memory, fileOf('api/consul-0', 4, addresses(41)));
    expect(summary(await round(memory, await openTestFolder(path))).rejections).toEqual([`older ${api}`]);
  });

  test('of a lower version is applied where there is no file any more', async () => {
    const { memory, path, folder } = await twoJobs(fileOf('api/consul-0', 5, forty));
    await fill(memory, fileOf('api/consul-0', 4, addresses(41)));
    await round(memory, folder);
    await rm(join(path, 'api/consul-0.json'));
    expect(summary(await round(memory, folder))).toEqual(changed('written api/consul-0.json'));
  });

  test('of another store is applied, as its versions cannot be compared: the mirror was pointed there', async () => {
    const { memory, folder } = await twoJobs(fileOf('api/consul-0', 5, forty));
    await fill(memory, fileOf('api/consul-0', 1, addresses(39), 'another-store'));
    expect(summary(await round(memory, folder))).toEqual(changed('written api/consul-0.json'));
  });

  const losses: readonly (readonly [string, Objects, string])[] = [
    ['[] put there by hand', { [api]: '[]\n' }, 'holds 0 targets instead of 40, does not name its version'],
    [
      'a list without a version, of as many targets',
      { [api]: JSON.stringify([{ targets: addresses(40, 'other') }]) },
      'holds 40 targets instead of 40, does not name its version',
    ],
    [
      'a higher version with 19 of 40',
      fileOf('api/consul-0', 6, addresses(19)),
      'holds 19 targets instead of 40',
    ],
    ['a higher version with none', fileOf('api/consul-0', 6, []), 'holds 0 targets instead of 40'],
    [
      'another store with 19 of 40',
      fileOf('api/consul-0', 1, addresses(19), 'another-store'),
      'holds 19 targets instead of 40',
    ],
    [
      'its own version with other targets',
      fileOf('api/consul-0', 5, addresses(40, 'other')),
      'holds 40 targets instead of 40, differs from what its version was',
    ],
    [
      'a manifest with 19 of 40',
      { ...gone, ...listOf('api/consul-0', 6, [{ since: 6, list: addresses(19) }]) },
      'holds 19 targets instead of 40',
    ],
  ];

  test.each(losses)('%s: only if the status names it as published', async (_, objects, what) => {
    const { memory, store, reads, path, folder } = await twoJobs(fileOf('api/consul-0', 5, forty));
    await fill(memory, objects);
    const key = objects[api] === undefined ? 'targets/api/consul-0.manifest' : api;
    const silent = await round(store, folder);
    expect(silent.rejections).toEqual([
      {
        key,
        reason: 'unconfirmed',
        message: `${key} ${what} and is not mirrored: the store has no status of it; its last good file stays`,
      },
    ]);
    const other = { key, etag: '"another"' };
    await fill(memory, statusOf('api/consul-0', { files: [other] }));
    expect(summary(await round(store, folder)).rejections).toEqual([`unconfirmed ${key}`]);
    expect((await visibleFiles(path))['api/consul-0.json']).toBe(listText(5, forty));
    // The object itself is not read again while the status does not name it.
    expect(reads.filter((read) => read.startsWith(key))).toHaveLength(1);
    await fill(memory, statusOf('api/consul-0', { files: [{ key, etag: await etagOf(memory, key) }] }));
    expect(summary(await round(store, folder))).toEqual(changed('written api/consul-0.json'));
  });

  test('a loss of half, or of few, is the business of the gate alone, and costs no request more', async () => {
    const { memory, store, reads, folder } = await twoJobs(fileOf('api/consul-0', 5, forty));
    await fill(memory, fileOf('api/consul-0', 6, addresses(20)));
    await round(store, folder);
    await fill(memory, fileOf('api/consul-0', 7, addresses(10)));
    await round(store, folder);
    await fill(memory, fileOf('api/consul-0', 8, addresses(9)));
    await round(store, folder);
    await fill(memory, fileOf('api/consul-0', 9, addresses(1)));
    expect(summary(await round(store, folder))).toEqual(changed('written api/consul-0.json'));
    expect(reads.every((read) => read.startsWith(api))).toBe(true);
  });

  test('a status of a later Muster confirms, one that may not be read does not', async () => {
    const { memory, folder } = await twoJobs(fileOf('api/consul-0', 5, forty));
    await fill(memory, fileOf('api/consul-0', 6, []));
    const denied = watchStore(memory, {
      get: (key, options) =>
        key.startsWith('status/')
          ? Promise.reject(new MusterError('denied', 'not status/'))
          : memory.get(key, options),
    });
    expect((await round(denied.store, folder)).rejections.map(({ message }) => message)).toEqual([
      `${api} holds 0 targets instead of 40 and is not mirrored: its status cannot be read: not status/; its last good file stays`,
    ]);
    const files = [{ key: api, etag: await etagOf(memory, api) }];
    await fill(memory, { 'status/api/consul-0.json': JSON.stringify({ schema: 2, files }) });
    expect(summary(await round(memory, folder))).toEqual(changed('written api/consul-0.json'));
  });
});

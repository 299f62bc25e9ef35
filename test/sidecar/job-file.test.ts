import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { disk } from '../../lib/sidecar/mirror/files.ts';
import { createMemoryStore } from '../../lib/store/memory.ts';
import { decodeFileSd } from '../../lib/targets/file-sd-reader.ts';
import { fileOf, fill, listOf, retiredOf } from '../support/bucket.ts';
import { interceptedFiles, type Operation, systemError } from './faulty-files.ts';
import {
  changed,
  cleanUpAfterEach,
  makeFolder,
  openTestFolder,
  round,
  roundIn,
  summary,
  targets,
  temporaries,
  visibleFiles,
} from './world.ts';

cleanUpAfterEach();

const job = { layout: 'job' } as const;
const provider = { layout: 'provider' } as const;

/** The targets in each file in sight. */
async function targetsIn(path: string): Promise<Readonly<Record<string, readonly string[]>>> {
  const files = Object.entries(await visibleFiles(path));
  return Object.fromEntries(
    files.map(([name, text]) => [name, decodeFileSd(Buffer.from(text)).flatMap((group) => group.targets)]),
  );
}

/** A store with a job of two providers, one of them in parts, and a job of one. */
async function threeProviders() {
  const store = createMemoryStore();
  await fill(
    store,
    fileOf('api/consul-0', 1, ['a:1', 'a:2']),
    listOf('api/dns-0', 1, [{ since: 1, list: ['b:1'] }]),
    fileOf('web/dns-0', 1, ['w:1']),
  );
  return { store, path: await makeFolder() };
}

/** The operations of a disk, and what the visible files hold before each that changes it. */
function watchedFiles(path: string) {
  const operations: Operation[] = [];
  const seen: ReadonlySet<string>[] = [];
  const files = interceptedFiles(async (operation) => {
    operations.push(operation);
    if (['rename', 'remove'].includes(operation.name))
      seen.push(new Set(Object.values(await targetsIn(path)).flat()));
  });
  return { operations, seen, files };
}

/** The events that a program sees that watches the folder of the job. */
function eventsIn(path: string, operations: readonly Operation[]): readonly string[] {
  return operations
    .filter(
      ({ name, path: at }) => ['create', 'rename', 'remove'].includes(name) && at.startsWith(`${path}/api`),
    )
    .map(({ name }) => name);
}

describe('a job with several providers', () => {
  test('is one file, which holds all of its lists; a job of one provider has the file of its provider', async () => {
    const { store, path } = await threeProviders();
    expect(summary(await roundIn(path, store, job))).toEqual(
      changed(
        'written api/consul-0.json',
        'written api/dns-0.json',
        'written web/dns-0.json',
        'written api/all.json',
      ),
    );
    expect(await targetsIn(path)).toEqual({
      'api/all.json': ['a:1', 'a:2', 'b:1'],
      'web/dns-0.json': ['w:1'],
    });
  });

  test('is renamed once when all of its providers change, and not at all when none does', async () => {
    const store = createMemoryStore();
    const names = Array.from({ length: 40 }, (_, index) => `api/consul-${index}`);
    const publish = async (version: number) => {
      for (const name of names) await fill(store, fileOf(name, version, [`${name.slice(4)}:${version}`]));
    };
    await publish(1);
    const path = await makeFolder();
    const renames: string[] = [];
    const files = interceptedFiles(({ name, path: at }) => {
      if (name === 'rename') renames.push(at);
    });
    const folder = await openTestFolder(path, files);
    const renamedToJob = async () => {
      const before = (await disk.facts(join(path, 'api/all.json')))?.inode;
      renames.length = 0;
      const { changes } = await round(store, folder, job);
      const after = (await disk.facts(join(path, 'api/all.json')))?.inode;
      return {
        written: changes.filter(({ path: at }) => at === 'api/all.json').length,
        isNew: before !== after,
      };
    };
    expect(await renamedToJob()).toEqual({ written: 1, isNew: true });
    await publish(2);
    expect(await renamedToJob()).toEqual({ written: 1, isNew: true });
    expect(Object.keys(await visibleFiles(path))).toEqual(['api/all.json']);
    expect(await renamedToJob()).toEqual({ written: 0, isNew: false });
    expect(renames).toEqual([]);
    await fill(
      store,
      fileOf('api/consul-7', 3, ['seven:3']),
      fileOf('api/consul-8', 3, ['eight:3', 'eight:4']),
    );
    expect(await renamedToJob()).toEqual({ written: 1, isNew: true });
    const expected = names
      .toSorted()
      .flatMap((name) =>
        name === 'api/consul-7'
          ? 'seven:3'
          : name === 'api/consul-8'
            ? ['eight:3', 'eight:4']
            : `${name.slice(4)}:2`,
      );
    expect(await targetsIn(path)).toEqual({ 'api/all.json': expected });
  });

  test('gets the same bytes when lists are taken from the file before and when all are read', async () => {
    const { store, path } = await threeProviders();
    await fill(store, { 'targets/api/http-0.json': targets('h:1') }, { 'targets/api/http-1.json': '[ ]\n' });
    await fill(store, { 'targets/api/http-2.json': ' \n[{"targets":["i:1"],"labels":{}} ]' });
    const folder = await openTestFolder(path);
    await round(store, folder, job);
    await fill(store, fileOf('api/consul-0', 2, ['a:1', 'a:2', 'a:3']));
    await round(store, folder, job);
    const other = await makeFolder();
    await roundIn(other, store, job);
    expect(await visibleFiles(path)).toEqual(await visibleFiles(other));
    expect((await targetsIn(path))['api/all.json']).toEqual(['a:1', 'a:2', 'a:3', 'b:1', 'h:1', 'i:1']);
  });

  test('keeps a provider that the store no longer lists, until a tombstone of a higher version', async () => {
    const { store, path } = await threeProviders();
    await roundIn(path, store, job);
    await fill(
      store,
      { 'targets/api/consul-0.json': undefined },
      listOf('api/dns-0', 2, [{ since: 2, list: ['b:2'] }]),
    );
    await roundIn(path, store, job);
    expect((await targetsIn(path))['api/all.json']).toEqual(['a:1', 'a:2', 'b:2']);
    await fill(store, retiredOf('api/consul-0', 2));
    expect(summary(await roundIn(path, store, job))).toEqual(
      changed('removed api/consul-0.json', 'written api/all.json'),
    );
    await fill(store, retiredOf('api/dns-0', 3));
    await roundIn(path, store, job);
    expect(await targetsIn(path)).toEqual({ 'web/dns-0.json': ['w:1'] });
  });

  test('keeps the newer version of a list, and the last good list where the bucket has a bad one', async () => {
    const { store, path } = await threeProviders();
    await fill(store, fileOf('api/consul-0', 5, ['a:5']));
    await roundIn(path, store, job);
    await fill(store, fileOf('api/consul-0', 4, ['a:4']), { 'targets/api/dns-0.manifest': 'rubbish' });
    const { rejections } = await roundIn(path, store, job);
    // The files are read at the same time.
    expect(rejections.map(({ reason }) => reason).sort()).toEqual(['invalid', 'older']);
    expect((await targetsIn(path))['api/all.json']).toEqual(['a:5', 'b:1']);
  });
});

describe('a folder with a file for each provider', () => {
  test('becomes one of files for jobs without a moment in which a target is missing', async () => {
    const { store, path } = await threeProviders();
    await roundIn(path, store, provider);
    // Absent, and in no version that the bucket knows: it must move as well.
    await fill(store, { 'targets/api/consul-0.json': undefined });
    const { files, seen, operations } = watchedFiles(path);
    await roundIn(path, store, { ...job, files });
    expect(seen.filter((targetsThen) => targetsThen.size !== 4)).toEqual([]);
    expect(eventsIn(path, operations)).toEqual(['remove', 'remove']);
    expect(await targetsIn(path)).toEqual({
      'api/all.json': ['a:1', 'a:2', 'b:1'],
      'web/dns-0.json': ['w:1'],
    });
  });

  test('and back again, as for an older sidecar', async () => {
    const { store, path } = await threeProviders();
    await roundIn(path, store, provider);
    const before = await visibleFiles(path);
    await roundIn(path, store, job);
    const { files, seen } = watchedFiles(path);
    await roundIn(path, store, { ...provider, files });
    expect(seen.filter((targetsThen) => targetsThen.size !== 4)).toEqual([]);
    expect(await visibleFiles(path)).toEqual(before);
    const folder = await openTestFolder(path);
    expect(folder.jobs.size).toBe(0);
    expect(await disk.names(join(path, '.muster/lists/api'))).toEqual([]);
  });

  test('a provider that is retired in the round of the move leaves nothing behind', async () => {
    const { store, path } = await threeProviders();
    await roundIn(path, store, provider);
    await fill(store, retiredOf('api/consul-0', 2));
    await roundIn(path, store, job);
    expect(await targetsIn(path)).toEqual({ 'api/all.json': ['b:1'], 'web/dns-0.json': ['w:1'] });
  });

  test('a disk that is full leaves the files as they are', async () => {
    const { store, path } = await threeProviders();
    await roundIn(path, store, provider);
    const before = await visibleFiles(path);
    const files = interceptedFiles(({ name }) => {
      if (name === 'write') throw systemError('ENOSPC');
    });
    expect((await roundIn(path, store, { ...job, files })).errors.map(({ kind }) => kind)).toContain(
      'storage',
    );
    expect(await visibleFiles(path)).toEqual(before);
    expect(summary(await roundIn(path, store, job)).errors).toEqual([]);
    expect(Object.keys(await visibleFiles(path)).sort()).toEqual(['api/all.json', 'web/dns-0.json']);
  });
});

describe('damage to what the mirror keeps', () => {
  test('a lost state loses no list, not even one that the store no longer has', async () => {
    const { store, path } = await threeProviders();
    await roundIn(path, store, job);
    await fill(store, { 'targets/api/consul-0.json': undefined }, fileOf('api/http-0', 1, ['h:1']));
    await rm(join(path, '.muster/state'));
    await roundIn(path, store, job);
    expect((await targetsIn(path))['api/all.json']).toEqual(['a:1', 'a:2', 'b:1', 'h:1']);
    await fill(store, retiredOf('api/consul-0', 2));
    await roundIn(path, store, job);
    expect((await targetsIn(path))['api/all.json']).toEqual(['b:1', 'h:1']);
  });

  test('a damaged list is fetched again; while it cannot be, the file of the job stays as it is', async () => {
    const { store, path } = await threeProviders();
    await roundIn(path, store, job);
    const kept = join(path, '.muster/lists/api/consul-0');
    await writeFile(kept, '[{"targets":');
    await roundIn(path, store, job);
    expect((await targetsIn(path))['api/all.json']).toEqual(['a:1', 'a:2', 'b:1']);
    await fill(store, { 'targets/api/consul-0.json': undefined }, fileOf('api/http-0', 1, ['h:1']));
    await writeFile(kept, '[{"targets":');
    const failed = await roundIn(path, store, job);
    expect(failed.errors.map(({ message }) => message)).toEqual([
      `${kept} is damaged, so the file of its job stays as it is`,
    ]);
    expect((await targetsIn(path))['api/all.json']).toEqual(['a:1', 'a:2', 'b:1']);
  });

  test('a file of a job that somebody removed or changed is made again', async () => {
    const { store, path } = await threeProviders();
    await roundIn(path, store, job);
    const before = await visibleFiles(path);
    await rm(join(path, 'api/all.json'));
    await roundIn(path, store, job);
    expect(await visibleFiles(path)).toEqual(before);
    await writeFile(join(path, 'api/all.json'), 'rubbish');
    await writeFile(join(path, 'api/dns-0.json'), 'rubbish');
    await roundIn(path, store, job);
    expect(await visibleFiles(path)).toEqual(before);
    expect(await temporaries(path)).toEqual([]);
  });
});

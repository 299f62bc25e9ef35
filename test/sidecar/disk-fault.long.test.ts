import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { MusterError } from '../../lib/base/errors.ts';
import { createMemoryStore } from '../../lib/store/memory.ts';
import { changing, interceptedFiles, type Operation, systemError } from './faulty-files.ts';
import { mixedJobFile, storeOf, withJobFile, withProviderFiles } from './scenario.ts';
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

/** A disk that fails at the operations which `fails` picks by their number. */
function failingFiles(fails: (index: number, operation: Operation) => boolean, code: string) {
  let count = 0;
  return interceptedFiles(async (operation) => {
    const index = count++;
    if (!fails(index, operation)) return;
    if (code === 'ENOSPC') await operation.half?.();
    throw systemError(code);
  });
}

const scenarios = { provider: withProviderFiles, job: withJobFile } as const;
type Layout = keyof typeof scenarios;

async function countOperations(layout: Layout): Promise<number> {
  let count = 0;
  const path = await makeFolder();
  const { before, after } = scenarios[layout];
  await roundIn(path, await storeOf(before), { layout });
  const files = interceptedFiles(() => {
    count += 1;
  });
  await roundIn(path, await storeOf(after), { files, layout });
  return count;
}

/** One round on a faulty disk: its errors, or the one with which it could not even start. */
async function faultyRound(
  path: string,
  files: ReturnType<typeof interceptedFiles>,
  layout: Layout,
): Promise<readonly MusterError[]> {
  try {
    return (await roundIn(path, await storeOf(scenarios[layout].after), { files, layout })).errors;
  } catch (error) {
    if (error instanceof MusterError) return [error];
    throw error;
  }
}

describe('an error at any operation of the disk', () => {
  test.each([
    ['ENOSPC', 'once', 'provider'],
    ['ENOSPC', 'from then on', 'provider'],
    ['EROFS', 'from then on', 'provider'],
    ['EIO', 'once', 'provider'],
    ['ENOSPC', 'once', 'job'],
    ['ENOSPC', 'from then on', 'job'],
    ['EIO', 'once', 'job'],
  ] as const)(
    '%s %s: files stay whole, one line tells of it, and the next round mends it (a file for each %s)',
    async (code, how, layout) => {
      const { before, later, filesOf } = scenarios[layout];
      const total = await countOperations(layout);
      expect(total).toBeGreaterThan(50);
      for (let index = 0; index < total; index += 1) {
        const path = await makeFolder();
        await roundIn(path, await storeOf(before), { layout });
        const files = failingFiles(
          (at, { name }) => at === index || (how === 'from then on' && at > index && changing.has(name)),
          code,
        );
        const errors = await faultyRound(path, files, layout);
        const seen = await visibleFiles(path);
        const whole = Object.entries(seen).every(([file, text]) =>
          [...Object.values(filesOf), mixedJobFile].some((bucket) =>
            Object.entries(bucket).some(([key, want]) => key === file && want === text),
          ),
        );
        const kinds = [...new Set(errors.map(({ kind }) => kind))];
        const lines = errors.filter(({ message }) => message.includes('\n') || !message.includes(path));
        const mended = await roundIn(path, await storeOf(later), { layout });
        expect({
          index,
          whole,
          kinds,
          lines,
          mended: mended.errors,
          files: await visibleFiles(path),
          left: await temporaries(path),
        }).toEqual({
          index,
          whole: true,
          kinds: ['storage'],
          lines: [],
          mended: [],
          files: filesOf.later,
          left: [],
        });
      }
    },
  );

  test('within one life of the mirror a full disk leaves no temporary file, and heals by itself', async () => {
    let full = false;
    const files = interceptedFiles(async ({ name, half }) => {
      if (!full || name !== 'write') return;
      await half?.();
      throw systemError('ENOSPC');
    });
    const store = createMemoryStore();
    await publish(store, { 'api/consul-0.json': targets('a:1') });
    const path = await makeFolder();
    const folder = await openTestFolder(path, files);
    await round(store, folder);
    full = true;
    await publish(store, { 'api/consul-0.json': targets('a:2'), 'web/consul-0.json': targets('b:1') });
    const failed = await round(store, folder);
    expect(failed.errors.map(({ message }) => message).sort()).toEqual(
      ['api', 'web'].map(
        (job) =>
          `cannot update ${path}/${job}/consul-0.json, its last good content stays: the disk is full or out of inodes (ENOSPC): free some space`,
      ),
    );
    expect(await visibleFiles(path)).toEqual({ 'api/consul-0.json': targets('a:1') });
    expect(await temporaries(path)).toEqual([]);
    full = false;
    expect(summary(await round(store, folder))).toEqual(
      changed('written api/consul-0.json', 'written web/consul-0.json'),
    );
  });

  test.each([
    ['the rename', 'rename', /consul-0\.json$|tmp\/\d+$/],
    ['the announcement in the state', 'syncFolder', /\.muster$/],
  ])('a failure of %s leaves no temporary file', async (_, operation, where) => {
    const store = createMemoryStore();
    await publish(store, { 'api/consul-0.json': targets('a:1') });
    let broken = true;
    const files = interceptedFiles(({ name, path }) => {
      if (broken && name === operation && where.test(path)) throw systemError('EIO');
    });
    const path = await makeFolder();
    const folder = await openTestFolder(path, files);
    expect(summary(await round(store, folder)).changes).toEqual([]);
    expect(await temporaries(path)).toEqual([]);
    broken = false;
    expect(summary(await round(store, folder))).toEqual(changed('written api/consul-0.json'));
  });

  test('a state that could not be written is written by the next round, even a quiet one', async () => {
    let creations = 0;
    const files = interceptedFiles(({ name }) => {
      // The first is the target file, the second the state.
      if (name === 'create' && ++creations === 2) throw systemError('EIO');
    });
    const { memory, path, folder } = await syncedWorld({ 'api/consul-0.json': targets('a:1') });
    folder.close();
    await publish(memory, { 'api/consul-0.json': targets('a:2') });
    const faulty = await openTestFolder(path, files);
    expect(summary(await round(memory, faulty))).toEqual({
      changes: ['written api/consul-0.json'],
      rejections: [],
      errors: ['storage'],
    });
    expect(summary(await round(memory, faulty))).toEqual(changed());
    faulty.close();
    const reads: string[] = [];
    const watching = interceptedFiles(({ name, path: at }) => {
      if (name === 'read' && at.endsWith('.json')) reads.push(at);
    });
    expect(summary(await roundIn(path, memory, { files: watching }))).toEqual(changed());
    expect(reads).toEqual([]);
  });

  test('a folder that nobody may write in says so and what to do', async () => {
    const path = await makeFolder();
    const files = interceptedFiles(({ name }) => {
      if (name === 'makeFolder') throw systemError('EACCES');
    });
    await expect(openTestFolder(path, files)).rejects.toMatchObject({
      kind: 'storage',
      message: `cannot use the folder ${path}: not permitted (EACCES): give this user the rights to the folder`,
    });
  });
});

/** Mounts a disk of so many kilobytes, or says why that is not possible here. */
function mountSmallDisk(path: string, kilobytes: number): string | undefined {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k,nr_inodes=64`, 'tmpfs', path], {
      stdio: 'pipe',
    });
    afterThisTest(() => execFileSync('umount', ['-l', path]));
    return undefined;
  } catch (error) {
    return String(error);
  }
}

describe('a disk that is really full', () => {
  test('keeps the last good files, and takes the new ones once there is room', async () => {
    const path = await makeFolder();
    const why = mountSmallDisk(path, 256);
    if (why !== undefined) {
      process.stderr.write(`SKIPPED, cannot mount a small disk (needs root): ${why}\n`);
      return;
    }
    const store = createMemoryStore();
    const small = { 'api/consul-0.json': targets('a:1'), 'web/consul-0.json': targets('b:1') };
    await publish(store, small);
    const folder = await openTestFolder(path);
    afterThisTest(() => folder.close());
    expect(summary(await round(store, folder)).errors).toEqual([]);
    const large = targets(...Array.from({ length: 8000 }, (_, index) => `host-${index}:9100`));
    await publish(store, { 'api/consul-0.json': large, 'web/consul-0.json': targets('b:2') });
    const failed = await round(store, folder);
    expect(failed.errors.map(({ message }) => message)).toEqual([
      `cannot update ${path}/api/consul-0.json, its last good content stays: the disk is full or out of inodes (ENOSPC): free some space`,
    ]);
    expect(await visibleFiles(path)).toEqual({ ...small, 'web/consul-0.json': targets('b:2') });
    expect(await temporaries(path)).toEqual([]);
    await publish(store, { 'api/consul-0.json': targets('a:2') });
    expect(summary(await round(store, folder))).toEqual(changed('written api/consul-0.json'));
  });

  test('filled to the last byte by somebody else: nothing is lost, nothing is torn', async () => {
    const path = await makeFolder();
    const why = mountSmallDisk(path, 256);
    if (why !== undefined) {
      process.stderr.write(`SKIPPED, cannot mount a small disk (needs root): ${why}\n`);
      return;
    }
    const store = createMemoryStore();
    const small = { 'api/consul-0.json': targets('a:1') };
    await publish(store, small);
    const folder = await openTestFolder(path);
    await round(store, folder);
    await expect(writeFile(join(path, 'ballast'), new Uint8Array(2 ** 20))).rejects.toMatchObject({
      code: 'ENOSPC',
    });
    await publish(store, { 'api/consul-0.json': targets('a:2') });
    expect(summary(await round(store, folder)).errors).toEqual(['storage']);
    const { ballast, ...rest } = await visibleFiles(path);
    expect(ballast?.length).toBeGreaterThan(0);
    expect(rest).toEqual(small);
    folder.close();
    expect(summary(await roundIn(path, store)).errors).toEqual(['storage']);
    await writeFile(join(path, 'ballast'), '');
    expect(summary(await roundIn(path, store))).toEqual(changed('written api/consul-0.json'));
  });
});

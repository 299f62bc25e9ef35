import { spawnSync } from 'node:child_process';
import { chmod } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { fileFailure } from '../../lib/base/disk-errors.ts';
import { bytes, failure } from '../../lib/store/contract/probe.ts';
import { createFileStore } from '../../lib/store/folder/store.ts';
import { newFolder } from './folders.ts';

/** A folder with an object `a` in it, which processes of other users can read. */
async function folderWithObject(): Promise<string> {
  const folder = await newFolder();
  await chmod(dirname(folder), 0o755);
  await createFileStore(folder).put('a', bytes('old'), { condition: 'create' });
  // Whatever the umask of this process.
  await chmod(join(folder, 'a'), 0o644);
  await chmod(join(folder, '.tmp'), 0o555);
  await chmod(folder, 0o555);
  return folder;
}

/** What comes of writing in the folder: see the worker's task `trouble`. */
function writeIn(
  folder: string,
  run: { readonly under?: readonly string[]; readonly uid?: number | undefined },
): unknown {
  const worker = [process.execPath, join(import.meta.dirname, 'file-worker.ts'), 'trouble', folder];
  const [command = '', ...args] = [...(run.under ?? []), ...worker];
  const { stdout, stderr } = spawnSync(command, args, {
    input: 'go\n',
    encoding: 'utf8',
    uid: run.uid,
  });
  const [, result] = stdout.split('\n');
  if (result === undefined) throw new Error(stderr);
  return JSON.parse(result);
}

/** Runs a program with mounts of its own, which end with it. */
const withMounts = (mounts: string) =>
  ['unshare', '--map-root-user', '--mount', 'sh', '-c', `${mounts} && exec "$@"`, 'sh'] as const;
const mayMount = spawnSync('unshare', ['--map-root-user', '--mount', 'true']).status === 0;
if (!mayMount) process.stderr.write('SKIPPED full and read-only disks: this machine lets no user mount\n');

describe('a disk that will not have the write', () => {
  const inMounts = mayMount ? test : test.skip;

  inMounts('because it is full: the old object stays and the temporary file goes', async () => {
    const folder = await folderWithObject();
    const mount = `cp -a ${folder} ${folder}.copy && mount -t tmpfs -o size=1m tmpfs ${folder} && cp -a ${folder}.copy/. ${folder}/`;
    const { url } = createFileStore(folder);
    expect(writeIn(folder, { under: withMounts(mount) })).toEqual([
      `storage ${url}: writing a failed: the disk is full or out of inodes (ENOSPC): free some space`,
      'none it did not fail',
      'old',
      [],
    ]);
  });

  inMounts('because it is read-only', async () => {
    const folder = await folderWithObject();
    const mount = `mount --bind ${folder} ${folder} && mount -o remount,ro,bind ${folder}`;
    const { url } = createFileStore(folder);
    expect(writeIn(folder, { under: withMounts(mount) })).toEqual([
      `storage ${url}: writing a failed: the file system is read-only (EROFS): mount it writable`,
      `storage ${url}: checking that the folder is writable failed: the file system is read-only (EROFS): mount it writable`,
      'old',
      [],
    ]);
  });

  const nobody = process.getuid?.() === 0 ? { uid: 65_534 } : {};
  const worker = join(import.meta.dirname, 'file-worker.ts');
  const mayRead = spawnSync(process.execPath, ['--check', worker], { ...nobody }).status === 0;
  if (!mayRead)
    process.stderr.write('SKIPPED a write without rights: other users may not read this checkout\n');
  const asNobody = mayRead ? test : test.skip;

  asNobody('because this user may not', async () => {
    const folder = await folderWithObject();
    const { url } = createFileStore(folder);
    expect(writeIn(folder, nobody)).toEqual([
      `denied ${url}: writing a is not permitted (EACCES): give this user the rights to the folder`,
      `denied ${url}: checking that the folder is writable is not permitted (EACCES): give this user the rights to the folder`,
      'old',
      [],
    ]);
  });

  test('because a name is too long for it', async () => {
    const store = createFileStore(await folderWithObject());
    expect(await failure(store.put('x'.repeat(256), bytes('x'), { condition: 'any' }))).toMatchObject({
      kind: 'config',
    });
  });
});

test.each([
  ['EDQUOT', 'storage', 'writing a failed: the disk quota is used up (EDQUOT): free some space or raise it'],
  ['EIO', 'storage', 'writing a failed: the disk reports an input/output error (EIO): check the disk'],
  ['EPERM', 'denied', 'writing a is not permitted (EPERM): give this user the rights to the folder'],
  ['EWHATEVER', 'storage', 'writing a failed: EWHATEVER'],
])('%s is one clear line', (code, kind, line) => {
  const error = Object.assign(new Error(`${code}: as the system says it`), { code });
  expect(fileFailure(error, 'file:///store', 'writing a', undefined)).toMatchObject({
    kind,
    message: `file:///store: ${line}`,
  });
});

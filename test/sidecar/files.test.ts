import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { diskError } from '../../lib/base/disk-errors.ts';
import { MusterError } from '../../lib/base/errors.ts';
import { disk } from '../../lib/sidecar/mirror/files.ts';
import { systemError } from './faulty-files.ts';
import { cleanUpAfterEach, makeFolder } from './world.ts';

cleanUpAfterEach();

describe('the disk', () => {
  test('never follows a link at the end of a path', async () => {
    const folder = await makeFolder();
    const [target, to] = [join(folder, 'target'), join(folder, 'link')];
    await writeFile(target, 'precious');
    await symlink(target, to);
    expect((await disk.facts(to))?.kind).toBe('other');
    expect(await disk.read(to)).toBeUndefined();
    await expect(disk.create(to)).rejects.toMatchObject({ code: 'EEXIST' });
    await disk.remove(to);
    expect(await disk.facts(to)).toBeUndefined();
    expect(await readFile(target, 'utf8')).toBe('precious');
  });

  test('takes what is not there for an answer, not for an error', async () => {
    const folder = await makeFolder();
    const nothing = join(folder, 'nothing');
    expect([await disk.facts(nothing), await disk.read(nothing)]).toEqual([undefined, undefined]);
    await disk.remove(nothing);
    await mkdir(nothing);
    await disk.makeFolder(nothing);
    expect(await disk.names(nothing)).toEqual([]);
  });
});

describe('an error of the disk in words', () => {
  test.each([
    ['ENOSPC', 'storage', 'cannot write x: the disk is full or out of inodes (ENOSPC): free some space'],
    ['EROFS', 'storage', 'cannot write x: the file system is read-only (EROFS): mount it writable'],
    ['EACCES', 'storage', 'cannot write x: not permitted (EACCES): give this user the rights to the folder'],
    ['EBUSY', 'storage', 'cannot write x: EBUSY: injected'],
  ])('%s', (code, kind, message) => {
    const { kind: is, message: says } = diskError('write x', systemError(code));
    expect([is, says]).toEqual([kind, message]);
  });

  test('what no disk says is a fault of ours, and an error with a kind stays what it is', () => {
    expect(diskError('write x', new TypeError('oops')).kind).toBe('internal');
    const conflict = new MusterError('conflict', 'taken');
    expect(diskError('write x', conflict)).toBe(conflict);
  });
});

import {
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  unlinkSync,
} from 'node:fs';
import { realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isAbsent } from '../../base/disk-errors.ts';
import { codeOf, MusterError } from '../../base/errors.ts';
import { checkCondition, checkRemoval } from '../errors.ts';
import type { PutCondition } from '../store.ts';
import { fileEtag, type WrittenFile } from './temporary.ts';

/** Where a key's file lies: below `root`, which is a real path. `url` is the store's, for messages. */
export interface Place {
  readonly url: string;
  readonly root: string;
  readonly key: string;
}

/** The path of the key's file when its folder is there; throws (`storage`) when a symbolic link is on the way. */
export async function findPath({ url, root, key }: Place): Promise<string | undefined> {
  const path = join(root, key);
  try {
    if ((await realpath(dirname(path))) !== dirname(path)) throw isLink(url, key);
    return path;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/**
 * Puts the written file in its place if the condition holds, and makes that survive a crash of the machine. Runs
 * under the lock, so it is synchronous and touches a handful of entries.
 */
export function replaceFile(place: Place, written: WrittenFile, condition: PutCondition): void {
  const path = join(place.root, place.key);
  const missing = missingFolders(place);
  const etag = missing.length > 0 ? undefined : currentEtag(place, path);
  checkCondition(place.url, place.key, condition, etag);
  for (const folder of missing) {
    mkdirSync(folder);
    syncFolder(dirname(folder));
  }
  renameSync(written.path, path);
  syncFolder(dirname(path));
}

/**
 * Removes the file, where an etag is given only if it has that one, and folders that it leaves empty: another key may
 * want to be a file of that name. Under the lock.
 */
export function removeFile(place: Place, wanted: string | undefined): void {
  const path = join(place.root, place.key);
  if (missingFolders(place).length > 0) return;
  const etag = currentEtag(place, path, 'ignore folders');
  if (etag === undefined) return;
  checkRemoval(place.url, place.key, etag, wanted);
  unlinkSync(path);
  let folder = dirname(path);
  while (folder !== place.root && removeEmpty(folder)) folder = dirname(folder);
  syncFolder(folder);
}

/** The folders of the key that are not there yet, outermost first. */
function missingFolders({ url, root, key }: Place): readonly string[] {
  const segments = key.split('/').slice(0, -1);
  const folders = segments.map((_, index) => join(root, ...segments.slice(0, index + 1)));
  return folders.filter((folder) => {
    const stats = lstatSync(folder, { throwIfNoEntry: false });
    if (stats?.isSymbolicLink()) throw isLink(url, key);
    if (stats && !stats.isDirectory()) throw isBoth(url, key);
    return stats === undefined;
  });
}

function currentEtag({ url, key }: Place, path: string, folders?: 'ignore folders'): string | undefined {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  if (stats.isFile()) return fileEtag(stats);
  if (stats.isDirectory() && folders === 'ignore folders') return undefined;
  throw stats.isDirectory() ? isBoth(url, key) : isLink(url, key);
}

function removeEmpty(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'EBUSY') return false;
    throw error;
  }
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Refusal of a key whose way leads through a symbolic link, or to something that is no plain file. */
export function isLink(url: string, key: string): MusterError {
  return new MusterError(
    'storage',
    `${url}: ${key} is a symbolic link or leads through one (or is no plain file): remove it, the store holds plain files only`,
  );
}

function isBoth(url: string, key: string): MusterError {
  return new MusterError(
    'storage',
    `${url}: ${key} would be both a file and a folder, which a disk cannot hold: rename one of them`,
  );
}

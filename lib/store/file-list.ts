import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isAbsent } from './file-failure.ts';
import { fileEtag } from './file-temp.ts';
import { compareKeys, isKey } from './key.ts';
import type { ListedObject } from './store.ts';

/** How many files are looked at at once. */
const batch = 32;

/**
 * All plain files below `root` whose key starts with the prefix, by key. Links, sockets, the store's own files and
 * names that are no keys are not objects and left out; a file that goes meanwhile is left out too.
 */
export async function listFiles(
  root: string,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<readonly ListedObject[]> {
  const keys = await findKeys(root, prefix, signal);
  const listed: ListedObject[] = [];
  for (let start = 0; start < keys.length; start += batch) {
    signal?.throwIfAborted();
    const objects = await Promise.all(keys.slice(start, start + batch).map((key) => describeFile(root, key)));
    listed.push(...objects.filter((object) => object !== undefined));
  }
  return listed.sort((left, right) => compareKeys(left.key, right.key));
}

async function findKeys(
  root: string,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const keys: string[] = [];
  const folders = [prefix];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    signal?.throwIfAborted();
    for (const entry of await readFolder(join(root, folder))) {
      const key = `${folder}${entry.name}`;
      if (!isKey(key)) continue;
      if (entry.isDirectory()) folders.push(`${key}/`);
      else if (entry.isFile()) keys.push(key);
    }
  }
  return keys;
}

async function readFolder(path: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

async function describeFile(root: string, key: string): Promise<ListedObject | undefined> {
  try {
    const stats = await lstat(join(root, key), { bigint: true });
    if (!stats.isFile()) return undefined;
    return { key, etag: fileEtag(stats), size: Number(stats.size), modified: Number(stats.mtimeMs) };
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

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
    for (const [name, kind] of await readWhole(join(root, folder), signal)) {
      const key = `${folder}${name}`;
      if (!isKey(key)) continue;
      if (kind === 'folder') folders.push(`${key}/`);
      else keys.push(key);
    }
  }
  return keys;
}

/** Up to this many entries one reading of a folder has always been whole. */
const sureUpTo = 500;

/** Readings of one folder at most: where files come and go all the time, no two may be alike. */
const mostReadings = 5;

type Entries = Map<string, 'file' | 'folder'>;

/**
 * What is in a folder. On tmpfs a reading of many entries can leave out files that were there all along, when others
 * are renamed into the folder meanwhile. So a large folder is read until a reading has all that was found before it, and
 * no more; what has gone since is found out when each file is looked at.
 */
async function readWhole(path: string, signal: AbortSignal | undefined): Promise<Entries> {
  const found = await readFolder(path);
  if (found.size <= sureUpTo) return found;
  for (let readings = 1; readings < mostReadings; readings++) {
    signal?.throwIfAborted();
    const again = await readFolder(path);
    const isSame = again.size === found.size && [...again.keys()].every((name) => found.has(name));
    for (const [name, kind] of again) found.set(name, kind);
    if (isSame) break;
  }
  return found;
}

async function readFolder(path: string): Promise<Entries> {
  try {
    const entries: Entries = new Map();
    for (const entry of await readdir(path, { withFileTypes: true })) {
      if (entry.isDirectory()) entries.set(entry.name, 'folder');
      else if (entry.isFile()) entries.set(entry.name, 'file');
    }
    return entries;
  } catch (error) {
    if (isAbsent(error)) return new Map();
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

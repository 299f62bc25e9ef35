import { lstat, mkdir, readdir, realpath, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { once } from '../../base/concurrency.ts';
import { fileFailure, isAbsent } from '../../base/disk-errors.ts';
import { codeOf, MusterError } from '../../base/errors.ts';
import { holdLock } from '../../base/locks.ts';
import { checkSignal } from '../errors.ts';
import {
  type Body,
  checkKey,
  checkPrefix,
  compareKeys,
  isKey,
  type ListedObject,
  type ObjectStore,
  readMethods,
} from '../store.ts';
import { fileEtag, findPath, removeFile, replaceFile, sweepTemp, syncFolders, writeTemp } from './files.ts';
import { openObject, readEtag, readObject } from './read.ts';

/**
 * A store in a folder, where an object is a plain file of that name; made by the first write. `.tmp` and `.lock` in it are
 * the store's own. Any number of processes may share it. A key cannot be a file and a folder (`a` and `a/b`) at once:
 * the second one is refused (kind `storage`).
 */
export function createFileStore(folder: string): ObjectStore {
  const url = pathToFileURL(folder).href;
  /** The real path of the folder: the folder itself may be a link, nothing in it may. */
  const found = once(() => realpath(folder));
  // Who only reads makes no folder: its name may be misspelt. One that is not there yet has no objects.
  const forReading = () =>
    found().catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return resolve(folder);
      throw error;
    });
  const opened = once(async () => {
    await mkdir(resolve(folder), { recursive: true });
    const root = await found();
    await openTemp(join(root, '.tmp'));
    return root;
  });
  // The folder was deleted while this process runs: it is made again, as at first.
  const reopen = () => {
    opened.take();
    found.take();
    return opened();
  };
  const forWriting = async () => {
    const root = await opened();
    return (await isThere(join(root, '.tmp'))) ? root : reopen();
  };
  /** Whether the folder is there shows by the write itself. */
  const stage = async (root: string, body: Body, signal: AbortSignal | undefined) => {
    try {
      return { root, written: await writeTemp(join(root, '.tmp'), body, signal) };
    } catch (error) {
      if (!isAbsent(error)) throw error;
      const again = await reopen();
      return { root: again, written: await writeTemp(join(again, '.tmp'), body, signal) };
    }
  };

  async function call<T>(
    what: string,
    signal: AbortSignal | undefined,
    prepare: () => Promise<string>,
    run: (root: string) => Promise<T>,
  ): Promise<T> {
    checkSignal(signal, url, what);
    try {
      return await run(await prepare());
    } catch (error) {
      throw fileFailure(error, url, what, signal);
    }
  }

  return {
    url,
    ...readMethods(url, {
      read: (key, etag, options) =>
        call(`reading ${key}`, options.signal, forReading, (root) =>
          readObject({ url, root, key }, etag, options),
        ),
      open: (key, etag, options) =>
        call(`reading ${key}`, options.signal, forReading, (root) =>
          openObject({ url, root, key }, etag, options),
        ),
    }),
    async head(key, { signal } = {}) {
      checkKey(url, key);
      return call(`reading ${key}`, signal, forReading, (root) => readEtag({ url, root, key }));
    },
    async put(key, body, { condition, signal }) {
      checkKey(url, key);
      return call(`writing ${key}`, signal, opened, async (before) => {
        const { root, written } = await stage(before, body, signal);
        try {
          const replace = () => replaceFile({ url, root, key }, written, condition);
          await syncFolders(await holdLock(join(root, '.lock'), replace, signal));
        } catch (error) {
          await rm(written.path, { force: true });
          throw error;
        }
        return { etag: written.etag };
      });
    },
    async list(prefix, { signal } = {}) {
      checkPrefix(url, prefix);
      return call(`listing ${prefix}`, signal, forReading, async (root) => {
        // The folder of a prefix must be below the root as well, not behind a link.
        if (prefix !== '') await findPath({ url, root, key: `${prefix}any` });
        return listFiles(root, prefix, signal);
      });
    },
    async delete(key, { etag, signal } = {}) {
      checkKey(url, key);
      await call(`deleting ${key}`, signal, forWriting, async (root) => {
        const remove = () => removeFile({ url, root, key }, etag);
        await syncFolders(await holdLock(join(root, '.lock'), remove, signal));
      });
    },
    /** Writes and locks, and leaves no object behind. */
    async verify({ signal } = {}) {
      await call('checking that the folder is writable', signal, forWriting, async (root) => {
        const written = await writeTemp(join(root, '.tmp'), new Uint8Array(), signal);
        await rm(written.path, { force: true });
        await holdLock(join(root, '.lock'), () => undefined, signal);
      });
    },
    async [Symbol.asyncDispose]() {},
  };
}

async function isThere(folder: string): Promise<boolean> {
  try {
    await lstat(folder);
    return true;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

async function openTemp(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  if (!(await lstat(folder)).isDirectory()) {
    throw new MusterError(
      'storage',
      `${folder} is a symbolic link: remove it, it must be a folder of the store's own`,
    );
  }
  await sweepTemp(folder);
}

/** How many files are looked at at once. */
const batch = 32;

/**
 * All plain files below `root` whose key starts with the prefix, by key. Links, sockets, the store's own files and
 * names that are no keys are not objects and left out; a file that goes meanwhile is left out too.
 */
async function listFiles(
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

import { lstat, mkdir, realpath, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { MusterError } from '../errors.ts';
import { once } from '../once.ts';
import { checkSignal } from './failure.ts';
import { errorCode, fileFailure, isAbsent } from './file-failure.ts';
import { listFiles } from './file-list.ts';
import { holdLock } from './file-lock.ts';
import { findPath, removeFile, replaceFile } from './file-place.ts';
import { readEtag, readObject } from './file-read.ts';
import { openObject } from './file-stream.ts';
import { sweepTemp, writeTemp } from './file-temp.ts';
import { checkKey, checkPrefix } from './key.ts';
import { defaultMaxBytes, type ObjectStore } from './store.ts';

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
      if (errorCode(error) === 'ENOENT') return resolve(folder);
      throw error;
    });
  const opened = once(async () => {
    await mkdir(resolve(folder), { recursive: true });
    const root = await found();
    await openTemp(join(root, '.tmp'));
    return root;
  });
  const forWriting = async () => {
    const root = await opened();
    if (await isThere(join(root, '.tmp'))) return root;
    // Somebody deleted the folder under a process that goes on: it is made anew, as at first.
    opened.take();
    found.take();
    return opened();
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
    async get(key, { ifNoneMatch, maxBytes = defaultMaxBytes, signal } = {}) {
      checkKey(url, key);
      return call(`reading ${key}`, signal, forReading, (root) =>
        readObject({ url, root, key }, { ifNoneMatch, maxBytes, signal }),
      );
    },
    async open(key, options = {}) {
      checkKey(url, key);
      return call(`reading ${key}`, options.signal, forReading, (root) =>
        openObject({ url, root, key }, options),
      );
    },
    async head(key, { signal } = {}) {
      checkKey(url, key);
      return call(`reading ${key}`, signal, forReading, (root) => readEtag({ url, root, key }));
    },
    async put(key, body, { condition, signal }) {
      checkKey(url, key);
      return call(`writing ${key}`, signal, forWriting, async (root) => {
        const written = await writeTemp(join(root, '.tmp'), body, signal);
        try {
          await holdLock(
            join(root, '.lock'),
            () => replaceFile({ url, root, key }, written, condition),
            signal,
          );
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
      await call(`deleting ${key}`, signal, forWriting, (root) =>
        holdLock(join(root, '.lock'), () => removeFile({ url, root, key }, etag), signal),
      );
    },
    /** Writes and locks, and leaves no object behind. */
    async verify({ signal } = {}) {
      await call('checking that the folder is writable', signal, forWriting, async (root) => {
        const written = await writeTemp(join(root, '.tmp'), new Uint8Array(), signal);
        await rm(written.path, { force: true });
        await holdLock(join(root, '.lock'), () => undefined, signal);
      });
    },
    async close() {},
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

import { lstat, mkdir, open, readdir, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, MusterError } from '../../base/errors.ts';
import { plainFile, readPieces } from '../../base/files.ts';

/** What identifies a file on disk without reading it: a change of its content changes at least one field. */
export interface FileFacts {
  readonly kind: 'file' | 'folder' | 'other';
  /** Bytes. */
  readonly size: number;
  readonly inode: number;
  readonly links: number;
  /** Times of modification and of status change, in milliseconds of Unix time. */
  readonly modified: number;
  readonly changed: number;
}

/** A new file that is being written. */
export interface OpenFile {
  write(bytes: Uint8Array): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The operations of the mirror on a disk. They are handed in, so that a test can fail or kill each of them. None
 * follows a symbolic link in the last part of the path. Throws the errors of node:fs.
 */
export interface FileSystem {
  /** `undefined` if there is nothing. A symbolic link is `other`. */
  facts(path: string): Promise<FileFacts | undefined>;
  names(folder: string): Promise<readonly string[]>;
  /** `undefined` if there is nothing, or a symbolic link. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** Reads piece by piece, for files that are too large for memory; false where there is nothing. */
  readPieces(path: string, take: (piece: Uint8Array) => void): Promise<boolean>;
  /** No error where the folder exists. */
  makeFolder(path: string): Promise<void>;
  /** Fails where the path exists. */
  create(path: string): Promise<OpenFile>;
  rename(from: string, to: string): Promise<void>;
  /** No error where there is nothing. */
  remove(path: string): Promise<void>;
  /** Makes renames and removals in the folder survive a power cut. */
  syncFolder(path: string): Promise<void>;
}

/** The real disk. */
export const disk: FileSystem = {
  async facts(path) {
    const found = await unless(['ENOENT', 'ENOTDIR'], lstat(path));
    if (found === undefined) return undefined;
    return {
      kind: found.isFile() ? 'file' : found.isDirectory() ? 'folder' : 'other',
      size: found.size,
      inode: found.ino,
      links: found.nlink,
      modified: found.mtimeMs,
      changed: found.ctimeMs,
    };
  },
  names: (folder) => readdir(folder),
  async read(path) {
    const handle = await unless(['ENOENT', 'ELOOP'], open(path, plainFile));
    try {
      return await handle?.readFile();
    } finally {
      await handle?.close();
    }
  },
  async readPieces(path, take) {
    const handle = await unless(['ENOENT', 'ELOOP'], open(path, plainFile));
    try {
      if (handle === undefined) return false;
      for await (const piece of readPieces(handle)) take(piece);
      return true;
    } finally {
      await handle?.close();
    }
  },
  async makeFolder(path) {
    await unless(['EEXIST'], mkdir(path));
  },
  async create(path) {
    const handle = await open(path, 'wx', 0o644);
    return {
      write: (bytes) => handle.writeFile(bytes),
      sync: () => handle.sync(),
      close: () => handle.close(),
    };
  },
  rename,
  async remove(path) {
    await unless(['ENOENT'], unlink(path));
  },
  async syncFolder(path) {
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
};

/**
 * Renames a temporary file into place, makes the folder there if it is missing, and makes both survive a power cut.
 * Removes the temporary file when it fails. Throws kind `storage` where the folder is a link or a file, and what the
 * disk throws.
 */
export async function renameInto(files: FileSystem, staged: string, to: string): Promise<void> {
  const home = dirname(to);
  try {
    const found = await files.facts(home);
    if (found === undefined) {
      await files.makeFolder(home);
      await files.syncFolder(dirname(home));
    } else if (found.kind !== 'folder')
      throw new MusterError(
        'storage',
        `${home} is not a real folder: remove it, so that the mirror can write there`,
      );
    await files.rename(staged, to);
  } catch (error) {
    await files.remove(staged).catch(() => undefined);
    throw error;
  }
  await files.syncFolder(home);
}

async function unless<T>(codes: readonly string[], operation: Promise<T>): Promise<T | undefined> {
  try {
    return await operation;
  } catch (error) {
    const code = codeOf(error);
    if (code !== undefined && codes.includes(code)) return undefined;
    throw error;
  }
}

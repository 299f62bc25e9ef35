import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, unlink } from 'node:fs/promises';
import { MusterError, toMusterError } from '../../base/errors.ts';

/** What identifies a file on disk without reading it; a change of its content changes at least one of them. */
export interface FileFacts {
  readonly kind: 'file' | 'folder' | 'other';
  readonly size: number;
  readonly inode: number;
  readonly links: number;
  /** Modification and status change, in milliseconds of Unix time. */
  readonly modified: number;
  readonly changed: number;
}

/** A new file while it is written. */
export interface OpenFile {
  write(bytes: Uint8Array): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The few operations by which the mirror touches a disk, handed in so that a test can fail or kill it at each of
 * them. None follows a symbolic link in the last part of the path. Errors are those of node:fs.
 */
export interface FileSystem {
  /** `undefined` where there is nothing. A symbolic link is `other`. */
  facts(path: string): Promise<FileFacts | undefined>;
  names(folder: string): Promise<readonly string[]>;
  /** `undefined` where there is nothing or a symbolic link. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** The same piece by piece, for what is too large to be held; false where there is nothing. */
  readPieces(path: string, take: (piece: Uint8Array) => void): Promise<boolean>;
  /** No error where the folder is there already. */
  makeFolder(path: string): Promise<void>;
  /** Fails where anything is there already. */
  create(path: string): Promise<OpenFile>;
  rename(from: string, to: string): Promise<void>;
  /** No error where there is nothing. */
  remove(path: string): Promise<void>;
  /** Makes renames and removals in the folder outlast a power cut. */
  syncFolder(path: string): Promise<void>;
}

/** Without O_NONBLOCK a pipe that lies in the way would hold us for ever. */
const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

const pieceSize = 256 * 1024;

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
    const handle = await unless(['ENOENT', 'ELOOP'], open(path, readFlags));
    try {
      return await handle?.readFile();
    } finally {
      await handle?.close();
    }
  },
  async readPieces(path, take) {
    const handle = await unless(['ENOENT', 'ELOOP'], open(path, readFlags));
    try {
      for (;;) {
        const read = await handle?.read(Buffer.allocUnsafe(pieceSize), 0, pieceSize);
        if (read === undefined || read.bytesRead === 0) return handle !== undefined;
        take(read.buffer.subarray(0, read.bytesRead));
      }
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

const words: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on the disk; free some',
  EDQUOT: 'the disk quota is used up; raise it or free some space',
  EROFS: 'the file system is read-only; mount it writable',
  EACCES: 'permission denied; let this user write there',
  EPERM: 'not permitted; let this user write there',
  EMFILE: 'too many open files; raise the limit',
  EXDEV: 'it is on another file system than the rest of the folder; mount them as one',
};

/** A failed operation as one line for a person, kind `storage`; a MusterError stays what it is. */
export function diskError(what: string, cause: unknown): MusterError {
  if (cause instanceof MusterError) return cause;
  const code = codeOf(cause);
  // An error without a code does not come from the disk: it is a bug.
  const kind = code === undefined ? 'internal' : 'storage';
  const known = code === undefined ? undefined : words[code];
  const reason = known === undefined ? toMusterError(cause).message : `${known} (${code})`;
  return new MusterError(kind, `cannot ${what}: ${reason}`, { cause });
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

/** Read by shape, since an error of node:fs need not be an instance of this Error. */
function codeOf(error: unknown): string | undefined {
  const named = typeof error === 'object' && error !== null && 'code' in error;
  return named && typeof error.code === 'string' ? error.code : undefined;
}

import { cutOff } from './deadlines.ts';
import { MusterError } from './errors.ts';

/** A failed call on the disk as a MusterError. `what` is the call, as in `writing targets/a.json`. */
export function fileFailure(
  error: unknown,
  url: string,
  what: string,
  signal: AbortSignal | undefined,
): MusterError {
  if (error instanceof MusterError) return error;
  if (signal?.aborted) return cutOff(url, what, signal);
  const code = errorCode(error) ?? String(error);
  const hint = hints[code];
  if (deniedCodes.has(code)) {
    return new MusterError(
      'denied',
      `${url}: ${what} is not permitted (${code}): give this user the rights to the folder`,
      { cause: error },
    );
  }
  return new MusterError(
    code === 'ENAMETOOLONG' ? 'config' : 'storage',
    `${url}: ${what} failed: ${hint ?? code}`,
    {
      cause: error,
    },
  );
}

const deniedCodes: ReadonlySet<string> = new Set(['EACCES', 'EPERM']);

const hints: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full or out of inodes (ENOSPC): free some space',
  EDQUOT: 'the disk quota is used up (EDQUOT): free some space or raise it',
  EFBIG: 'the file would be larger than this process may write (EFBIG)',
  EROFS: 'the file system is read-only (EROFS): mount it writable',
  EIO: 'the disk reports an input/output error (EIO): check the disk',
  EMFILE: 'this process has too many open files (EMFILE): raise its limit',
  ENFILE: 'the system has too many open files (ENFILE)',
  ENAMETOOLONG: 'a name in it is too long for the file system (ENAMETOOLONG)',
  EXDEV:
    'a folder in it is another file system (EXDEV): a store must lie on one, for files are renamed into place',
  ENOTDIR: 'a folder on the way is a file (ENOTDIR)',
  EEXIST: 'a folder on the way is a file (EEXIST)',
};

/** The system's code of an error, as `ENOENT`. */
export function errorCode(error: unknown): string | undefined {
  // Not by `instanceof`: errors of Node's own modules may come from another realm than this one.
  return isObject(error) && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Whether the error says that the file, or a folder on the way to it, is not there. */
export function isAbsent(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

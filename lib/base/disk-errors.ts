import { cutOff } from './deadlines.ts';
import { codeOf, type ErrorCode, MusterError, toMusterError } from './errors.ts';

/**
 * A failed call on the disk as a MusterError: `denied`, `config` (a name is too long), `timeout` (the signal fired) or
 * `storage`. `url` names the store, `what` the call, as in `writing targets/a.json`. A MusterError stays what it is.
 */
export function fileFailure(
  error: unknown,
  url: string,
  what: string,
  signal: AbortSignal | undefined,
): MusterError {
  if (error instanceof MusterError) return error;
  if (signal?.aborted) return cutOff(url, what, signal);
  const code = codeOf(error) ?? String(error);
  const reason = reasons[code] ?? code;
  if (deniedCodes.has(code))
    return new MusterError('denied', `${url}: ${what} is ${reason}`, { cause: error });
  const kind = code === 'ENAMETOOLONG' ? 'config' : 'storage';
  return new MusterError(kind, `${url}: ${what} failed: ${reason}`, { code: codes[code], cause: error });
}

/**
 * A failed operation on the disk as a MusterError of kind `storage`. `what` follows "cannot", as in `write x`. An error
 * without a code is a fault of Muster's own (`internal`); a MusterError stays what it is.
 */
export function diskError(what: string, error: unknown): MusterError {
  if (error instanceof MusterError) return error;
  const code = codeOf(error);
  const reason = code === undefined ? undefined : reasons[code];
  const kind = code === undefined ? 'internal' : 'storage';
  return new MusterError(kind, `cannot ${what}: ${reason ?? toMusterError(error).message}`, {
    code: code === undefined ? undefined : codes[code],
    cause: error,
  });
}

/** Whether the error says that the file, or a folder on the way to it, does not exist. */
export function isAbsent(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

const codes: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: 'disk-full',
  EDQUOT: 'disk-full',
  EROFS: 'read-only',
};

const deniedCodes: ReadonlySet<string> = new Set(['EACCES', 'EPERM']);

/** What the system's codes mean, and what to do. */
const reasons: Readonly<Record<string, string>> = {
  EACCES: 'not permitted (EACCES): give this user the rights to the folder',
  EPERM: 'not permitted (EPERM): give this user the rights to the folder',
  ENOSPC: 'the disk is full or out of inodes (ENOSPC): free some space',
  EDQUOT: 'the disk quota is used up (EDQUOT): free some space or raise it',
  EFBIG: 'the file would be larger than this process may write (EFBIG)',
  EROFS: 'the file system is read-only (EROFS): mount it writable',
  EIO: 'the disk reports an input/output error (EIO): check the disk',
  EMFILE: 'this process has too many open files (EMFILE): raise its limit',
  ENFILE: 'the system has too many open files (ENFILE)',
  ENAMETOOLONG: 'a name in it is too long for the file system (ENAMETOOLONG)',
  EXDEV:
    'a folder in it is on another file system (EXDEV): mount all of it as one, files are renamed into place',
  ENOTDIR: 'a folder on the way is a file (ENOTDIR)',
  EEXIST: 'a folder on the way is a file (EEXIST)',
};

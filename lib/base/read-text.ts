import { readdir, readFile, stat } from 'node:fs/promises';
import { type ErrorKind, MusterError } from './errors.ts';

export interface ReadTextOptions {
  /** Refuse a file over this many bytes. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/** The text of a UTF-8 file. Errors name the path, never the content: `not-found`, `denied`, `too-large`, `malformed`, `storage`, `timeout`. */
export async function readText(path: string, { maxBytes, signal }: ReadTextOptions): Promise<string> {
  const bytes = await read(path, maxBytes, signal);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new MusterError('malformed', `${path} is not UTF-8 text`);
  }
}

/** The names in a folder; none where there is no such folder. Errors as of `readText`. */
export async function readFolder(path: string): Promise<readonly string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    const failed = failure(path, error, undefined);
    if (failed.kind === 'not-found') return [];
    throw failed;
  }
}

async function read(path: string, maxBytes: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
  try {
    // Asked before it is read, so that a huge file is never in memory.
    const { size } = await stat(path);
    const bytes = size > maxBytes ? undefined : await readFile(path, { signal });
    if (bytes !== undefined && bytes.length <= maxBytes) return bytes;
  } catch (error) {
    throw failure(path, error, signal);
  }
  throw new MusterError('too-large', `${path} is over ${maxBytes} bytes`);
}

function failure(path: string, error: unknown, signal: AbortSignal | undefined): MusterError {
  if (signal?.aborted)
    return new MusterError('timeout', `${path} could not be read in time`, { cause: error });
  const code =
    typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown';
  const { kind, what } = failures[code] ?? { kind: 'storage', what: `can not be read (${code})` };
  return new MusterError(kind, `${path} ${what}`, { cause: error });
}

const failures: Readonly<Record<string, { readonly kind: ErrorKind; readonly what: string }>> = {
  ENOENT: { kind: 'not-found', what: 'does not exist' },
  ENOTDIR: { kind: 'not-found', what: 'does not exist' },
  EISDIR: { kind: 'not-found', what: 'is a folder, not a file' },
  EACCES: { kind: 'denied', what: 'may not be read by this process' },
  EPERM: { kind: 'denied', what: 'may not be read by this process' },
};

import { constants } from 'node:fs';
import { type FileHandle, readdir, readFile, stat } from 'node:fs/promises';
import { codeOf, type ErrorKind, MusterError } from './errors.ts';

/** The options for reading a text file. */
export interface ReadTextOptions {
  /** Refuse a file over this many bytes. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The text of a UTF-8 file. Errors name the path, never the content: `not-found`, `denied`, `too-large`, `malformed`,
 * `storage`, `timeout`.
 */
export async function readText(path: string, { maxBytes, signal }: ReadTextOptions): Promise<string> {
  const bytes = await read(path, maxBytes, signal);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new MusterError('malformed', `${path} is not UTF-8 text`);
  }
}

/** The names in a folder; empty if there is no such folder. Throws like `readText`. */
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
    // Check the size first, so that a huge file is never in memory.
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
  const code = codeOf(error) ?? 'unknown';
  const { kind, what } = failures[code] ?? { kind: 'storage', what: `cannot be read (${code})` };
  return new MusterError(kind, `${path} ${what}`, { cause: error });
}

const failures: Readonly<Record<string, { readonly kind: ErrorKind; readonly what: string }>> = {
  ENOENT: { kind: 'not-found', what: 'does not exist' },
  ENOTDIR: { kind: 'not-found', what: 'does not exist' },
  EISDIR: { kind: 'not-found', what: 'is a folder, not a file' },
  EACCES: { kind: 'denied', what: 'may not be read by this process' },
  EPERM: { kind: 'denied', what: 'may not be read by this process' },
};

/** Flags to open a plain file for reading: no symbolic link is followed, and a named pipe does not block. */
export const plainFile = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Bytes of a piece. */
const pieceSize = 256 * 1024;

/**
 * The bytes of an open file from `start` up to, and without, `end` (default: its end). Ends early if the file is
 * shorter. Each piece is new memory, which the caller may keep. Throws what node:fs throws.
 */
export async function* readPieces(
  file: FileHandle,
  start = 0,
  end = Number.POSITIVE_INFINITY,
): AsyncGenerator<Uint8Array, undefined> {
  for (let at = start; at < end; ) {
    const buffer = Buffer.allocUnsafe(Math.min(pieceSize, end - at));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) return undefined;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
  return undefined;
}

/** Joins the pieces. `length` is their number of bytes together. */
export function joinPieces(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

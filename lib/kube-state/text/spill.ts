import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MusterError } from '../../base/errors.ts';

/** Offset and length of a gzip member in a spill, in bytes. */
export interface Member {
  readonly at: number;
  readonly length: number;
}

/**
 * A temporary file for compressed text: it is written in the order of objects and read in the order of families. The file
 * is unlinked as soon as it is open.
 */
export interface Spill {
  /** Appends a member, which may come in pieces. Throws kind `storage`, for instance when the disk is full. */
  readonly append: (pieces: readonly Uint8Array[]) => Member;
  /** Reads a member into the start of `into`. Throws kind `storage`. */
  readonly read: (member: Member, into: Uint8Array) => void;
  readonly close: () => void;
}

/** Opens a spill in the temporary folder. Throws kind `storage`. */
export function openSpill(): Spill {
  const folder = attempt(() => mkdtempSync(join(tmpdir(), 'muster-')));
  const file = attempt(() => openSync(join(folder, 'text'), 'wx+', 0o600));
  rmSync(folder, { recursive: true, force: true });
  // A member has some 15 kB: to write each alone takes several times as long.
  const waiting = Buffer.allocUnsafeSlow(1 << 18);
  let held = 0;
  let end = 0;
  const write = (bytes: Uint8Array) => {
    for (let done = 0; done < bytes.length; )
      done += writeSync(file, bytes, done, bytes.length - done, end + done);
    end += bytes.length;
  };
  const flush = () => {
    if (held > 0) write(waiting.subarray(0, held));
    held = 0;
  };
  const appendPiece = (piece: Uint8Array) => {
    if (held + piece.length > waiting.length) flush();
    if (piece.length > waiting.length) return write(piece);
    waiting.set(piece, held);
    held += piece.length;
  };
  return {
    append(pieces) {
      const at = end + held;
      attempt(() => pieces.forEach(appendPiece));
      return { at, length: end + held - at };
    },
    read({ at, length }, into) {
      attempt(() => {
        flush();
        for (let done = 0; done < length; ) {
          const read = readSync(file, into, done, length - done, at + done);
          if (read === 0) throw new Error('the file is shorter than what was written');
          done += read;
        }
      });
    },
    close: () => closeSync(file),
  };
}

function attempt<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new MusterError('storage', `the text cannot be stored in ${tmpdir()}: ${why}`, { cause });
  }
}

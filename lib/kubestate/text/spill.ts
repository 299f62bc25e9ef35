import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MusterError } from '../../errors.ts';

/** Where bytes lie in a spill. */
export interface Piece {
  readonly at: number;
  readonly length: number;
}

/**
 * A file for what is not needed until the end: compressed text comes in the order of objects and is wanted in the order
 * of families. Nobody else sees the file; it has no name any more once it is open.
 */
export interface Spill {
  /** Appends bytes. Throws kind `storage` where the disk is full. */
  readonly append: (bytes: Uint8Array) => Piece;
  /** Reads a piece into the memory given, from its beginning. */
  readonly read: (piece: Piece, into: Uint8Array) => void;
  readonly close: () => void;
}

export function openSpill(): Spill {
  const folder = attempt(() => mkdtempSync(join(tmpdir(), 'muster-')));
  const file = attempt(() => openSync(join(folder, 'text'), 'wx+', 0o600));
  rmSync(folder, { recursive: true, force: true });
  let end = 0;
  return {
    append(bytes) {
      const piece = { at: end, length: bytes.length };
      attempt(() => {
        for (let done = 0; done < bytes.length; )
          done += writeSync(file, bytes, done, bytes.length - done, end + done);
      });
      end += bytes.length;
      return piece;
    },
    read({ at, length }, into) {
      attempt(() => {
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
    throw new MusterError('storage', `the text could not be kept in ${tmpdir()}: ${why}`, { cause });
  }
}

import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { MusterError } from '../../base/errors.ts';

/** Text that is kept compressed: complete gzip members, which one after another are a gzip again (RFC 1952, 2.2). */
export interface Blocks {
  readonly put: (text: string) => void;
  /** How many texts were put. */
  readonly count: () => number;
  /** A place to which `backTo` returns. */
  readonly mark: () => BlocksMark;
  /** Forgets what was put since. */
  readonly backTo: (mark: BlocksMark) => void;
  /** All of it behind a header. */
  readonly take: (header: string) => readonly Member[];
}

export interface BlocksMark {
  readonly members: number;
  readonly count: number;
}

/** Characters that are gathered as text. The parts that a line is made of live no longer than that. */
const chunkLength = 1 << 12;

/**
 * Bytes after which a block is compressed: enough that the window of 32 KiB is well used, and little enough that sixty
 * families at once are no burden.
 */
const blockLength = 1 << 17;

/**
 * A buffer of text for each of many families at once: an object has samples of all families of its resource, and the
 * samples of a family have to stand together.
 */
export function createBlocks(spill: Spill): Blocks {
  let members: Member[] = [];
  let block: Buffer = Buffer.alloc(0);
  let length = 0;
  let text = '';
  let count = 0;
  const compress = () => {
    if (length > 0) members.push(spill.append(gzipBytes(block.subarray(0, length))));
    length = 0;
  };
  const flush = () => {
    const bytes = Buffer.byteLength(text);
    if (length + bytes > blockLength) compress();
    if (length + bytes > block.length) block = grown(block, length, length + bytes);
    length += block.write(text, length);
    text = '';
  };
  return {
    put(more) {
      text += more;
      count++;
      if (text.length >= chunkLength) flush();
    },
    count: () => count,
    mark() {
      flush();
      compress();
      return { members: members.length, count };
    },
    backTo(mark) {
      text = '';
      length = 0;
      count = mark.count;
      members = members.slice(0, mark.members);
    },
    take(header) {
      // A family that fits one block is one member: small members compress badly.
      if (members.length === 0)
        return [
          spill.append(
            gzipBytes(Buffer.concat([Buffer.from(header), block.subarray(0, length), Buffer.from(text)])),
          ),
        ];
      flush();
      compress();
      return [spill.append(gzipText(header)), ...members];
    },
  };
}

/** The same bytes with room for more: most families are small. */
function grown(block: Buffer, length: number, needed: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(
    Math.max(needed, Math.min(2 * block.length, blockLength), chunkLength),
  );
  block.copy(larger, 0, 0, length);
  return larger;
}

/** A gzip of the text. */
export function gzipText(text: string): Uint8Array {
  return gzipBytes(Buffer.from(text));
}

/**
 * Level 1: most of what is left is the UID of each object, which no level makes smaller. Level 6 takes a fifth more CPU
 * time for the whole output, and saves a twentieth of its bytes.
 */
function gzipBytes(bytes: Uint8Array): Uint8Array {
  return gzipSync(bytes, { level: 1 });
}

/** Where the bytes of a gzip member lie in a spill. */
export interface Member {
  readonly at: number;
  readonly length: number;
}

/**
 * A file for what is not needed until the end: compressed text comes in the order of objects and is wanted in the order
 * of families. Nobody else sees the file; it has no name any more once it is open.
 */
export interface Spill {
  /** Appends bytes. Throws kind `storage` where the disk is full. */
  readonly append: (bytes: Uint8Array) => Member;
  /** Reads a member into the memory given, from its beginning. */
  readonly read: (member: Member, into: Uint8Array) => void;
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

import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { MusterError } from '../../base/errors.ts';
import type { Lines } from './family.ts';
import { openText, putBytes } from './text-bytes.ts';

/** A text that is kept as gzip members. Concatenated members are a gzip again (RFC 1952, 2.2). */
export interface Blocks extends Lines {
  /** Number of lines. */
  readonly count: () => number;
  /** Marks the present end, for `backTo`. */
  readonly mark: () => BlocksMark;
  /** Drops the lines after the mark. */
  readonly backTo: (mark: BlocksMark) => void;
  /** Ends the text: appends the header and then the lines to the whole. */
  readonly moveTo: (whole: Joined, header: string) => void;
}

/** An end of a text to which `backTo` returns. */
export interface BlocksMark {
  readonly members: number;
  readonly count: number;
}

/** Bytes of a block's memory: large for the compression window of 4 KiB, small for sixty families at once. */
const blockMemory = 1 << 17;

/** Bytes after which a block is compressed. The next line fits its memory, unless it is very long. */
const blockLength = blockMemory - (1 << 13);

/**
 * Creates the text of one family. An object has samples of all families of its resource, but the samples of a family must
 * be together, so each family has a text of its own. All functions throw kind `storage` when the spill cannot be written.
 */
export function createBlocks(spill: Spill): Blocks {
  let members: Member[] = [];
  const block = openText();
  let count = 0;
  const written = () => block.bytes.subarray(0, block.length);
  const compress = () => {
    if (block.length > 0) members.push(spill.append(gzipBytes(written())));
    block.length = 0;
  };
  return {
    text: block,
    endLine() {
      count++;
      if (block.length >= blockLength) compress();
    },
    count: () => count,
    mark() {
      compress();
      return { members: members.length, count };
    },
    backTo(mark) {
      block.length = 0;
      count = mark.count;
      members = members.slice(0, mark.members);
    },
    moveTo(whole, header) {
      whole.addText(Buffer.from(header));
      whole.addMembers(members);
      whole.addText(written());
    },
  };
}

/** The whole text of an output, to which the families are appended in their order. */
export interface Joined {
  readonly addText: (text: Uint8Array) => void;
  readonly addMembers: (members: readonly Member[]) => void;
  /** Ends the text and returns its members. */
  readonly end: () => readonly Member[];
}

/**
 * Opens the whole text. What is not compressed yet waits for what comes next: most families are a header and no line, small
 * members compress badly, and to begin one takes as long as to compress 50 kB. All functions throw kind `storage`.
 */
export function openJoined(spill: Spill): Joined {
  const members: Member[] = [];
  const waiting = openText();
  const compress = () => {
    if (waiting.length > 0) members.push(spill.append(gzipBytes(waiting.bytes.subarray(0, waiting.length))));
    waiting.length = 0;
  };
  return {
    addText(text) {
      putBytes(waiting, text);
      if (waiting.length >= blockLength) compress();
    },
    addMembers(more) {
      if (more.length > 0) compress();
      members.push(...more);
    },
    end() {
      compress();
      return members;
    },
  };
}

/** Returns the text as a gzip member. */
export function gzipText(text: string): Uint8Array {
  return gzipBytes(Buffer.from(text));
}

/**
 * Level 1: level 6 takes 20 % more CPU time for the whole output and saves 5 % of its bytes. Most of the bytes are UIDs,
 * which do not compress. A line is like the lines right before it: a window of 4 KiB takes less time than one of 32 KiB, and
 * saves 3 %. Most blocks are compressed to an eighth or less, which one chunk holds.
 */
function gzipBytes(bytes: Uint8Array): Uint8Array {
  return gzipSync(bytes, { level: 1, windowBits: 12, chunkSize: 1 << 14 });
}

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
  /** Appends bytes. Throws kind `storage`, for instance when the disk is full. */
  readonly append: (bytes: Uint8Array) => Member;
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
  return {
    append(bytes) {
      const piece = { at: end + held, length: bytes.length };
      attempt(() => {
        if (held + bytes.length > waiting.length) flush();
        if (bytes.length > waiting.length) return write(bytes);
        waiting.set(bytes, held);
        held += bytes.length;
      });
      return piece;
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

import type { Lines } from './family.ts';
import type { Press } from './press.ts';
import type { Member } from './spill.ts';
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
 * be together, so each family has a text of its own.
 */
export function createBlocks(press: Press): Blocks {
  let members: Member[] = [];
  const block = openText();
  let count = 0;
  const compress = () => {
    if (block.length > 0) members.push(press.take(block));
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
      whole.addText(block.bytes.subarray(0, block.length));
      press.keep(block);
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
 * members compress badly, and to begin one takes as long as to compress 50 kB.
 */
export function openJoined(press: Press): Joined {
  const members: Member[] = [];
  const waiting = openText();
  const compress = () => {
    if (waiting.length > 0) members.push(press.take(waiting));
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

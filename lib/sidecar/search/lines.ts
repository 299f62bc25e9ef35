import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { MusterError } from '../../errors.ts';

/** Whole lines of a file, until the next piece is asked for. */
export interface LinePiece {
  /** One character for each byte: searched at the speed of memory, and cut at the same places as the bytes. */
  readonly text: string;
  /** The text between two positions, decoded. */
  readonly decode: (start: number, end: number) => string;
}

const pieceSize = 1 << 20;
/** A group whose targets share all labels is one line. */
const longestLine = 64 << 20;

/** Reads a file in pieces that end where a line ends. Throws `too-large` for an endless line, and what node:fs throws. */
export async function* readLinePieces(
  path: string,
  signal: AbortSignal,
): AsyncGenerator<LinePiece, undefined> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    let buffer: Buffer = Buffer.allocUnsafe(pieceSize);
    let filled = 0;
    for (;;) {
      signal.throwIfAborted();
      if (filled === buffer.length) buffer = grow(buffer, path);
      const { bytesRead } = await file.read(buffer, filled, buffer.length - filled);
      filled += bytesRead;
      const end = bytesRead === 0 ? filled : buffer.subarray(0, filled).lastIndexOf(newline) + 1;
      if (end > 0) yield pieceOf(buffer, end);
      if (bytesRead === 0) return undefined;
      buffer.copyWithin(0, end, filled);
      filled -= end;
    }
  } finally {
    await file.close();
  }
}

const newline = 0x0a;

function grow(buffer: Buffer, path: string): Buffer {
  if (buffer.length >= longestLine)
    throw new MusterError('too-large', `${path} has a line of over ${longestLine} bytes`);
  const larger = Buffer.allocUnsafe(buffer.length * 2);
  buffer.copy(larger);
  return larger;
}

function pieceOf(buffer: Buffer, end: number): LinePiece {
  return {
    text: buffer.toString('latin1', 0, end),
    decode: (start, stop) => buffer.toString('utf8', start, stop),
  };
}

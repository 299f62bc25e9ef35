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

const readSize = 1 << 20;
/** Text of this size is swept away as soon as nobody has it; larger ones pile up for a while. */
const pieceSize = 96 << 10;
/** A group whose targets share all labels is one line. */
const longestLine = 64 << 20;

/** Reads a file in pieces that end where a line ends. Throws `too-large` for an endless line, and what node:fs throws. */
export async function* readLinePieces(
  path: string,
  signal: AbortSignal,
): AsyncGenerator<LinePiece, undefined> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    let buffer: Buffer = Buffer.allocUnsafe(readSize);
    let filled = 0;
    for (;;) {
      signal.throwIfAborted();
      if (filled === buffer.length) buffer = grow(buffer, path);
      const { bytesRead } = await file.read(buffer, filled, buffer.length - filled);
      filled += bytesRead;
      const end = bytesRead === 0 ? filled : buffer.subarray(0, filled).lastIndexOf(newline) + 1;
      yield* piecesOf(buffer, end);
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

function* piecesOf(buffer: Buffer, end: number): Generator<LinePiece, undefined> {
  for (let from = 0; from < end; ) {
    const cut = from + pieceSize >= end ? end : buffer.indexOf(newline, from + pieceSize) + 1;
    const to = cut === 0 || cut > end ? end : cut;
    yield pieceOf(buffer, from, to);
    from = to;
  }
  return undefined;
}

function pieceOf(buffer: Buffer, from: number, to: number): LinePiece {
  return {
    text: buffer.toString('latin1', from, to),
    decode: (start, end) => buffer.toString('utf8', from + start, from + end),
  };
}

import { isAscii } from 'node:buffer';
import { readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { MusterError } from '../../base/errors.ts';
import { plainFile } from '../../base/files.ts';

/** Whole lines of a file, until the next piece is asked for. */
export interface LinePiece {
  readonly bytes: Buffer;
  /** The same, one character for each byte: made when it is first asked for, as that takes as long as a search. */
  readonly text: () => string;
  readonly isAscii: () => boolean;
}

/** Gives the position of what it looks for in a piece, from another position on; `nowhere` if there is none. */
export type Finder = (piece: LinePiece, from: number) => number;

/** Behind every position. */
export const nowhere = 2 ** 30;

/** ASCII code of the end of a line. */
export const newline = 0x0a;
/** ASCII code of `"`. */
export const quote = 0x22;
/** ASCII code of `,`. */
export const comma = 0x2c;
/** ASCII code of `\`. */
export const backslash = 0x5c;

/** Strings of this size are freed at once when unused; larger ones pile up for a while. */
const pieceSize = 96 << 10;
/** A group whose targets share all labels is one line. */
const longestLine = 64 << 20;
/** Pieces after which others have their turn: another search, and the word that nobody waits for this one. */
const piecesInTurn = 10;

/**
 * Reads a file in pieces that end where a line ends. What the system has in memory is there at once, so that waiting for
 * each piece would take longer than reading it. Throws `too-large` for an endless line, and what node:fs throws.
 */
export async function* readPieces(path: string, signal: AbortSignal): AsyncGenerator<LinePiece, undefined> {
  const file = await open(path, plainFile);
  try {
    let buffer: Buffer = Buffer.allocUnsafe(pieceSize);
    let filled = 0;
    for (let turn = 1; ; turn += 1) {
      if (turn % piecesInTurn === 0) await setImmediate();
      signal.throwIfAborted();
      if (filled === buffer.length) buffer = grow(buffer, path);
      const read = readSync(file.fd, buffer, filled, Math.min(pieceSize, buffer.length - filled), null);
      const last = buffer.subarray(filled, filled + read).lastIndexOf(newline);
      const end = read === 0 ? filled : last === -1 ? 0 : filled + last + 1;
      filled += read;
      if (end > 0) yield pieceOf(buffer.subarray(0, end));
      if (read === 0) return undefined;
      buffer.copyWithin(0, end, filled);
      filled -= end;
    }
  } finally {
    await file.close();
  }
}

function grow(buffer: Buffer, path: string): Buffer {
  if (buffer.length >= longestLine)
    throw new MusterError('too-large', `${path} has a line of over ${longestLine} bytes`);
  const larger = Buffer.allocUnsafe(buffer.length * 2);
  buffer.copy(larger);
  return larger;
}

function pieceOf(bytes: Buffer): LinePiece {
  let text: string | undefined;
  let ascii: boolean | undefined;
  return {
    bytes,
    text() {
      text ??= bytes.toString('latin1');
      return text;
    },
    isAscii() {
      ascii ??= isAscii(bytes);
      return ascii;
    },
  };
}

/** Finds a text as it stands in the file. */
export function finderOf(text: string): Finder {
  const bytes = Buffer.from(text);
  return remembering(({ bytes: all }, from) => all.indexOf(bytes, from));
}

/** Finds what an expression matches; it must have the flag `g`. */
export function patternFinder(pattern: RegExp): Finder {
  return remembering((piece, from) => {
    pattern.lastIndex = from;
    return pattern.exec(piece.text())?.index ?? -1;
  });
}

/** Finds what begins one of several. */
export function firstOf(finders: readonly Finder[]): Finder {
  const [only] = finders;
  if (only !== undefined && finders.length === 1) return only;
  return (piece, from) => {
    let first = nowhere;
    for (const find of finders) first = Math.min(first, find(piece, from));
    return first;
  };
}

/**
 * The same for -1 as an answer, and without a second look at what was looked through before: lines ask for what is in
 * them, one after another, and most of the time it is many lines further on.
 */
function remembering(find: Finder): Finder {
  let known: LinePiece | undefined;
  let since = 0;
  let at = 0;
  return (piece, from) => {
    if (piece === known && from >= since && from <= at) return at;
    const found = find(piece, from);
    known = piece;
    since = from;
    at = found === -1 ? nowhere : found;
    return at;
  };
}

/**
 * Finds escapes by which a text can stand in JSON in another form than JavaScript writes it: `\u` and a code, and `\/`
 * where a slash matters. Backslashes that are escaped themselves begin none.
 */
export function escapeFinder(slashes: boolean): Finder {
  const escapes = firstOf((slashes ? ['\\u', '\\/'] : ['\\u']).map((text) => finderOf(text)));
  return remembering((piece, from) => {
    let at = escapes(piece, from);
    while (at !== nowhere && (isEscaped(piece.bytes, at) || isControl(piece.bytes, at)))
      at = escapes(piece, at + 1);
    return at;
  });
}

/** Whether it is the only escape that a control character has. */
function isControl(bytes: Buffer, at: number): boolean {
  return /^\\u00(?:0[0-7be-f]|1[0-9a-f])/.test(bytes.toString('latin1', at, at + 6));
}

/** Whether an odd number of backslashes stands before a position. */
function isEscaped(bytes: Buffer, at: number): boolean {
  let start = at;
  while (bytes[start - 1] === backslash) start -= 1;
  return (at - start) % 2 === 1;
}

/** Whether the bytes of a text stand at a position. */
export function isAt(bytes: Buffer, at: number, text: Buffer): boolean {
  for (let index = 0; index < text.length; index += 1) if (bytes[at + index] !== text[index]) return false;
  return true;
}

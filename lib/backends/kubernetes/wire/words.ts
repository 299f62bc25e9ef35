import type { Reader } from './reader.ts';
import { decode, readText } from './text.ts';

/**
 * The text from where the reader stands up to `end`, for text that is often the same: label keys, namespaces, images.
 * A known one is found by its bytes, four at a time, and shared, which is faster than making it and leaves nothing to
 * collect.
 */
export function readWord(reader: Reader, end: number): string {
  const { bytes, view, at } = reader;
  const length = end - at;
  // The last four bytes are read as one piece, which reaches past the word.
  if (length > longWord || end + 3 > bytes.length) return readText(reader, end);
  reader.at = end;
  let hash = length;
  let high = 0;
  for (let place = at; place < end; place += 4) {
    const piece = pieceAt(view, place, end);
    hash = Math.imul(hash ^ piece, 0x9e3779b1);
    high |= piece;
  }
  if ((high & 0x80808080) !== 0) return decode(reader, at, end, false);
  const slot = (hash ^ (hash >>> 15)) & (knownWords - 1);
  const known = words[slot];
  if (known !== undefined && known.length === length && isSame(slot, view, at, end)) return known;
  for (let place = at, index = slot * piecesPerWord; place < end; place += 4)
    pieces[index++] = pieceAt(view, place, end);
  const word = decode(reader, at, end, true);
  words[slot] = word;
  return word;
}

/** In bytes; a multiple of four. */
const longWord = 96;
const piecesPerWord = longWord / 4;
/** A power of two. One word a slot, the last one seen: bounded whatever a server sends. */
const knownWords = 16384;
const words: (string | undefined)[] = new Array(knownWords).fill(undefined);
/** The bytes of those words. */
const pieces = new Int32Array(knownWords * piecesPerWord);

function isSame(slot: number, view: DataView, at: number, end: number): boolean {
  for (let place = at, index = slot * piecesPerWord; place < end; place += 4) {
    if (pieces[index++] !== pieceAt(view, place, end)) return false;
  }
  return true;
}

/** Up to four bytes as a number; zeros in place of those beyond the end. */
function pieceAt(view: DataView, place: number, end: number): number {
  const piece = view.getInt32(place, true);
  const beyond = place + 4 - end;
  return beyond <= 0 ? piece : piece & (0xffffffff >>> (8 * beyond));
}

import { MusterError } from '../errors.ts';
import {
  afterText,
  complaints,
  eventOn,
  firstKey,
  keyText,
  member,
  names,
  nameText,
  none,
  numberOf,
  type ScanEvent,
  targetsState,
  targetText,
  ways,
  withinNull,
} from './file-sd-grammar.ts';
import { checkUtf8 } from './utf8.ts';

export type { ScanEvent } from './file-sd-grammar.ts';

/** Reads a file_sd file piece by piece and keeps nothing of it. */
export interface FileSdScan {
  /** Throws (kind `malformed`) as soon as the file can not become one that Prometheus takes. */
  readonly push: (piece: Uint8Array) => void;
  /** Says that the file has ended, and returns how many targets it has. Throws as `push` does. */
  readonly end: () => number;
}

/**
 * Whether the bytes are a file_sd file, as `decodeFileSd` has it, without making anything of them: a hundred million
 * empty groups take no more memory than ten. Of a key that comes twice each value must be sound; the last one counts.
 */
export function scanFileSd(onEvent: (event: ScanEvent, at: number) => void = () => undefined): FileSdScan {
  const utf8 = checkUtf8();
  let state = numberOf('start');
  /** Bytes before the piece at hand. */
  let before = 0;
  let group = -1;
  let targets = 0;
  let targetsOfOthers = 0;
  /** Of a text: bytes so far, the beginning where it is a key, and what a backslash in it still needs. */
  let length = 0;
  let key = '';
  let needs = 0;

  const wrong = (at: number) =>
    malformed(
      complaints.get(names[state] ?? '')?.(group) ?? `byte ${before + at} is none that can stand there`,
    );

  function step(byte: number, at: number): void {
    const way = (state << 8) | byte;
    const next = ways[way] ?? none;
    if (next === none) throw wrong(at);
    const event = eventOn[way];
    if (next === firstKey) {
      group += 1;
      targetsOfOthers = targets;
    }
    state = next === member ? numberOf(memberOf(key, group)) : next;
    if (state === targetsState) targets = targetsOfOthers;
    length = 0;
    key = '';
    if (event !== undefined) onEvent(event, at);
  }

  /** Goes on within a text; returns the place behind what was read of it. */
  function readText(piece: Uint8Array, next: number, from: number): number {
    let at = from;
    let rest = needs;
    for (; at < piece.length; at++) {
      const byte = piece[at] ?? 0;
      if (rest === 0 && byte > quote && byte !== backslash) continue;
      if (rest > 0) {
        rest = inEscape(rest, byte);
        if (rest < 0) throw wrong(at);
      } else if (byte === quote) break;
      else if (byte === backslash) rest = escapeOpened;
      else if (byte < space) throw wrong(at);
    }
    needs = rest;
    length += at - from;
    if (state === keyText) key = (key + latin1(piece, from, at)).slice(0, longestKey);
    if (at === piece.length) return at;
    if (state === nameText && length === 0) throw malformed(`group ${group} has a label without name`);
    if (state === targetText) {
      targets += 1;
      onEvent('target closed', at);
    }
    state = next;
    return at + 1;
  }

  return {
    push(piece) {
      if (!utf8.push(piece)) throw malformed('it is not UTF-8');
      for (let at = 0; at < piece.length; ) {
        const next = afterText[state] ?? none;
        if (next !== none) at = readText(piece, next, at);
        else {
          const byte = piece[at] ?? 0;
          if (!isSpace(byte) || withinNull.has(state)) step(byte, at);
          at += 1;
        }
      }
      before += piece.length;
    },
    end() {
      if (state !== numberOf('end') || !utf8.end()) throw malformed('it ends in the middle');
      return targets;
    },
  };
}

/** The same for a file at hand: how many targets it has. Throws kind `malformed`. */
export function countFileSd(bytes: Uint8Array): number {
  const scan = scanFileSd();
  scan.push(bytes);
  return scan.end();
}

const quote = 0x22;
const backslash = 0x5c;
const space = 0x20;

function isSpace(byte: number): boolean {
  return byte === space || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** A key that is longer is none of ours. */
const longestKey = 60;

function memberOf(key: string, group: number): 'targets' | 'labels' {
  const name = textOf(key);
  if (name === 'targets' || name === 'labels') return name;
  throw malformed(`group ${group} has the unknown key ${JSON.stringify(name)}`);
}

/** Of a key that was cut, or is no text for another reason, its bytes. */
function textOf(raw: string): string {
  try {
    return String(JSON.parse(`"${Buffer.from(raw, 'latin1')}"`));
  } catch {
    return raw;
  }
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, Math.min(to - from, longestKey)).toString(
    'latin1',
  );
}

/** What an escape still needs: 0 for nothing, 1 to 4 for digits, then the letter behind the backslash. */
const escapeOpened = 5;

function inEscape(needs: number, byte: number): number {
  if (needs < escapeOpened) return hex.has(byte) ? needs - 1 : -1;
  if (byte === 0x75) return 4;
  return escapable.has(byte) ? 0 : -1;
}

const hex: ReadonlySet<number> = new Set(Buffer.from('0123456789abcdefABCDEF'));
const escapable: ReadonlySet<number> = new Set(Buffer.from('"\\/bfnrt'));

function malformed(what: string): MusterError {
  return new MusterError('malformed', `not file_sd JSON: ${what}`);
}

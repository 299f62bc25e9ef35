import { isUtf8 } from 'node:buffer';
import { MusterError } from '../base/errors.ts';

/** Reads a file_sd file piece by piece and keeps nothing of it. */
export interface FileSdScan {
  /** Throws (kind `malformed`) as soon as it is clear that Prometheus would refuse the file. */
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
    malformed(complaints.get(names[state] ?? '')?.(group) ?? `unexpected byte at offset ${before + at}`);

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

/** Bytes of the longest key that matters. */
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

/** What happens in a file, with the offset in the current piece of the bracket or quote that does it. */
export type ScanEvent =
  | 'group opened'
  | 'group closed'
  | 'targets opened'
  | 'targets closed'
  | 'target opened'
  | 'target closed';

/** Where a file_sd file stands, and which bytes lead on from there. Space may come anywhere but within `null`. */
const grammar: Readonly<Record<State, Readonly<Record<string, State>>>> = {
  start: { '[': 'first group' },
  'first group': { '{': 'first key', ']': 'end' },
  'next group': { '{': 'first key' },
  'first key': { '"': 'key', '}': 'after group' },
  'next key': { '"': 'key' },
  'after key': { ':': 'member' },
  targets: { '[': 'first target' },
  'first target': { '"': 'target', ']': 'after member' },
  'next target': { '"': 'target' },
  'after target': { ',': 'next target', ']': 'after member' },
  labels: { '{': 'first name', n: 'n' },
  n: { u: 'nu' },
  nu: { l: 'nul' },
  nul: { l: 'after member' },
  'first name': { '"': 'name', '}': 'after member' },
  'next name': { '"': 'name' },
  'after name': { ':': 'value' },
  value: { '"': 'value text' },
  'after value': { ',': 'next name', '}': 'after member' },
  'after member': { ',': 'next key', '}': 'after group' },
  'after group': { ',': 'next group', ']': 'end' },
  end: {},
  // Of a member the key says what it must be; within texts quotes and backslashes lead on.
  member: {},
  key: {},
  target: {},
  name: {},
  'value text': {},
};

type State =
  | 'start'
  | 'end'
  | 'member'
  | `${'first' | 'next'} ${'group' | 'key' | 'target' | 'name'}`
  | `after ${'group' | 'key' | 'member' | 'target' | 'name' | 'value'}`
  | ('key' | 'targets' | 'target' | 'labels' | 'name' | 'value' | 'value text')
  | ('n' | 'nu' | 'nul');

/** States within a text, and what comes behind it. */
const texts: readonly (readonly [State, State])[] = [
  ['key', 'after key'],
  ['target', 'after target'],
  ['name', 'after name'],
  ['value text', 'after value'],
];

/** What is said of a byte that does not fit, where more can be said than its place. */
const complaints: ReadonlyMap<string, (group: number) => string> = new Map([
  ['start', () => 'the file is not a list of groups'],
  ['first group', (group) => `group ${group + 1} is not an object`],
  ['next group', (group) => `group ${group + 1} is not an object`],
  ['targets', (group) => `targets of group ${group} are not a list of strings`],
  ['first target', (group) => `targets of group ${group} are not a list of strings`],
  ['next target', (group) => `targets of group ${group} are not a list of strings`],
  ['labels', (group) => `labels of group ${group} are not an object`],
  ['value', (group) => `group ${group} has a label whose value is not a text`],
] satisfies readonly (readonly [State, (group: number) => string])[]);

/** The grammar by numbers, as every byte of every file is looked up in it. */
const names: readonly string[] = Object.keys(grammar);
const none = 255;
const ways = new Uint8Array(names.length << 8).fill(none);
const eventOn: (ScanEvent | undefined)[] = Array(names.length << 8).fill(undefined);
const afterText = new Uint8Array(names.length).fill(none);
for (const [name, leads] of Object.entries(grammar)) {
  for (const [text, next] of Object.entries(leads)) {
    const way = (names.indexOf(name) << 8) | text.charCodeAt(0);
    ways[way] = numberOf(next);
    eventOn[way] = eventOf(name, next);
  }
}
for (const [text, next] of texts) afterText[numberOf(text)] = numberOf(next);
const [firstKey, member, targetsState] = [numberOf('first key'), numberOf('member'), numberOf('targets')];
const [keyText, nameText, targetText] = [numberOf('key'), numberOf('name'), numberOf('target')];
const withinNull: ReadonlySet<number> = new Set([numberOf('n'), numberOf('nu'), numberOf('nul')]);

function numberOf(state: State): number {
  return names.indexOf(state);
}

function eventOf(state: string, next: State): ScanEvent | undefined {
  if (next === 'first key') return 'group opened';
  if (next === 'after group') return 'group closed';
  if (next === 'first target') return 'targets opened';
  if (next === 'target') return 'target opened';
  const closes = next === 'after member' && (state === 'first target' || state === 'after target');
  return closes ? 'targets closed' : undefined;
}

/** Whether bytes that come in pieces are UTF-8; a piece may end within a character. */
function checkUtf8(): {
  /** Whether there is nothing wrong so far. */
  readonly push: (piece: Uint8Array) => boolean;
  /** Whether no character is left unfinished. */
  readonly end: () => boolean;
} {
  let rest: Uint8Array = new Uint8Array();
  return {
    push(piece) {
      const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
      const whole = bytes.length - unfinished(bytes);
      rest = bytes.slice(whole);
      return isUtf8(bytes.subarray(0, whole));
    },
    end: () => rest.length === 0,
  };
}

/** How many of the last bytes begin a character that may go on. */
function unfinished(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) > back ? back : 0;
  }
  return 0;
}

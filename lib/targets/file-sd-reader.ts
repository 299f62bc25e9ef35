import { isUtf8 } from 'node:buffer';
import { MusterError, toMusterError } from '../base/errors.ts';
import { tryParseJson } from '../base/json.ts';
import type { LabelSet } from './group.ts';

/** A group of a file_sd file. Source: Prometheus configuration reference, file_sd_config. */
export interface FileSdGroup {
  readonly targets: readonly string[];
  readonly labels: LabelSet;
}

/** Reads a file_sd file in pieces, one group at a time in memory. */
export interface FileSdReader {
  /** Throws kind `malformed` as soon as it is clear that Prometheus would refuse the file. */
  readonly push: (piece: Uint8Array) => void;
  /** Ends the file. Throws like `push`. */
  readonly end: () => void;
}

/** Bytes of the longest line: a group whose targets share all labels is one line. 32 MiB: over a million targets. */
export const longestLine = 32 << 20;

/**
 * Bytes of the largest file, or rest of a file, that does not have one group a line. 4 MiB: of the smallest groups,
 * which are `{}`, they make 100 MB of objects.
 */
export const largestForeign = 4 << 20;

/**
 * Opens a reader that checks groups as Prometheus does, and hands them on in their order. Muster writes one group a
 * line, so that a line can be read by itself; `line` has its bytes, without the comma, until the next one comes. From
 * the first line that is neither a group nor a bracket on, a file is in another layout: the rest is held and read at
 * the end, up to `largestForeign`.
 */
export function readFileSd(onGroup: (group: FileSdGroup, line?: Uint8Array) => void): FileSdReader {
  let begun: Uint8Array[] = [];
  let beginning = 0;
  let place: Place = 'start';
  let groups = 0;
  let lines = 0;
  /** Lines in another layout. */
  const held: string[] = [];
  let heldBytes = 0;

  function readLine(line: Buffer): void {
    const text = decode(line);
    lines += 1;
    if (held.length === 0 && takeGroup(text, line)) return;
    const next = text === '' ? place : brackets[place][text];
    if (held.length === 0 && next !== undefined) place = next;
    else hold(text, line.length);
  }

  /** Whether the line is a group, with the comma behind it. */
  function takeGroup(text: string, line: Uint8Array): boolean {
    if (!text.startsWith('{') || !beforeGroup.has(place)) return false;
    const goesOn = text.endsWith(',');
    const group = tryParseJson(goesOn ? text.slice(0, -1) : text);
    if (group === undefined) return false;
    take(group, goesOn ? line.subarray(0, -1) : line);
    place = goesOn ? 'after comma' : 'after group';
    return true;
  }

  function take(value: unknown, line?: Uint8Array): void {
    onGroup(checkGroup(value, groups), line);
    groups += 1;
  }

  function hold(text: string, bytes: number): void {
    held.push(text);
    heldBytes += bytes + 1;
    if (heldBytes > largestForeign)
      throw malformed(
        `line ${lines - held.length + 1} is not one group, and no more than ${largestForeign} bytes may be in another layout`,
      );
  }

  return {
    push(piece) {
      const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
      let at = 0;
      for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, at)) {
        const line = bytes.subarray(at, end);
        readLine(beginning === 0 ? line : Buffer.concat([...begun, line]));
        begun = [];
        beginning = 0;
        at = end + 1;
      }
      if (at === bytes.length) return;
      // A copy, as the piece may be used again.
      begun.push(Uint8Array.from(bytes.subarray(at)));
      beginning += bytes.length - at;
      const most = begun[0]?.[0] === brace ? longestLine : largestForeign;
      if (beginning > most) throw malformed(`line ${lines + 1} has over ${most} bytes`);
    },
    end() {
      if (beginning > 0) readLine(Buffer.concat(begun));
      if (held.length === 0 && place === 'end') return;
      const [before, items] = beforeRest[place];
      const rest = parse(before + held.join('\n'), lines - held.length + 1);
      if (!Array.isArray(rest)) throw malformed('the file is not a list of groups');
      for (const group of rest.slice(items)) take(group);
    },
  };
}

/** The groups of a file in memory. Throws kind `malformed`. */
export function decodeFileSd(bytes: Uint8Array): readonly FileSdGroup[] {
  const groups: FileSdGroup[] = [];
  const reader = readFileSd((group) => groups.push(group));
  reader.push(bytes);
  reader.end();
  return groups;
}

type Place = 'start' | 'after bracket' | 'after comma' | 'after group' | 'end';

/** Lines without a group, and the state that follows each. */
const brackets: Readonly<Record<Place, Readonly<Record<string, Place>>>> = {
  start: { '[': 'after bracket', '[]': 'end' },
  'after bracket': { ']': 'end' },
  'after comma': {},
  'after group': { ',': 'after comma', ']': 'end' },
  end: {},
};

const beforeGroup: ReadonlySet<Place> = new Set(['after bracket', 'after comma']);

/** The text that completes the rest of a file to JSON, and the number of list items that it adds. */
const beforeRest: Readonly<Record<Place, readonly [text: string, items: number]>> = {
  start: ['', 0],
  'after bracket': ['[', 0],
  'after comma': ['[0,', 1],
  'after group': ['[0', 1],
  end: ['[]', 0],
};

const newline = 0x0a;
const brace = 0x7b;

/** Keeps a byte order mark, so that it is refused, as in Prometheus. */
function decode(line: Buffer): string {
  if (!isUtf8(line)) throw malformed('it is not UTF-8');
  return line.toString('utf8');
}

function parse(text: string, line: number): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw malformed(`${line > 1 ? `from line ${line} on: ` : ''}${toMusterError(cause).message}`, cause);
  }
}

/** The value as a group. It avoids copies, because every group of every file passes here. */
function checkGroup(group: unknown, index: number): FileSdGroup {
  if (!isRecord(group)) throw malformed(`group ${index} is not an object`);
  for (const key in group)
    if (key !== 'targets' && key !== 'labels')
      throw malformed(`group ${index} has the unknown key ${JSON.stringify(key)}`);
  const targets = group.targets ?? [];
  if (group.targets === null || !isStringArray(targets))
    throw malformed(`targets of group ${index} are not a list of strings`);
  return { targets, labels: checkLabels(group.labels ?? {}, index) };
}

function checkLabels(labels: unknown, index: number): LabelSet {
  if (!isRecord(labels)) throw malformed(`labels of group ${index} are not an object`);
  if (!isLabelSet(labels)) throw malformed(`group ${index} has a label whose value is not a string`);
  if (Object.hasOwn(labels, '')) throw malformed(`group ${index} has a label without name`);
  return labels;
}

function isLabelSet(labels: Readonly<Record<string, unknown>>): labels is LabelSet {
  for (const name in labels) if (typeof labels[name] !== 'string') return false;
  return true;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isStringArray(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function malformed(what: string, cause?: unknown): MusterError {
  return new MusterError('malformed', `not file_sd JSON: ${what}`, { cause });
}

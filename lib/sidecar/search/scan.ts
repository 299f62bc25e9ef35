import { open, readFile, stat } from 'node:fs/promises';
import { MusterError } from '../../base/errors.ts';
import { plainFile } from '../../base/files.ts';
import { decodeFileSd, type FileSdGroup } from '../../targets/file-sd-reader.ts';
import type { LabelSet } from '../../targets/group.ts';
import { type LineTest, lineTestOf, literal, tellingText, type Verdict } from './line.ts';
import { fitsName, type Query } from './query.ts';

/** A group that may fit, still as text: most of what is found is only counted. */
export interface FoundGroup {
  /** Whether all of its targets fit; undefined if only decoding it tells. */
  readonly fits: Verdict;
  /** How many targets it has. */
  readonly count: () => number;
  readonly decode: () => FileSdGroup;
}

/**
 * The groups of a mirrored file which the query may fit, in the order of the file. Muster writes a group a line, so
 * that a file is searched as text and only lines that are found are decoded: a hundred megabytes take a fraction of a
 * second and a few megabytes of memory. A file in another layout is read as a whole, up to a limit. Of `missing` names
 * of labels those are removed that a group has: that takes no reading of its own.
 */
export async function* scanFile(
  path: string,
  query: Query,
  signal: AbortSignal,
  missing: Set<string> = new Set(),
): AsyncGenerator<readonly FoundGroup[], undefined> {
  if (await isOneGroupALine(path, signal)) {
    const find = finderOf(query);
    const test = lineTestOf(query);
    const looks = [...missing].map(lookFor);
    for await (const piece of readLinePieces(path, signal)) {
      for (const { name, isIn } of looks) if (missing.has(name) && isIn(piece)) missing.delete(name);
      yield [...findLines(piece, find, test)];
    }
    return undefined;
  }
  const { size } = await stat(path);
  if (size > largestForeign) {
    throw new MusterError(
      'too-large',
      `${path} was not written by Muster and has over ${largestForeign} bytes: it is served, but not searched`,
    );
  }
  const groups = decodeFileSd(await readFile(path));
  for (const name of missing) if (groups.some(({ labels }) => hasName(labels, name))) missing.delete(name);
  yield groups.map((group) => ({
    fits: query.length === 0 || undefined,
    count: () => group.targets.length,
    decode: () => group,
  }));
  return undefined;
}

const largestForeign = 16 << 20;

/** Looks for groups with a label of this name, with any value. */
function lookFor(name: string) {
  const query: Query = [[{ kind: 'matches', name, text: '', not: false }]];
  const find = finderOf(query);
  const test = lineTestOf(query);
  const isIn = (piece: LinePiece): boolean => {
    for (const group of findLines(piece, find, test))
      if (group.fits === true || hasName(group.decode().labels, name)) return true;
    return false;
  };
  return { name, isIn };
}

function hasName(labels: LabelSet, name: string): boolean {
  return Object.keys(labels).some((own) => fitsName(name, own));
}

/** How every line of a group begins in a file of ours. */
const lineStart = '{"targets":[';
/** No text within JSON can hold a bare quote, so that this is the end of the targets. */
const afterTargets = '],"labels":{';

/** The first group decides: a publisher writes all of a file in one way. */
async function isOneGroupALine(path: string, signal: AbortSignal): Promise<boolean> {
  for await (const { text } of readLinePieces(path, signal)) {
    const [first] = text.split('\n', 8).filter((line) => !/^\s*[[\],]?\s*$/.test(line));
    if (first === undefined) return true;
    return first.startsWith(lineStart) && /\}\s*,?\s*$/.test(first);
  }
  return true;
}

function* findLines(piece: LinePiece, find: Finder, test: LineTest): Generator<FoundGroup, undefined> {
  const { text } = piece;
  for (let at = 0; at < text.length; ) {
    const found = find(text, at);
    if (found === -1) return undefined;
    const start = text.lastIndexOf('\n', found - 1) + 1;
    const newline = text.indexOf('\n', found);
    const end = newline === -1 ? text.length : newline;
    at = end + 1;
    if (!text.startsWith(lineStart, start)) continue;
    const close = text.indexOf(afterTargets, start);
    if (close === -1 || close > end) {
      yield groupAt(piece, { start, end, addresses: undefined, fits: undefined });
      continue;
    }
    const addresses = text.slice(start + lineStart.length, close);
    const fits = test({ addresses, labels: text.slice(close + afterTargets.length - 1, end) });
    if (fits !== false) yield groupAt(piece, { start, end, addresses, fits });
  }
  return undefined;
}

/** Gives the position of what it looks for, from another on, or -1. */
type Finder = (text: string, from: number) => number;

const anyLine: Finder = (text, from) => text.indexOf(lineStart, from);

/** Finds the next line that may fit, by the longest text that all which fit have. */
function finderOf(query: Query): Finder {
  const [best] = query
    .flatMap((clause) => (clause.length === 1 ? clause.map(tellingText) : []))
    .filter((telling) => telling !== undefined)
    .sort((a, b) => b.text.length - a.text.length);
  if (best === undefined) return anyLine;
  const { text: bytes, exact } = best;
  if (exact) return (text, from) => text.indexOf(bytes, from);
  const pattern = literal(bytes, 'gi');
  return (text, from) => {
    pattern.lastIndex = from;
    return pattern.exec(text)?.index ?? -1;
  };
}

interface FoundLine {
  readonly start: number;
  readonly end: number;
  /** `undefined` in a layout that is not ours. */
  readonly addresses: string | undefined;
  readonly fits: Verdict;
}

function groupAt({ text, decode }: LinePiece, { start, end, addresses, fits }: FoundLine): FoundGroup {
  const last = text.charCodeAt(end - 1) === comma ? end - 1 : end;
  const decodeGroup = () => decodeLine(decode(start, last));
  return {
    fits,
    count() {
      if (addresses === undefined) return decodeGroup().targets.length;
      return addresses.includes('","') ? countTexts(addresses) : addresses === '' ? 0 : 1;
    },
    decode: decodeGroup,
  };
}

const comma = 0x2c;

function countTexts(list: string): number {
  const strings: unknown = JSON.parse(`[${list}]`);
  return Array.isArray(strings) ? strings.length : 0;
}

function decodeLine(line: string): FileSdGroup {
  const [group] = decodeFileSd(Buffer.from(`[${line}]`));
  if (group === undefined) throw new MusterError('malformed', 'the line is not a target group');
  return group;
}

/** Whole lines of a file, until the next piece is asked for. */
interface LinePiece {
  /** One character for each byte: searched at the speed of memory, and cut at the same places as the bytes. */
  readonly text: string;
  /** The text between two positions, decoded. */
  readonly decode: (start: number, end: number) => string;
}

const readSize = 1 << 20;
/** Strings of this size are freed at once when unused; larger ones pile up for a while. */
const pieceSize = 96 << 10;
/** A group whose targets share all labels is one line. */
const longestLine = 64 << 20;

/**
 * Reads a file in pieces that end where a line ends. Throws `too-large` for an endless line, and what node:fs throws.
 */
async function* readLinePieces(path: string, signal: AbortSignal): AsyncGenerator<LinePiece, undefined> {
  const file = await open(path, plainFile);
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

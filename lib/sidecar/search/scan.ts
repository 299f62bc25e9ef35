import { readFile, stat } from 'node:fs/promises';
import { MusterError } from '../../errors.ts';
import { decodeFileSd, type FileSdGroup } from '../../target/file-sd.ts';
import { type LinePiece, readLinePieces } from './lines.ts';
import { type Query, type Telling, tellingTexts } from './query.ts';

/** A group that may fit, still as text: most of what is found is only counted. */
export interface FoundGroup {
  /** How many targets it has. */
  readonly count: () => number;
  readonly decode: () => FileSdGroup;
}

/**
 * The groups of a mirrored file which the query may fit, in the order of the file. Muster writes a group a line, so that
 * a file is searched as text and only lines that are found are decoded: a hundred megabytes take a fraction of a
 * second and a few megabytes of memory. A file in another layout is read as a whole, up to a limit.
 */
export async function* scanFile(
  path: string,
  query: Query,
  signal: AbortSignal,
): AsyncGenerator<readonly FoundGroup[], undefined> {
  if (await isOneGroupALine(path, signal)) {
    for await (const piece of readLinePieces(path, signal)) yield [...findLines(piece, query)];
    return undefined;
  }
  const { size } = await stat(path);
  if (size > largestForeign) {
    throw new MusterError(
      'too-large',
      `${path} was not written by Muster and has over ${largestForeign} bytes: it is served, but not searched`,
    );
  }
  yield decodeFileSd(await readFile(path)).map((group) => ({
    count: () => group.targets.length,
    decode: () => group,
  }));
  return undefined;
}

const largestForeign = 16 << 20;

/** How every line of a group begins in a file of ours. */
const lineStart = '{"targets":[';

/** The first group tells: a publisher writes all of a file in one way. */
async function isOneGroupALine(path: string, signal: AbortSignal): Promise<boolean> {
  for await (const { text } of readLinePieces(path, signal)) {
    const [first] = text.split('\n', 8).filter((line) => !/^\s*[[\],]?\s*$/.test(line));
    if (first === undefined) return true;
    return first.startsWith(lineStart) && /\}\s*,?\s*$/.test(first);
  }
  return true;
}

function* findLines(piece: LinePiece, query: Query): Generator<FoundGroup, undefined> {
  const { text } = piece;
  const [first = anyLine, ...others] = tellingTexts(query).map(finderOf);
  for (let at = 0; at < text.length; ) {
    const found = first(text, at);
    if (found === -1) return undefined;
    const start = text.lastIndexOf('\n', found - 1) + 1;
    const newline = text.indexOf('\n', found);
    const end = newline === -1 ? text.length : newline;
    if (text.startsWith(lineStart, start)) {
      const line = others.length === 0 ? '' : text.slice(start, end);
      if (others.every((find) => find(line, 0) !== -1)) yield groupAt(piece, start, end);
    }
    at = end + 1;
  }
  return undefined;
}

/** Gives the position of what it looks for, from another on, or -1. */
type Finder = (text: string, from: number) => number;

const anyLine: Finder = (text, from) => text.indexOf(lineStart, from);

function finderOf({ text: sought, exact }: Telling): Finder {
  const bytes = Buffer.from(sought).toString('latin1');
  if (exact) return (text, from) => text.indexOf(bytes, from);
  const pattern = new RegExp(bytes.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'), 'gi');
  return (text, from) => {
    pattern.lastIndex = from;
    return pattern.exec(text)?.index ?? -1;
  };
}

function groupAt({ text, decode }: LinePiece, start: number, end: number): FoundGroup {
  const last = text.charCodeAt(end - 1) === comma ? end - 1 : end;
  return {
    count() {
      // No text within JSON can hold a bare quote, so that this is the end of the targets.
      const close = text.indexOf('],"labels":', start);
      const head = text.slice(start + lineStart.length, close === -1 || close > end ? end : close);
      return head.includes('","') ? countTexts(head) : head === '' ? 0 : 1;
    },
    decode: () => decodeLine(decode(start, last)),
  };
}

const comma = 0x2c;

function countTexts(list: string): number {
  const texts: unknown = JSON.parse(`[${list}]`);
  return Array.isArray(texts) ? texts.length : 0;
}

function decodeLine(line: string): FileSdGroup {
  const [group] = decodeFileSd(Buffer.from(`[${line}]`));
  if (group === undefined) throw new MusterError('malformed', 'the line is no group');
  return group;
}

import { readFile, stat } from 'node:fs/promises';
import { MusterError } from '../../base/errors.ts';
import { decodeFileSd, type FileSdGroup } from '../../targets/file-sd-reader.ts';
import type { LabelSet } from '../../targets/group.ts';
import { afterTargets, type Line, nameFinders, type QueryTest, testOf, type Verdict } from './line.ts';
import {
  backslash,
  comma,
  type Finder,
  finderOf,
  isAt,
  type LinePiece,
  newline,
  quote,
  readPieces,
} from './pieces.ts';
import { fitsName, type Query } from './query.ts';

/** A group that may fit, still as text: most of what is found is only counted. */
export interface FoundGroup {
  /** Whether all of its targets fit; undefined if only decoding it tells. */
  readonly fits: Verdict;
  /** How many targets it has; zero where only decoding it tells. */
  readonly count: number;
  /** Where it stands; undefined in a layout that is not ours. */
  readonly line?: Line | undefined;
  readonly decode: () => FileSdGroup;
}

/**
 * The groups of a mirrored file which the query may fit, in the order of the file. Muster writes a group a line, so that
 * a file is searched as bytes and only lines that are found are decoded: a hundred megabytes take a tenth of a
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
    const names = nameFinders(missing);
    const closes = finderOf(afterTargets.toString());
    const test = testOf(query, names);
    const looks = [...missing].map((name) => ({ name, test: testOf(presenceOf(name), names) }));
    for await (const piece of readPieces(path, signal)) {
      for (const look of looks)
        if (missing.has(look.name) && hasLabel(findLines(piece, closes, look.test), look.name))
          missing.delete(look.name);
      yield findLines(piece, closes, test);
    }
    return undefined;
  }
  const groups = decodeFileSd(await readForeign(path));
  for (const name of missing) if (groups.some(({ labels }) => hasName(labels, name))) missing.delete(name);
  yield groups.map((group) => ({
    fits: query.length === 0 || undefined,
    count: group.targets.length,
    decode: () => group,
  }));
  return undefined;
}

async function readForeign(path: string): Promise<Buffer> {
  const { size } = await stat(path);
  if (size <= largestForeign) return readFile(path);
  throw new MusterError(
    'too-large',
    `${path} was not written by Muster and has over ${largestForeign} bytes: it is served, but not searched`,
  );
}

const largestForeign = 16 << 20;

/** True of groups with a label of this name, with any value. */
function presenceOf(name: string): Query {
  return [[{ kind: 'matches', name, text: '', not: false }]];
}

function hasLabel(groups: Iterable<FoundGroup>, name: string): boolean {
  for (const group of groups) if (group.fits === true || hasName(group.decode().labels, name)) return true;
  return false;
}

function hasName(labels: LabelSet, name: string): boolean {
  return Object.keys(labels).some((own) => fitsName(name, own));
}

/** How every line of a group begins in a file of ours. */
const lineStart = Buffer.from('{"targets":[');

/** The first group decides: a publisher writes all of a file in one way. */
async function isOneGroupALine(path: string, signal: AbortSignal): Promise<boolean> {
  for await (const { bytes } of readPieces(path, signal)) {
    const text = bytes.toString('latin1');
    const [first] = text.split('\n', 8).filter((line) => !/^\s*[[\],]?\s*$/.test(line));
    if (first === undefined) return true;
    return first.startsWith(lineStart.toString()) && /\}\s*,?\s*$/.test(first);
  }
  return true;
}

function findLines(piece: LinePiece, closes: Finder, { next, test }: QueryTest): readonly FoundGroup[] {
  const { bytes } = piece;
  const groups: FoundGroup[] = [];
  for (let at = 0; at < bytes.length; ) {
    const found = next(piece, at);
    if (found >= bytes.length) break;
    const start = found === at ? at : bytes.lastIndexOf(newline, found - 1) + 1;
    const lineFeed = bytes.indexOf(newline, found);
    const end = lineFeed === -1 ? bytes.length : lineFeed;
    at = end + 1;
    if (!isAt(bytes, start, lineStart)) continue;
    const line = lineOf(piece, { start, end }, closes);
    const fits = line && test(line);
    if (fits === false) continue;
    const count = line !== undefined && fits === true ? countOf(bytes, line) : 0;
    groups.push({ fits, count, line, decode: () => decodeLine(bytes, start, end) });
  }
  return groups;
}

/** `undefined` in a layout that is not ours. */
function lineOf(
  piece: LinePiece,
  { start, end }: Pick<Line, 'start' | 'end'>,
  closes: Finder,
): Line | undefined {
  const { bytes } = piece;
  const addresses = start + lineStart.length;
  let mark = addresses + 1;
  while (mark < end && bytes[mark] !== quote && bytes[mark] !== backslash) mark += 1;
  if (bytes[addresses] === quote && bytes[mark] === quote && isAt(bytes, mark + 1, afterTargets))
    return { piece, start, end, addresses, addressesEnd: mark + 1, isOne: true };
  const addressesEnd = closes(piece, start);
  return addressesEnd < end ? { piece, start, end, addresses, addressesEnd, isOne: false } : undefined;
}

function countOf(bytes: Buffer, { addresses, addressesEnd, isOne }: Line): number {
  if (isOne) return 1;
  const strings: unknown = JSON.parse(`[${bytes.toString('utf8', addresses, addressesEnd)}]`);
  return Array.isArray(strings) ? strings.length : 0;
}

function decodeLine(bytes: Buffer, start: number, end: number): FileSdGroup {
  const line = bytes.subarray(start, bytes[end - 1] === comma ? end - 1 : end);
  const [group] = decodeFileSd(Buffer.concat([openBracket, line, closeBracket]));
  if (group === undefined) throw new MusterError('malformed', 'the line is not a target group');
  return group;
}

const openBracket = Buffer.from('[\n');
const closeBracket = Buffer.from('\n]\n');

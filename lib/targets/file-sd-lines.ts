import { isUtf8 } from 'node:buffer';
import { MusterError } from '../base/errors.ts';
import { parseJson } from '../base/json.ts';
import { encodeLabels } from './canonical.ts';
import { addressLabel, type LabelSet, type TargetGroup, targetLabels } from './group.ts';

/** Makes a file_sd file out of canonical groups, piece by piece. */
interface FileSdLines {
  /** Adds groups: UTF-8, one a line, in the order of their sources. Throws kind `malformed` for what is no group. */
  readonly add: (groups: Buffer) => void;
  /** The bytes that are ready and were not taken yet, with the end of the file where it is asked for. */
  readonly take: (end?: 'end') => Uint8Array;
  /** Targets so far, those without address left out. */
  readonly count: () => number;
}

/**
 * Opens a file; `first` is a line that comes before the groups. Lines are made by copying runs of the canonical text,
 * which is a tenth of the work of reading and writing JSON; a group that does not allow that is read. Its methods throw
 * kind `malformed` for a group that is not UTF-8 or not a target group.
 */
export function openFileSdLines(first?: string): FileSdLines {
  const out: Output = { bytes: Buffer.allocUnsafe(firstBytes), length: 0 };
  let separator = '[\n';
  let targets = 0;
  const put = (text: string) => {
    reserve(out, text.length * 3);
    out.length += out.bytes.write(text, out.length);
  };
  const open = () => {
    put(separator);
    separator = ',\n';
  };
  if (first !== undefined) {
    open();
    put(first);
  }
  const scratch: Output = { bytes: Buffer.allocUnsafe(firstBytes), length: 0 };
  return {
    add(groups) {
      if (!isUtf8(groups)) throw new MusterError('malformed', 'a group is not UTF-8');
      for (let start = 0; start < groups.length; ) {
        const found = groups.indexOf(lineFeed, start);
        const end = found === -1 ? groups.length : found;
        const copied = readGroup(groups, start, end);
        if (copied === undefined) {
          for (const line of encodeFileSdGroups(parseGroup(groups.toString('utf8', start, end)))) {
            open();
            put(line.text);
            targets += line.targets;
          }
        } else {
          const lines = linesOf(groups, copied, scratch);
          for (const line of lines) {
            open();
            targets += putLine(out, line, groups, scratch.bytes);
          }
        }
        start = end + 1;
      }
    },
    take(end) {
      if (end === 'end') put(separator === '[\n' ? '[]\n' : '\n]\n');
      const bytes = out.bytes.subarray(0, out.length);
      // What was taken is the caller's. The next pieces are about as long.
      out.bytes = Buffer.allocUnsafe(end === 'end' ? 0 : out.bytes.length);
      out.length = 0;
      return bytes;
    },
    count: () => targets,
  };
}

/** Bytes that grow. */
interface Output {
  bytes: Buffer;
  length: number;
}

const firstBytes = 64 << 10;

function reserve(out: Output, more: number): void {
  const needed = out.length + more;
  if (needed <= out.bytes.length) return;
  const grown = Buffer.allocUnsafe(Math.max(needed, out.bytes.length * 2));
  out.bytes.copy(grown, 0, 0, out.length);
  out.bytes = grown;
}

/** Offsets of the labels of a group or a target: of each the quotes around its name, and the end of its value. */
interface Labels {
  readonly starts: number[];
  readonly nameEnds: number[];
  readonly ends: number[];
}

interface CopiedGroup {
  readonly labels: Labels;
  readonly targets: readonly Labels[];
}

const lineFeed = 0x0a;
const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const closeBracket = 0x5d;
/** From here on the order of bytes is not that of UTF-16, in which labels are sorted. */
const beyondOrder = 0xee;

const sourceKey = Buffer.from('{"source":');
const labelsKey = Buffer.from(',"labels":');
const targetsKey = Buffer.from(',"targets":[');
const addressName = Buffer.from(`"${addressLabel}"`);

/** Finds the labels of a group; undefined for one that is not canonical, or whose names or order need a second look. */
function readGroup(text: Buffer, start: number, end: number): CopiedGroup | undefined {
  if (!isAt(text, start, sourceKey)) return undefined;
  let at = skipText(text, start + sourceKey.length, end);
  if (at === -1 || !isAt(text, at, labelsKey)) return undefined;
  const labels = readLabels(text, at + labelsKey.length, end);
  if (labels === undefined || findAddress(text, labels) !== -1) return undefined;
  at = endOf(labels, at + labelsKey.length);
  if (!isAt(text, at, targetsKey)) return undefined;
  at += targetsKey.length;
  const targets: Labels[] = [];
  while (text[at] !== closeBracket) {
    if (targets.length > 0 && text[at++] !== comma) return undefined;
    const target = readLabels(text, at, end);
    if (target === undefined || !hasPlainAddress(text, target)) return undefined;
    targets.push(target);
    at = endOf(target, at);
  }
  return text[at + 1] === closeBrace && at + 2 === end ? { labels, targets } : undefined;
}

function isAt(text: Buffer, at: number, wanted: Buffer): boolean {
  return text.compare(wanted, 0, wanted.length, at, Math.min(text.length, at + wanted.length)) === 0;
}

/** Where the object ends that begins there. */
function endOf({ ends }: Labels, start: number): number {
  return (ends.at(-1) ?? start + 1) + 1;
}

function readLabels(text: Buffer, start: number, end: number): Labels | undefined {
  if (text[start] !== openBrace) return undefined;
  const labels: Labels = { starts: [], nameEnds: [], ends: [] };
  if (text[start + 1] === closeBrace) return labels;
  for (let at = start; text[at] !== closeBrace; ) {
    if (at > start && text[at] !== comma) return undefined;
    const nameEnd = skipText(text, at + 1, end, 'plain');
    if (nameEnd === -1 || text[nameEnd] !== colon) return undefined;
    const valueEnd = skipText(text, nameEnd + 1, end);
    if (valueEnd === -1) return undefined;
    const isSorted =
      at === start ||
      compareNames(text, [labels.starts.at(-1) ?? 0, labels.nameEnds.at(-1) ?? 0], [at + 1, nameEnd]) < 0;
    if (!isSorted) return undefined;
    labels.starts.push(at + 1);
    labels.nameEnds.push(nameEnd);
    labels.ends.push(valueEnd);
    at = valueEnd;
  }
  return labels;
}

/** The end of a JSON string that begins there; -1 where it has to be looked at more closely. */
function skipText(text: Buffer, start: number, end: number, form?: 'plain'): number {
  if (text[start] !== quote) return -1;
  for (let at = start + 1; at < end; at++) {
    const byte = text[at] ?? 0;
    if (byte === quote) return at + 1;
    if (byte < 0x20 || byte >= beyondOrder) return -1;
    if (byte !== backslash) continue;
    if (form === 'plain' || !escapes.has(text[at + 1] ?? 0)) return -1;
    at += 1;
  }
  return -1;
}

/** What may follow a backslash, except for `u`. */
const escapes: ReadonlySet<number> = new Set(Buffer.from('"\\/bfnrt'));

type Range = readonly [start: number, end: number];

function compareNames(text: Buffer, [a, aEnd]: Range, [b, bEnd]: Range): number {
  // Without the closing quotes, so that a name comes before one that goes on.
  const length = Math.min(aEnd - a, bEnd - b) - 1;
  for (let at = 0; at < length; at++) {
    const difference = (text[a + at] ?? 0) - (text[b + at] ?? 0);
    if (difference !== 0) return difference;
  }
  return aEnd - a - (bEnd - b);
}

function findAddress(text: Buffer, { starts, nameEnds }: Labels): number {
  for (let index = 0; index < starts.length; index++) {
    const [start = 0, end = 0] = [starts[index], nameEnds[index]];
    if (end - start === addressName.length && isAt(text, start, addressName)) return index;
  }
  return -1;
}

/** An address with escapes would not be in the order of its text. */
function hasPlainAddress(text: Buffer, target: Labels): boolean {
  const index = findAddress(text, target);
  if (index === -1) return false;
  const at = text.indexOf(backslash, target.nameEnds[index]);
  return at === -1 || at >= (target.ends[index] ?? 0);
}

/** Targets with the same labels: where their addresses are in the text, and the labels in what was written aside. */
interface Line {
  readonly labels: Range;
  readonly addresses: Range[];
}

/** The lines of a group in the order of their labels, and the addresses of each in theirs. */
function linesOf(text: Buffer, { labels, targets }: CopiedGroup, scratch: Output): readonly Line[] {
  scratch.length = 0;
  const found: { readonly labels: Range; readonly address: Range }[] = [];
  let plain: Range | undefined;
  for (const target of targets) {
    const at = findAddress(text, target);
    const address: Range = [(target.nameEnds[at] ?? 0) + 1, target.ends[at] ?? 0];
    const isPlain = target.starts.length === 1;
    const own = isPlain && plain !== undefined ? plain : mergeLabels(text, labels, target, scratch);
    if (isPlain) plain = own;
    found.push({ labels: own, address });
  }
  const compareLabels = (a: Range, b: Range) => compareBytes(scratch.bytes, a, b);
  if (found.length > 1)
    found.sort((a, b) => compareLabels(a.labels, b.labels) || compareAddresses(text, a.address, b.address));
  const lines: Line[] = [];
  for (const { labels, address } of found) {
    const line = lines.at(-1);
    const last = line?.addresses.at(-1);
    if (line === undefined || last === undefined || compareLabels(line.labels, labels) !== 0)
      lines.push({ labels, addresses: [address] });
    else if (compareAddresses(text, last, address) !== 0) line.addresses.push(address);
  }
  return lines;
}

function compareBytes(bytes: Buffer, a: Range, b: Range): number {
  return a === b ? 0 : bytes.compare(bytes, b[0], b[1], a[0], a[1]);
}

/** Without the quotes, so that an address comes before one that goes on. */
function compareAddresses(text: Buffer, [a, aEnd]: Range, [b, bEnd]: Range): number {
  return compareBytes(text, [a + 1, aEnd - 1], [b + 1, bEnd - 1]);
}

/** Writes the labels of a target, its group's with its own over them and without the address. */
function mergeLabels(text: Buffer, labels: Labels, target: Labels, out: Output): Range {
  const start = out.length;
  reserve(out, (labels.ends.at(-1) ?? 0) + (target.ends.at(-1) ?? 0) - (labels.starts[0] ?? 0) + 3);
  const { bytes } = out;
  let length = start;
  bytes[length++] = openBrace;
  const copy = (from: number, to: number) => {
    if (length > start + 1) bytes[length++] = comma;
    length += text.copy(bytes, length, from, to);
  };
  let next = 0;
  const copyGroupUntil = (index: number) => {
    if (index > next) copy(labels.starts[next] ?? 0, labels.ends[index - 1] ?? 0);
    next = index;
  };
  const address = findAddress(text, target);
  for (let index = 0; index < target.starts.length; index++) {
    if (index === address) continue;
    const name: Range = [target.starts[index] ?? 0, target.nameEnds[index] ?? 0];
    const { place, isSame } = placeOf(text, labels, name, next);
    copyGroupUntil(place);
    if (isSame) next = place + 1;
    const end = target.ends[index] ?? 0;
    // An empty label hides that of the group.
    if (end - name[1] > emptyValue) copy(name[0], end);
  }
  copyGroupUntil(labels.starts.length);
  bytes[length++] = closeBrace;
  out.length = length;
  return [start, length];
}

/** Bytes of `:""`. */
const emptyValue = 3;

/** Where a name belongs among the labels of a group, from an index on. */
function placeOf(
  text: Buffer,
  { starts, nameEnds }: Labels,
  name: Range,
  from: number,
): { readonly place: number; readonly isSame: boolean } {
  let [low, high] = [from, starts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const order = compareNames(text, [starts[middle] ?? 0, nameEnds[middle] ?? 0], name);
    if (order === 0) return { place: middle, isSame: true };
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return { place: low, isSame: false };
}

/** Writes a line and returns how many of its targets have an address. */
function putLine(out: Output, { labels, addresses }: Line, text: Buffer, merged: Buffer): number {
  const room = addresses.reduce((sum, [start, end]) => sum + end - start + 1, 0);
  reserve(out, room + labels[1] - labels[0] + lineFrame);
  const { bytes } = out;
  let { length } = out;
  let count = 0;
  length += bytes.write('{"targets":[', length);
  for (const [index, [start, end]] of addresses.entries()) {
    if (index > 0) bytes[length++] = comma;
    length += text.copy(bytes, length, start, end);
    if (end - start > 2) count += 1;
  }
  length += bytes.write('],"labels":', length);
  length += merged.copy(bytes, length, labels[0], labels[1]);
  bytes[length++] = closeBrace;
  out.length = length;
  return count;
}

/** Bytes of a line beside its addresses and labels. */
const lineFrame = 32;

/** The group behind a line. Throws kind `malformed`. */
function parseGroup(line: string): TargetGroup {
  const json = parseJson(line, 'a line of groups');
  if (!isGroup(json)) throw new MusterError('malformed', 'a line is not a target group');
  return json;
}

function isGroup(json: unknown): json is TargetGroup {
  if (typeof json !== 'object' || json === null) return false;
  if (!('source' in json && 'labels' in json && 'targets' in json)) return false;
  const { source, labels, targets } = json;
  return typeof source === 'string' && isLabels(labels) && Array.isArray(targets) && targets.every(isLabels);
}

function isLabels(json: unknown): json is LabelSet {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return false;
  return Object.values(json).every((value) => typeof value === 'string');
}

function encodeFileSdGroups(
  group: TargetGroup,
): readonly { readonly text: string; readonly targets: number }[] {
  const addressesByLabels = new Map<string, Set<string>>();
  for (const target of group.targets) {
    // Prometheus has targets without address too, until its rules give them one.
    const { [addressLabel]: address = '', ...labels } = targetLabels(group, target);
    const text = encodeLabels(labels);
    const addresses = addressesByLabels.get(text);
    if (addresses === undefined) addressesByLabels.set(text, new Set([address]));
    else addresses.add(address);
  }
  return [...addressesByLabels]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([labels, addresses]) => ({
      text: `{"targets":${JSON.stringify([...addresses].sort())},"labels":${labels}}`,
      targets: addresses.has('') ? addresses.size - 1 : addresses.size,
    }));
}

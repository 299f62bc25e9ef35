import { deflateRawSync, inflateRawSync } from 'node:zlib';
import * as z from 'zod';

/** A gzip member in whose place another text stands when the whole is read as OpenMetrics. */
export interface Splice {
  /** Where the member begins, counted from the end of the head. */
  readonly at: number;
  /** Bytes of the member. */
  readonly length: number;
  readonly text: string;
}

/** What an exposition of gzip members says of itself in front of them. */
export interface GzipHead {
  /** When what it shows was listed. */
  readonly listed: Date;
  /** Bytes of the head, behind which the members are. */
  readonly length: number;
  /** `undefined` where it does not say how it reads as OpenMetrics. */
  readonly splices: readonly Splice[] | undefined;
}

/**
 * An empty gzip member to stand in front of others, so that the whole stays a gzip of plain text for everybody. In its
 * header it has the time, and in an extra field the splices, deflated; these are left out where they need more room
 * than the field has. Source: RFC 1952, 2.3.
 */
export function gzipHead(listed: Date, splices: readonly Splice[]): Uint8Array {
  const list = deflateRawSync(JSON.stringify(splices.map(({ at, length, text }) => [at, length, text])));
  const fits = list.length + subfieldLength <= 0xffff;
  const extra = fits ? Buffer.concat([fieldOf(list.length + subfieldLength), subfield(list), list]) : empty;
  const start = Buffer.from([0x1f, 0x8b, 8, fits ? hasExtra : 0, 0, 0, 0, 0, 0, unknownSystem]);
  // An empty block, and no bytes to sum up or count.
  const head = Buffer.concat([start, extra, Buffer.from([3, 0]), Buffer.alloc(8)]);
  stampGzip(head, listed);
  return head;
}

/**
 * The head in the first bytes of a gzip (`headRoom` of them are enough), whoever made it; `undefined` where these do
 * not say when it was made. Splices that are not sound count as none.
 */
export function readGzipHead(start: Uint8Array): GzipHead | undefined {
  const listed = readGzipTime(start);
  if (listed === undefined) return undefined;
  const bytes = Buffer.from(start.buffer, start.byteOffset, start.byteLength);
  const list = findList(bytes);
  if (list === undefined) return { listed, length: 0, splices: undefined };
  return { listed, length: fixedLength + 2 + list.end + emptyBody, splices: readSplices(list.bytes) };
}

/**
 * Milliseconds after its listing for which a text is served. Source: Prometheus takes a sample for the present state for as
 * long, `--query.lookback-delta`.
 */
export const longestAge = 5 * 60_000;

/** Bytes in which a head has room, however long its field is. */
export const headRoom = 2 ** 17;

const hasExtra = 4;
const unknownSystem = 255;
const fixedLength = 10;
const subfieldLength = 4;
const emptyBody = 10;
const empty = Buffer.alloc(0);

/** Names the subfield; RFC 1952 leaves all but two such names to whoever comes. */
const subfieldName = [0x4f, 0x4d] as const;

/** Bytes of text of all splices together; more is none of ours. */
const longestList = 4 << 20;

function fieldOf(length: number): Buffer {
  const field = Buffer.alloc(2);
  field.writeUInt16LE(length);
  return field;
}

function subfield({ length }: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(subfieldName), fieldOf(length)]);
}

/** The deflated list in the extra field, if ours is the only one in it and nothing but an empty body is behind it. */
function findList(bytes: Buffer): { readonly bytes: Uint8Array; readonly end: number } | undefined {
  if (bytes[3] !== hasExtra || bytes.length < fixedLength + 2 + subfieldLength) return undefined;
  const end = bytes.readUInt16LE(fixedLength);
  const field = bytes.subarray(fixedLength + 2, fixedLength + 2 + end);
  if (field.length !== end || end < subfieldLength) return undefined;
  const ours = field[0] === subfieldName[0] && field[1] === subfieldName[1];
  if (!ours || field.readUInt16LE(2) !== end - subfieldLength) return undefined;
  const body = bytes.subarray(fixedLength + 2 + end, fixedLength + 2 + end + emptyBody);
  if (body.length !== emptyBody || body[0] !== 3 || body.subarray(1).some((byte) => byte !== 0))
    return undefined;
  return { bytes: field.subarray(subfieldLength), end };
}

function readSplices(list: Uint8Array): readonly Splice[] | undefined {
  try {
    const text = inflateRawSync(list, { maxOutputLength: longestList }).toString();
    const splices = spliceList.parse(JSON.parse(text)).map(([at, length, text]) => ({ at, length, text }));
    return inOrder(splices) ? splices : undefined;
  } catch {
    return undefined;
  }
}

const spliceList = z.array(z.tuple([z.int().min(0), z.int().min(1), z.string()]));

/** One behind the other, so that whoever follows them goes forward only. */
function inOrder(splices: readonly Splice[]): boolean {
  return splices.every(({ at }, index) => {
    const before = splices[index - 1];
    return before === undefined || at >= before.at + before.length;
  });
}

/**
 * When what a gzip holds was made, by the field that its format has for this: it travels with the bytes, and changes
 * with them at once. Second 0 means that it is not told. Source: RFC 1952, 2.3.1, MTIME.
 */
export function readGzipTime(gzip: Uint8Array): Date | undefined {
  if (gzip.length < headerLength || gzip[0] !== 0x1f || gzip[1] !== 0x8b) return undefined;
  const seconds = viewOf(gzip).getUint32(timeOffset, true);
  return seconds === 0 ? undefined : new Date(seconds * 1000);
}

/** Writes the time into a gzip, to the second. */
export function stampGzip(gzip: Uint8Array, at: Date): void {
  viewOf(gzip).setUint32(timeOffset, Math.floor(at.getTime() / 1000), true);
}

const headerLength = 10;
const timeOffset = 4;

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

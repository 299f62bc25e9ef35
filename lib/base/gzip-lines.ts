import { once } from 'node:events';
import { promisify } from 'node:util';
import { createGunzip, createGzip, gunzip, gunzipSync, gzip, gzipSync } from 'node:zlib';
import { MusterError, toMusterError } from './errors.ts';

/** Bytes for the packer at a time. */
const chunkLength = 64 << 10;

/** Level 3: on listings twice as fast as the default, a tenth larger. */
const options = { level: 3 };

/** A text, or its UTF-8. */
export type Piece = string | Uint8Array;

/** Gzip of a text that is made while it is packed. */
export async function packLines(lines: Iterable<Piece>): Promise<Uint8Array> {
  const chunks = chunksOf(lines);
  const first = Buffer.from(chunks.next().value ?? '');
  const second = chunks.next();
  if (second.done === true) return gzipSync(first, options);
  const stream = createGzip(options);
  const packed: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => packed.push(chunk));
  const ended = once(stream, 'end');
  const write = (chunk: Uint8Array) =>
    new Promise<void>((resolve, reject) => {
      stream.write(chunk, (error) => (error ? reject(error) : resolve()));
    });
  await write(first);
  await write(second.value);
  for (const chunk of chunks) await write(chunk);
  stream.end();
  await ended;
  return Buffer.concat(packed);
}

/** Gzip of bytes that are there already. */
export async function pack(bytes: Uint8Array): Promise<Uint8Array> {
  return bytes.length <= chunkLength ? gzipSync(bytes, options) : await promisify(gzip)(bytes, options);
}

/** The unpacked bytes of a gzip. Throws kind `malformed` for anything else, `too-large` for more than `maxBytes`. */
export async function unpack(body: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const small = unpackSmall(body, maxBytes);
  if (small !== undefined) return small;
  try {
    return await promisify(gunzip)(body, { maxOutputLength: maxBytes });
  } catch (cause) {
    if (cause instanceof RangeError)
      throw new MusterError('too-large', `more than ${maxBytes} bytes when unpacked`, { cause });
    throw new MusterError('malformed', `not gzip: ${toMusterError(cause).message}`, { cause });
  }
}

/**
 * Joins pieces to chunks, so that there are fewer calls; `after` follows each piece. A chunk is good until the next one is
 * asked for: the memory is the same.
 */
export function* chunksOf(pieces: Iterable<Piece>, after = ''): Generator<Buffer, undefined> {
  let space = Buffer.alloc(0);
  let length = 0;
  for (const piece of pieces) {
    const size = typeof piece === 'string' ? Buffer.byteLength(piece) : piece.length;
    const end = length + size + after.length;
    if (end > space.length) {
      if (length > 0) yield space.subarray(0, length);
      length = 0;
      const needed = Math.max(size + after.length, chunkLength);
      if (needed > space.length) space = Buffer.allocUnsafeSlow(needed);
    }
    if (typeof piece === 'string') space.write(piece, length);
    else space.set(piece, length);
    length += size;
    length += space.write(after, length);
  }
  if (length > 0) yield space.subarray(0, length);
  return undefined;
}

/** The options for reading a text. */
export interface UnpackOptions {
  readonly signal?: AbortSignal | undefined;
  /** Characters of the longest line; objects made of lines take some fifty times as many bytes. Default: 64 Mi. */
  readonly longestLine?: number;
}

/** Characters of one unpacked document. */
const longestText = 2 ** 31;

/**
 * The lines of a gzipped text, as it is unpacked. Throws kind `malformed` for data that is not gzip, `too-large` beyond
 * the limits, `timeout` for the signal.
 */
export async function* unpackLines(
  body: Uint8Array,
  { signal, longestLine = 64 << 20 }: UnpackOptions = {},
): AsyncGenerator<string, undefined> {
  const small =
    signal?.aborted === true || longestLine < smallText ? undefined : unpackSmall(body, smallText);
  if (small !== undefined) {
    const lines = small.toString('utf8').split('\n');
    if (lines.at(-1) === '') lines.pop();
    yield* lines;
    return undefined;
  }
  const text = createGunzip();
  text.setEncoding('utf8');
  text.end(body);
  // The pieces of an unfinished line are joined only once, because a line may be as long as the whole text.
  let begun: string[] = [];
  let lineLength = 0;
  let length = 0;
  try {
    for await (const chunk of text) {
      if (signal?.aborted === true)
        throw new MusterError('timeout', 'reading was ended before the end of the text');
      const [first = '', ...others] = String(chunk).split('\n');
      const last = others.pop();
      length += String(chunk).length;
      begun.push(first);
      lineLength += first.length;
      if (length > longestText || lineLength > longestLine)
        throw new MusterError('too-large', 'the text is too large when unpacked');
      if (last === undefined) continue;
      yield begun.join('');
      yield* others;
      begun = [last];
      lineLength = last.length;
    }
    if (lineLength > 0) yield begun.join('');
    return undefined;
  } catch (error) {
    if (error instanceof MusterError) throw error;
    throw new MusterError('malformed', `not gzip: ${toMusterError(error).message}`, { cause: error });
  } finally {
    text.destroy();
  }
}

/** Bytes of a small gzip, and of its text. A stream or a thread for each takes more time than the unpacking. */
const smallBody = 16 << 10;
const smallText = 256 << 10;

/** The bytes of a small text; undefined for a larger text, or a damaged one, which the caller then reports. */
function unpackSmall(body: Uint8Array, maxBytes: number): Buffer | undefined {
  if (body.length > smallBody) return undefined;
  try {
    return gunzipSync(body, { maxOutputLength: Math.min(maxBytes, smallText) });
  } catch {
    return undefined;
  }
}

import { once } from 'node:events';
import { promisify } from 'node:util';
import { createGunzip, createGzip, gunzip, gunzipSync } from 'node:zlib';
import { MusterError, toMusterError } from './errors.ts';

/** Characters that are handed to the packer at once: strings of 128 KiB and more take a fifth more CPU. */
const chunkLength = 64 << 10;

/**
 * Gzip of a text that is made while it is packed. Level 3: on listings twice as fast as the default, a tenth larger.
 */
export async function packLines(lines: Iterable<string>): Promise<Uint8Array> {
  const gzip = createGzip({ level: 3 });
  const packed: Buffer[] = [];
  gzip.on('data', (chunk: Buffer) => packed.push(chunk));
  const ended = once(gzip, 'end');
  for (const chunk of chunksOf(lines)) {
    if (!gzip.write(chunk)) await once(gzip, 'drain');
  }
  gzip.end();
  await ended;
  return Buffer.concat(packed);
}

/** The unpacked bytes of a gzip. Throws kind `malformed` for anything else, `too-large` for more than `maxBytes`. */
export async function unpack(body: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  try {
    return await promisify(gunzip)(body, { maxOutputLength: maxBytes });
  } catch (cause) {
    if (cause instanceof RangeError)
      throw new MusterError('too-large', `more than ${maxBytes} bytes when unpacked`, { cause });
    throw new MusterError('malformed', `not gzip: ${toMusterError(cause).message}`, { cause });
  }
}

/** Strings joined to larger ones, so that a call for each pays off. */
export function* chunksOf(strings: Iterable<string>): Generator<string, undefined> {
  let parts: string[] = [];
  let length = 0;
  for (const text of strings) {
    parts.push(text);
    length += text.length;
    if (length < chunkLength) continue;
    yield parts.join('');
    parts = [];
    length = 0;
  }
  if (length > 0) yield parts.join('');
  return undefined;
}

/** How a text is read. */
export interface UnpackOptions {
  readonly signal?: AbortSignal | undefined;
  /** Characters of the longest line; objects made of lines take some fifty times as many bytes. Default: 64 Mi. */
  readonly longestLine?: number;
}

/** Characters of one unpacked document. */
const longestText = 2 ** 31;

/**
 * The lines of a gzipped text, as it is unpacked. Throws kind `malformed` for what is no gzip, `too-large` beyond the
 * limits, `timeout` for the signal.
 */
export async function* unpackLines(
  body: Uint8Array,
  { signal, longestLine = 64 << 20 }: UnpackOptions = {},
): AsyncGenerator<string, undefined> {
  const small = signal?.aborted === true ? undefined : unpackSmall(body, longestLine);
  if (small !== undefined) {
    yield* small;
    return undefined;
  }
  const text = createGunzip();
  text.setEncoding('utf8');
  text.end(body);
  // Pieces of a line which goes on: joined once, as a line may be as long as the whole text.
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

/** Bytes of a small gzip, and of its text: a stream for each costs more than ten thousand of them are worth. */
const smallBody = 16 << 10;
const smallText = 256 << 10;

/** The lines of a small text; undefined for a larger text, or a damaged one, which the stream reports. */
function unpackSmall(body: Uint8Array, longestLine: number): readonly string[] | undefined {
  if (body.length > smallBody || longestLine < smallText) return undefined;
  try {
    const lines = gunzipSync(body, { maxOutputLength: smallText }).toString('utf8').split('\n');
    if (lines.at(-1) === '') lines.pop();
    return lines;
  } catch {
    return undefined;
  }
}

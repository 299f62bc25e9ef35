import { createHash } from 'node:crypto';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import { plainFile, readPieces } from '../../base/files.ts';

/**
 * A weak etag of the files' content, made of what the file system knows of them, without reading them. That is enough:
 * the mirror never changes a file, it only replaces it. `undefined` when a file is missing.
 */
export async function etagOfFiles(paths: readonly string[]): Promise<string | undefined> {
  const hash = createHash('sha256');
  for (const path of paths) {
    const facts = await lstat(path).catch(() => undefined);
    if (facts?.isFile() !== true) return undefined;
    hash.update(JSON.stringify([path, facts.ino, facts.size, facts.mtimeMs, facts.ctimeMs]));
  }
  return `W/"${hash.digest('base64url')}"`;
}

/**
 * Joins JSON lists, each in a file, to one list. Only a few pieces are in memory at a time. A single file comes byte for
 * byte. Throws what node:fs throws when a file is gone before its turn.
 */
export async function* joinFiles(paths: readonly string[]): AsyncGenerator<Uint8Array, undefined> {
  const [only] = paths;
  if (only !== undefined && paths.length === 1) {
    yield* wholeOf(only);
    return undefined;
  }
  let separator = '[\n';
  for (const path of paths) {
    for await (const piece of insideOf(path)) {
      if (separator !== '') yield Buffer.from(separator);
      separator = '';
      yield piece;
    }
    if (separator === '') separator = ',\n';
  }
  yield Buffer.from(separator === '[\n' ? '[]\n' : '\n]\n');
  return undefined;
}

/** The bytes of a file, in pieces. Throws what node:fs throws, as all of these do. */
export function wholeOf(path: string): AsyncGenerator<Uint8Array, undefined> {
  return withFile(path, (file) => readPieces(file));
}

/** The bytes of a file from an offset up to, and without, another. */
export function rangeOf(path: string, start: number, end: number): AsyncGenerator<Uint8Array, undefined> {
  return withFile(path, (file) => readPieces(file, start, end));
}

/** The bytes between the brackets of a JSON list in a file, without white space at both ends; nothing for an empty list. */
export function insideOf(path: string): AsyncGenerator<Uint8Array, undefined> {
  return withFile(path, async function* (file) {
    const { size } = await file.stat();
    if (size <= readAtOnce) {
      const whole = Buffer.concat(await Array.fromAsync(readPieces(file, 0, size)));
      const inside = trim(trim(whole).subarray(1, -1));
      if (inside.length > 0) yield inside;
      return undefined;
    }
    const { start, end } = await insideBrackets(file, size);
    yield* readPieces(file, start, end);
    return undefined;
  });
}

/** Bytes of a file that is read with one operation: a piece of `readPieces`. */
const readAtOnce = 256 * 1024;

function trim(bytes: Uint8Array): Uint8Array {
  const start = bytes.findIndex(isNotSpace);
  return start === -1 ? new Uint8Array() : bytes.subarray(start, bytes.findLastIndex(isNotSpace) + 1);
}

async function* withFile(
  path: string,
  read: (file: FileHandle) => AsyncGenerator<Uint8Array, undefined>,
): AsyncGenerator<Uint8Array, undefined> {
  const file = await open(path, plainFile);
  try {
    yield* read(file);
    return undefined;
  } finally {
    await file.close();
  }
}

/** Offsets of the first byte, and of the byte after the last. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/** The range between the brackets of a JSON list, without white space; empty for an empty list. */
async function insideBrackets(file: FileHandle, size: number): Promise<Range> {
  const first = await findNonSpace(file, 0, size);
  const start = await findNonSpace(file, first + 1, size);
  const last = await findNonSpaceBefore(file, size, start);
  return {
    start,
    end: await findNonSpaceBefore(file, last, start).then((at) => (at < start ? start : at + 1)),
  };
}

/** Offset of the first byte from `at` on that is not white space; `size` when there is none. */
async function findNonSpace(file: FileHandle, at: number, size: number): Promise<number> {
  for (let from = at; from < size; ) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(windowSize), 0, windowSize, from);
    const found = buffer.subarray(0, bytesRead).findIndex(isNotSpace);
    if (found !== -1) return from + found;
    if (bytesRead === 0) return size;
    from += bytesRead;
  }
  return size;
}

/** Offset of the last byte before `end` that is not white space; `start - 1` when there is none. */
async function findNonSpaceBefore(file: FileHandle, end: number, start: number): Promise<number> {
  for (let to = end; to > start; ) {
    const from = Math.max(start, to - windowSize);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(to - from), 0, to - from, from);
    const found = buffer.subarray(0, bytesRead).findLastIndex(isNotSpace);
    if (found !== -1) return from + found;
    to = from;
  }
  return start - 1;
}

const windowSize = 4096;

function isNotSpace(byte: number): boolean {
  return byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09;
}

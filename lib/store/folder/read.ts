import { type FileHandle, lstat, open } from 'node:fs/promises';
import { fileFailure, isAbsent } from '../../base/disk-errors.ts';
import { codeOf, MusterError } from '../../base/errors.ts';
import { plainFile, readPieces } from '../../base/files.ts';
import { checkSignal, tooLarge } from '../errors.ts';
import { defaultMaxBytes, type OpenedObject, type ReadOptions, type StoredObject } from '../store.ts';
import { fileEtag, findPath, isLink, type Place } from './files.ts';

/** The etag of the key's file; `undefined` if there is none, or a folder. */
export async function readEtag(place: Place): Promise<{ readonly etag: string } | undefined> {
  const path = await findPath(place);
  if (path === undefined) return undefined;
  try {
    const stats = await lstat(path, { bigint: true });
    if (stats.isDirectory()) return undefined;
    if (!stats.isFile()) throw isLink(place.url, place.key);
    return { etag: fileEtag(stats) };
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/**
 * The key's file; `unchanged` where it has the etag that the caller holds. Etag and body come from one descriptor: the
 * file behind it stays as it is when another takes its name.
 */
export async function readObject(
  place: Place,
  held: string | undefined,
  options: ReadOptions,
): Promise<StoredObject | 'unchanged' | undefined> {
  const path = await findPath(place);
  const file = path === undefined ? undefined : await openFile(place, path);
  if (file === undefined) return undefined;
  try {
    return await readFrom(file, place, held, options);
  } finally {
    await file.close();
  }
}

async function readFrom(
  file: FileHandle,
  { url, key }: Place,
  held: string | undefined,
  { maxBytes = defaultMaxBytes, signal }: ReadOptions,
): Promise<StoredObject | 'unchanged' | undefined> {
  const etag = await etagToRead(file, { url, key }, held, maxBytes);
  if (etag === undefined) return undefined;
  if (etag === held) return 'unchanged';
  const { buffer, byteOffset, byteLength } = await file.readFile(signal && { signal });
  if (fileEtag(await file.stat({ bigint: true })) !== etag) {
    throw wasEdited(url, key);
  }
  return { body: new Uint8Array(buffer, byteOffset, byteLength), etag };
}

/**
 * The etag of an open file; undefined for a folder. Throws `storage` for a link, `too-large` unless it is the held one.
 */
async function etagToRead(
  file: FileHandle,
  { url, key }: Pick<Place, 'url' | 'key'>,
  held: string | undefined,
  maxBytes: number,
): Promise<string | undefined> {
  const stats = await file.stat({ bigint: true });
  if (stats.isDirectory()) return undefined;
  if (!stats.isFile()) throw isLink(url, key);
  const etag = fileEtag(stats);
  if (etag !== held && stats.size > maxBytes) throw tooLarge(url, key, maxBytes);
  return etag;
}

/** That the file was not what it was by the end of reading. */
function wasEdited(url: string, key: string): MusterError {
  return new MusterError(
    'storage',
    `${url}: ${key} was edited in place while it was read: replace it by renaming`,
  );
}

/** The key's file, opened; undefined if there is none. Throws (`storage`) for a symbolic link. */
async function openFile({ url, key }: Place, path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, plainFile);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    if (codeOf(error) === 'ELOOP') throw isLink(url, key);
    throw error;
  }
}

/** The key's file, piece by piece; `unchanged` where it has the etag that the caller holds. */
export async function openObject(
  place: Place,
  held: string | undefined,
  { maxBytes = defaultMaxBytes, signal }: ReadOptions,
): Promise<OpenedObject | 'unchanged' | undefined> {
  const path = await findPath(place);
  const file = path === undefined ? undefined : await openFile(place, path);
  if (file === undefined) return undefined;
  let chunks: AsyncIterable<Uint8Array> | undefined;
  try {
    const etag = await etagToRead(file, place, held, maxBytes);
    if (etag === undefined) return undefined;
    if (etag === held) return 'unchanged';
    chunks = checkedPieces(file, place, etag, signal);
    return { etag, chunks };
  } finally {
    if (chunks === undefined) await file.close();
  }
}

async function* checkedPieces(
  file: FileHandle,
  { url, key }: Place,
  etag: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, undefined> {
  const what = `reading ${key}`;
  try {
    checkSignal(signal, url, what);
    for await (const piece of readPieces(file)) {
      yield piece;
      checkSignal(signal, url, what);
    }
    if (fileEtag(await file.stat({ bigint: true })) !== etag) throw wasEdited(url, key);
    return undefined;
  } catch (error) {
    throw fileFailure(error, url, what, signal);
  } finally {
    await file.close();
  }
}

import type { FileHandle } from 'node:fs/promises';
import { checkSignal, tooLarge } from './failure.ts';
import { fileFailure } from './file-failure.ts';
import { findPath, isLink, type Place } from './file-place.ts';
import { openFile, wasEdited } from './file-read.ts';
import { fileEtag } from './file-temp.ts';
import { defaultMaxBytes, type OpenedObject, type ReadOptions } from './store.ts';

/** The key's file, piece by piece. */
export async function openObject(
  place: Place,
  { ifNoneMatch, maxBytes = defaultMaxBytes, signal }: ReadOptions,
): Promise<OpenedObject | 'unchanged' | undefined> {
  const { url, key } = place;
  const path = await findPath(place);
  const file = path === undefined ? undefined : await openFile(place, path);
  if (file === undefined) return undefined;
  let chunks: AsyncIterable<Uint8Array> | undefined;
  try {
    const stats = await file.stat({ bigint: true });
    if (stats.isDirectory()) return undefined;
    if (!stats.isFile()) throw isLink(url, key);
    const etag = fileEtag(stats);
    if (etag === ifNoneMatch) return 'unchanged';
    if (stats.size > maxBytes) throw tooLarge(url, key, maxBytes);
    chunks = readPieces(file, place, etag, signal);
    return { etag, chunks };
  } finally {
    if (chunks === undefined) await file.close();
  }
}

const pieceSize = 256 * 1024;

async function* readPieces(
  file: FileHandle,
  { url, key }: Place,
  etag: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, undefined> {
  const what = `reading ${key}`;
  try {
    for (;;) {
      checkSignal(signal, url, what);
      // New memory each time: who gets a piece may keep it.
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(pieceSize), 0, pieceSize);
      if (bytesRead === 0) break;
      yield buffer.subarray(0, bytesRead);
    }
    if (fileEtag(await file.stat({ bigint: true })) !== etag) throw wasEdited(url, key);
    return undefined;
  } catch (error) {
    throw fileFailure(error, url, what, signal);
  } finally {
    await file.close();
  }
}

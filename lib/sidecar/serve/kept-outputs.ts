import { type FileHandle, open, unlink } from 'node:fs/promises';
import { diskError } from '../../base/disk-errors.ts';
import { readPieces } from '../../base/files.ts';
import { headerLength, readGzipTime } from '../../kube-state/gzip-time.ts';
import type { OpenedObject } from '../../store/store.ts';

/** A copy of an object on disk, so that any number of readers share it and none holds it in memory. */
export interface KeptObject {
  readonly etag: string;
  /** Bytes. */
  readonly size: number;
  /** When its cluster was listed; `undefined` where it does not say so. */
  readonly listed: Date | undefined;
  /** Its bytes, in pieces. */
  readonly chunks: () => AsyncGenerator<Uint8Array, undefined>;
  /** Keeps it readable until the signal fires. */
  readonly holdUntil: (signal: AbortSignal) => void;
  /** Gives the disk space back, as soon as no reader holds it. */
  readonly drop: () => void;
}

/**
 * Copies an object into a new file which loses its name at once: it goes away with this process, however that ends.
 * Throws what the store throws and, kind `storage`, what the disk does; then nothing is left.
 */
export async function keepObject({ etag, chunks }: OpenedObject, path: string): Promise<KeptObject> {
  let file: FileHandle | undefined;
  try {
    const start: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of chunks) {
      file ??= await openUnnamed(path);
      if (size < headerLength) start.push(chunk);
      size += chunk.length;
      await file.writeFile(chunk);
    }
    file ??= await openUnnamed(path);
    return keptObject(file, { etag, size, listed: readGzipTime(Buffer.concat(start)) });
  } catch (error) {
    await file?.close();
    throw diskError(`keep a copy in ${path}`, error);
  }
}

async function openUnnamed(path: string): Promise<FileHandle> {
  const file = await open(path, 'wx+', 0o600);
  await unlink(path);
  return file;
}

function keptObject(file: FileHandle, facts: Pick<KeptObject, 'etag' | 'size' | 'listed'>): KeptObject {
  let holders = 0;
  let dropped = false;
  const closeIfUnused = () => {
    // Waits for a read that is on its way. Nothing was written that a failure could lose.
    if (dropped && holders === 0) file.close().catch(() => undefined);
  };
  return {
    ...facts,
    chunks: () => readPieces(file, 0, facts.size),
    holdUntil(signal) {
      if (signal.aborted) return;
      holders += 1;
      signal.addEventListener('abort', () => {
        holders -= 1;
        closeIfUnused();
      });
    },
    drop() {
      dropped = true;
      closeIfUnused();
    },
  };
}

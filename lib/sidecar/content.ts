import { createHash } from 'node:crypto';
import { isMusterError, MusterError } from '../errors.ts';
import { scanFileSd } from '../target/file-sd-scan.ts';
import type { FileSystem } from './files.ts';
import { filterShard, type Shard } from './shard.ts';

/** What an object holds for the disk: in memory, or in a file of its own. */
export type Content = { readonly bytes: Uint8Array } | { readonly path: string };

/** Checks an object while it comes, and says what of it goes to the disk. */
export interface Intake {
  readonly push: (piece: Uint8Array) => Uint8Array;
  /** What is left to write, and how many targets were written. */
  readonly end: () => { readonly rest: Uint8Array; readonly targets: number };
  /** Digest of all that was written. */
  readonly sha256: () => string;
}

/** Takes an object in, or of it the targets of a shard. Throws (kind `malformed`) with the key for one that is not sound. */
export function openIntake(key: string, shard: Shard | undefined): Intake {
  const filter = shard === undefined ? wholeFile() : filterShard(shard);
  const hash = createHash('sha256');
  return {
    push: (piece) =>
      named(key, () => {
        const kept = filter.push(piece);
        hash.update(kept);
        return kept;
      }),
    end: () =>
      named(key, () => {
        const end = filter.end();
        hash.update(end.rest);
        return end;
      }),
    sha256: () => hash.digest('hex'),
  };
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The digest of a file, whatever its size; `undefined` where there is none. Throws what the disk throws. */
export async function digestOfFile(files: FileSystem, path: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  const found = await files.readPieces(path, (piece) => hash.update(piece));
  return found ? hash.digest('hex') : undefined;
}

function wholeFile(): Pick<Intake, 'push' | 'end'> {
  const scan = scanFileSd();
  return {
    push(piece) {
      scan.push(piece);
      return piece;
    },
    end: () => ({ rest: new Uint8Array(), targets: scan.end() }),
  };
}

function named<T>(key: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!isMusterError(cause, 'malformed')) throw cause;
    throw new MusterError('malformed', `${key} is ${cause.message}; its last good file stays`, { cause });
  }
}

import { createHash } from 'node:crypto';
import { isMusterError, MusterError } from '../../base/errors.ts';
import { readVersionMark, type VersionMark, versionLabel } from '../../targets/file-sd.ts';
import { scanFileSd } from '../../targets/file-sd-reader.ts';
import type { FileSystem } from './files.ts';
import { filterShard, type Shard, type ShardFilter } from './shard.ts';

/** What an object holds for the disk: in memory, or in a file of its own. */
export type Content = { readonly bytes: Uint8Array } | { readonly path: string };

/** Checks an object while it comes, and says what of it goes to the disk. */
export interface Intake {
  readonly push: (piece: Uint8Array) => Uint8Array;
  /** What is left to write. */
  readonly end: () => TakenIn & { readonly rest: Uint8Array };
}

/** What an object was, once it has come as a whole. */
export interface TakenIn {
  /** Targets that were written. */
  readonly targets: number;
  /** Targets of the whole object. */
  readonly total: number;
  /** The version that stands in the object. */
  readonly mark: VersionMark | undefined;
  /** Digest of all that was written. */
  readonly sha256: string;
  /** Of all that came. */
  readonly arrived: { readonly sha256: string; readonly size: number };
}

/** Takes an object in, or of it the targets of a shard. Throws (kind `malformed`) with the key for one that is not sound. */
export function openIntake(key: string, shard: Shard | undefined): Intake {
  const filter = shard === undefined ? wholeFile() : filterShard(shard);
  const written = createHash('sha256');
  const arrived = createHash('sha256');
  let size = 0;
  let beginning: Uint8Array = new Uint8Array();
  return {
    push: (piece) =>
      named(key, () => {
        const kept = filter.push(piece);
        written.update(kept);
        if (shard !== undefined) arrived.update(piece);
        size += piece.length;
        if (beginning.length < markBytes)
          beginning = Buffer.concat([beginning, piece]).subarray(0, markBytes);
        return kept;
      }),
    end: () =>
      named(key, () => {
        const { rest, targets, total } = filter.end();
        const sha256 = written.update(rest).digest('hex');
        return {
          ...{ rest, targets, total, sha256 },
          mark: readVersionMark(beginning),
          arrived: { size, sha256: shard === undefined ? sha256 : arrived.digest('hex') },
        };
      }),
  };
}

/** What a file on disk says without the state: its version and its targets; undefined where it is not file_sd JSON. */
export async function lookInto(
  files: FileSystem,
  path: string,
): Promise<{ readonly mark: VersionMark | undefined; readonly targets: number } | undefined> {
  const intake = openIntake(path, undefined);
  try {
    await files.readPieces(path, (piece) => intake.push(piece));
    const { mark, targets } = intake.end();
    return { mark, targets };
  } catch (error) {
    if (isMusterError(error, 'malformed')) return undefined;
    throw error;
  }
}

/** A file that holds nothing but a version, to stand before the parts of a list. */
export function markFile({ store, version }: VersionMark): Uint8Array {
  return Buffer.from(JSON.stringify([{ targets: [], labels: { [versionLabel]: `${store}/${version}` } }]));
}

const markBytes = 256;

/** The digest of these bytes in hexadecimal digits. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The digest of a file, whatever its size; `undefined` where there is none. Throws what the disk throws. */
export async function digestOfFile(files: FileSystem, path: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  const found = await files.readPieces(path, (piece) => hash.update(piece));
  return found ? hash.digest('hex') : undefined;
}

function wholeFile(): ShardFilter {
  const scan = scanFileSd();
  return {
    push(piece) {
      scan.push(piece);
      return piece;
    },
    end() {
      const targets = scan.end();
      return { rest: new Uint8Array(), targets, total: targets };
    },
  };
}

function named<T>(key: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!isMusterError(cause, 'malformed')) throw cause;
    throw new MusterError('malformed', `${key} is ${cause.message}`, { cause });
  }
}

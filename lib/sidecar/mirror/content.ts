import { createHash } from 'node:crypto';
import { isMusterError, MusterError } from '../../base/errors.ts';
import { readVersionMark, type VersionMark, versionLabel } from '../../targets/file-sd.ts';
import { readFileSd } from '../../targets/file-sd-reader.ts';
import type { FileSystem } from './files.ts';
import { filterShard, type Shard, type ShardFilter } from './shard.ts';

/** The content that goes to disk: in memory, or in a temporary file. */
export type Content = { readonly bytes: Uint8Array } | { readonly path: string };

/** Checks an object while it arrives, and returns the bytes that go to disk. */
export interface Intake {
  readonly push: (piece: Uint8Array) => Uint8Array;
  /** The bytes that are left to write, and the result. Throws like `push` when the object is incomplete. */
  readonly end: () => IntakeResult & { readonly rest: Uint8Array };
}

/** What is known about an object after all of it has arrived. */
export interface IntakeResult {
  /** Targets that were written. */
  readonly targets: number;
  /** Targets of the whole object. */
  readonly total: number;
  /** The version that the object names. */
  readonly mark: VersionMark | undefined;
  /** Digest of the bytes that were written. */
  readonly sha256: string;
  /** Digest and size in bytes of the whole object. */
  readonly arrived: { readonly sha256: string; readonly size: number };
}

/**
 * Opens the intake of an object, or of the targets of a shard in it. `push` and `end` throw `malformed` with the key.
 */
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

/**
 * The version and the number of targets of a file on disk; undefined if it is not file_sd JSON. Throws what the disk
 * throws.
 */
export async function listingOfFile(
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

/** A file that holds only a version; it is the first part of a joined list. */
export function markFile({ store, version }: VersionMark): Uint8Array {
  return Buffer.from(JSON.stringify([{ targets: [], labels: { [versionLabel]: `${store}/${version}` } }]));
}

/** Bytes at the beginning of an object that hold its version. */
const markBytes = 256;

/** The digest of these bytes in hexadecimal digits. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The digest of a file of any size; `undefined` if there is none. Throws what the disk throws. */
export async function digestOfFile(files: FileSystem, path: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  const found = await files.readPieces(path, (piece) => hash.update(piece));
  return found ? hash.digest('hex') : undefined;
}

function wholeFile(): ShardFilter {
  let targets = 0;
  const reader = readFileSd((group) => {
    targets += group.targets.length;
  });
  return {
    push(piece) {
      reader.push(piece);
      return piece;
    },
    end() {
      reader.end();
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

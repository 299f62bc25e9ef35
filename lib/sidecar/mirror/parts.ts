import { createHash } from 'node:crypto';
import type { Limit } from '../../base/concurrency.ts';
import { isMusterError } from '../../base/errors.ts';
import type { Manifest, Part } from '../../cycle/manifest.ts';
import { joinFileSd } from '../../targets/file-sd.ts';
import { type ProviderId, parsePartName, partKey } from '../../targets/keys.ts';
import { type Content, digestOfFile, markFile, sha256Of } from './content.ts';
import { type DownloadInput, discard, download, longestHeld } from './fetch.ts';
import { joinFiles } from './file-list.ts';
import type { TargetFolder } from './folder.ts';
import type { Rejection } from './plan.ts';
import type { OwnedPart } from './state.ts';

/** A list in parts, checked and joined to one file. */
export interface JoinedList {
  readonly content: Content;
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  /** Targets in it: all, or those of the shard. */
  readonly targets: number;
  readonly parts: readonly OwnedPart[];
}

/** The parts of a list, and those that are on disk already. */
export interface JoinInput extends Omit<DownloadInput, 'large' | 'ifNoneMatch'> {
  readonly limit: Limit;
  readonly id: ProviderId;
  /** Key of the manifest. */
  readonly key: string;
  readonly manifest: Manifest;
  /** Parts of the file on disk, which are not fetched again. */
  readonly held: readonly OwnedPart[];
}

/** Whether the list is too large to be held in memory. */
export function isLargeList({ parts }: Manifest): boolean {
  return parts.reduce((sum, { size, unpacked = size }) => sum + unpacked, 0) > longestHeld;
}

/**
 * Takes each part of a list, in their order; after one bad part the others make no list, and its rejection is returned.
 * Throws what `take` throws, once none is under way.
 */
export async function takeParts<T extends object>(
  { manifest, limit }: Pick<JoinInput, 'manifest' | 'limit'>,
  take: (part: Part) => Promise<T | Rejection>,
): Promise<readonly T[] | Rejection> {
  let broken: Rejection | undefined;
  const taken: T[] = [];
  const ended = await Promise.allSettled(
    manifest.parts.map((part, index) =>
      limit(async () => {
        if (broken !== undefined) return;
        const result = await take(part);
        if ('reason' in result) broken = result;
        else taken[index] = result;
      }),
    ),
  );
  for (const result of ended) if (result.status === 'rejected') throw result.reason;
  return broken ?? taken;
}

/**
 * Joins a list whose parts are file_sd files, as they were once. Fetches the parts that are not on disk yet, keeps them
 * there, and joins all parts into one file that begins with its version. A part never changes, and stays in the bucket
 * for an hour after it has left the manifest, so that a reader gets one whole version while new ones are published.
 * Returns a rejection when a part is missing or wrong. Throws what store and disk throw.
 */
export async function joinList(input: JoinInput): Promise<JoinedList | Rejection> {
  const { folder, manifest } = input;
  const large = isLargeList(manifest);
  const parts = await takeParts(input, (part) => takePart(input, part, large));
  if ('reason' in parts) return parts;
  const owned = parts.map(({ bytes: _, ...part }) => part);
  const joined = large ? await joinOnDisk(folder, manifest, owned) : joinInMemory(manifest, parts, owned);
  return { ...joined, targets: owned.reduce((sum, part) => sum + part.targets, 0) };
}

interface TakenPart extends OwnedPart {
  /** Undefined for a large list: its parts are only on disk. */
  readonly bytes: Uint8Array | undefined;
}

async function takePart(input: JoinInput, part: Part, large: boolean): Promise<TakenPart | Rejection> {
  const { folder, held } = input;
  const owned = held.find(({ name }) => name === part.name);
  if (owned !== undefined) {
    const path = folder.partAt(owned.sha256);
    if (large && (await digestOfFile(folder.files, path)) === owned.sha256)
      return { ...owned, bytes: undefined };
    const bytes = large ? undefined : await folder.files.read(path);
    if (bytes !== undefined && sha256Of(bytes) === owned.sha256) return { ...owned, bytes };
  }
  return fetchPart(input, part, large);
}

async function fetchPart(input: JoinInput, part: Part, large: boolean): Promise<TakenPart | Rejection> {
  const { folder, id, key, manifest } = input;
  const requested = { key: partKey(id, part.name), size: part.size, encoding: part.encoding };
  const found = await download({ ...input, large }, requested).catch((error: unknown) => {
    // A part's name holds its digest, so a malformed part was damaged on the way: the next fetch may succeed.
    if (isMusterError(error, 'malformed')) return { key, reason: 'invalid', message: error.message } as const;
    throw error;
  });
  if (found !== undefined && found !== 'unchanged' && 'reason' in found) return found;
  if (found === undefined || found === 'unchanged') {
    const message = `${key} names version ${manifest.version}, but its part ${part.name} is missing; it is fetched again`;
    return { key, reason: 'incomplete', message };
  }
  const { sha256, targets, total, content, arrived } = found;
  const isRight =
    arrived.sha256 === parsePartName(part.name)?.digest &&
    arrived.size === part.size &&
    total === part.targets;
  if (!isRight) {
    await discard(folder, content);
    const message = `${requested.key} does not match its name and ${key}: ${arrived.size} bytes, ${total} targets, sha256 ${arrived.sha256.slice(0, 12)}…`;
    return { key, reason: 'digest', message };
  }
  await folder.keepPart(sha256, 'path' in content ? content.path : content.bytes);
  const bytes = 'bytes' in content ? content.bytes : undefined;
  return { name: part.name, sha256, targets, total, bytes };
}

type Joined = Omit<JoinedList, 'targets'>;

function joinInMemory(mark: Manifest, parts: readonly TakenPart[], owned: readonly OwnedPart[]): Joined {
  const bytes = joinFileSd([markFile(mark), ...parts.flatMap(({ bytes: part }) => part ?? [])]);
  return { content: { bytes }, sha256: sha256Of(bytes), size: bytes.byteLength, parts: owned };
}

async function joinOnDisk(
  folder: TargetFolder,
  mark: Manifest,
  parts: readonly OwnedPart[],
): Promise<Joined> {
  const hash = createHash('sha256');
  let size = 0;
  const first = await folder.stage(markFile(mark));
  const paths = [first, ...parts.map(({ sha256 }) => folder.partAt(sha256))];
  const pieces = async function* (): AsyncGenerator<Uint8Array, undefined> {
    for await (const piece of joinFiles(paths)) {
      hash.update(piece);
      size += piece.length;
      yield piece;
    }
    return undefined;
  };
  try {
    const path = await folder.stage(pieces());
    return { content: { path }, sha256: hash.digest('hex'), size, parts };
  } finally {
    await discard(folder, { path: first });
  }
}

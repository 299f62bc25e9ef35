import { isMusterError, type MusterError } from '../errors.ts';
import { DigestMismatch } from '../store/failure.ts';
import { joinFileSd } from '../target/file-sd.ts';
import { digestOfFile, sha256Of } from './content.ts';
import { discardParts, type FetchedPart, fetchParts, isLarge } from './fetch.ts';
import { joinFiles } from './file-list.ts';
import type { FileFacts } from './files.ts';
import type { TargetFolder } from './folder.ts';
import type { Rejection, WantedFile } from './plan.ts';
import type { RoundState } from './round.ts';
import type { OwnedFile } from './state.ts';

/** New content of a file, checked and on disk under a temporary name. */
export interface PreparedFile {
  readonly path: string;
  readonly segment: string;
  readonly file: OwnedFile;
  /** Full path of the temporary file. */
  readonly staged: string;
}

/**
 * Fetches and checks what a file is made of and writes it to a temporary name; `undefined` when the file is right
 * as it is or its objects are rejected, which is noted. Throws what the store and the disk throw.
 */
export async function prepareFile(round: RoundState, wanted: WantedFile): Promise<PreparedFile | undefined> {
  const { folder } = round;
  const found = await look(folder, wanted);
  const owned = folder.owned.get(wanted.path);
  const intact = owned !== undefined && (await isIntact(folder, wanted.path, owned, found.file));
  if (intact && hasEtags(owned, wanted)) {
    folder.refused.delete(wanted.path);
    return undefined;
  }
  const rejection = found.obstacle ?? rejectBefore(round, wanted);
  if (rejection !== undefined) {
    round.rejections.push(rejection);
    return undefined;
  }
  const parts = await fetchOrReject(round, wanted, intact);
  if (parts === undefined) return undefined;
  return isLarge(wanted) ? stageLarge(folder, wanted, parts) : stageFile(folder, wanted, parts);
}

interface Found {
  readonly file: FileFacts | undefined;
  readonly obstacle: Rejection | undefined;
}

/** A symbolic link as job folder would lead the mirror out of its own folder. */
async function look({ files, at }: TargetFolder, { path, segment, parts }: WantedFile): Promise<Found> {
  const job = await files.facts(at(segment));
  const file = job?.kind === 'folder' ? await files.facts(at(path)) : undefined;
  const blocked = (where: string, what: string): Rejection => ({
    key: parts[0]?.key ?? '',
    reason: 'blocked',
    message: `${at(where)} is ${what}; remove it, so that the mirror can write there`,
  });
  if (job !== undefined && job.kind !== 'folder') {
    return { file: undefined, obstacle: blocked(segment, 'not a real folder') };
  }
  return { file, obstacle: file?.kind === 'folder' ? blocked(path, 'a folder') : undefined };
}

/** Whether the visible file is what we wrote; after a crash or a restored backup its content decides. */
async function isIntact(
  folder: TargetFolder,
  path: string,
  owned: OwnedFile,
  file: FileFacts | undefined,
): Promise<boolean> {
  const { facts } = owned;
  if (file === undefined) return false;
  if (facts !== undefined && sameFacts(facts, file)) return true;
  return adopt(folder, path, owned, file);
}

/**
 * Takes a file that is there already for ours, if it has the very content and nobody else holds it by a link.
 * The size comes first: a stranger of many gigabytes is not to be read.
 */
async function adopt(
  folder: TargetFolder,
  path: string,
  wanted: OwnedFile,
  file: FileFacts | undefined,
): Promise<boolean> {
  if (file?.kind !== 'file' || file.links !== 1 || file.size !== wanted.size) return false;
  if ((await digestOfFile(folder.files, folder.at(path))) !== wanted.sha256) return false;
  folder.own(path, { ...wanted, facts: { ...file, kind: 'file' } });
  return true;
}

function sameFacts(a: FileFacts, b: FileFacts): boolean {
  return (
    a.kind === b.kind &&
    a.size === b.size &&
    a.inode === b.inode &&
    a.links === b.links &&
    a.modified === b.modified &&
    a.changed === b.changed
  );
}

function hasEtags(owned: OwnedFile, wanted: WantedFile): boolean {
  return etags(owned.parts) === etags(wanted.parts);
}

function etags(parts: readonly { readonly key: string; readonly etag: string }[]): string {
  return JSON.stringify(parts.map(({ key, etag }) => [key, etag]));
}

function rejectBefore(
  { folder, maxObjectBytes }: RoundState,
  { path, parts }: WantedFile,
): Rejection | undefined {
  const large = parts.find(({ size }) => size > maxObjectBytes);
  if (large !== undefined) {
    const message = `${large.key} has ${large.size} bytes, the limit is ${maxObjectBytes}; its last good file stays, raise the limit or split the provider`;
    return { key: large.key, reason: 'too-large', message };
  }
  const refused = folder.refused.get(path);
  return refused?.etags === etags(parts) ? refused.rejection : undefined;
}

async function fetchOrReject(
  round: RoundState,
  wanted: WantedFile,
  intact: boolean,
): Promise<readonly FetchedPart[] | undefined> {
  const onBytes = (count: number) => {
    round.bytes += count;
  };
  try {
    const parts = await fetchParts({ ...round, wanted, intact, onBytes });
    round.folder.refused.delete(wanted.path);
    return parts;
  } catch (error) {
    if (error instanceof DigestMismatch) {
      round.rejections.push(rejectionOf(wanted, 'digest', error));
      return undefined;
    }
    if (!isMusterError(error, 'malformed') && !isMusterError(error, 'too-large')) throw error;
    const rejection = rejectionOf(wanted, error.kind === 'too-large' ? 'too-large' : 'invalid', error);
    round.rejections.push(rejection);
    round.folder.refused.set(wanted.path, { etags: etags(wanted.parts), rejection });
    return undefined;
  }
}

function rejectionOf(
  { parts }: WantedFile,
  reason: Rejection['reason'],
  { message }: MusterError,
): Rejection {
  return { key: parts[0]?.key ?? '', reason, message };
}

async function stageFile(
  folder: TargetFolder,
  { path, segment, sharded }: WantedFile,
  parts: readonly FetchedPart[],
): Promise<PreparedFile | undefined> {
  if (sharded) await keepFresh(folder, parts);
  const bodies = parts.flatMap(({ content }) => ('bytes' in content ? [content.bytes] : []));
  const [only] = bodies;
  const content = sharded || only === undefined ? joinFileSd(bodies) : only;
  const file = ownedFile(sha256Of(content), content.byteLength, parts);
  if (await adopt(folder, path, file, await folder.files.facts(folder.at(path)))) return undefined;
  return { path, segment, file, staged: await folder.stage(content) };
}

/** The same with no more than a piece in memory. */
async function stageLarge(
  folder: TargetFolder,
  { path, segment, sharded }: WantedFile,
  parts: readonly FetchedPart[],
): Promise<PreparedFile | undefined> {
  const [only] = parts;
  if (sharded) await keepFresh(folder, parts);
  const ready = !sharded && only?.fresh === true && 'path' in only.content ? only.content.path : undefined;
  const staged = ready ?? (await folder.stage(joinFiles(parts.map((part) => pathOf(folder, part)))));
  const joined = ready === undefined ? await digestOfFile(folder.files, staged) : only?.sha256;
  const sha256 = joined ?? '';
  const size = (await folder.files.facts(staged))?.size ?? 0;
  const file = ownedFile(sha256, size, parts);
  if (!(await adopt(folder, path, file, await folder.files.facts(folder.at(path)))))
    return { path, segment, file, staged };
  await folder.files.remove(staged);
  return undefined;
}

/** Where the disk has a part of a large file, once fresh shards are kept. */
function pathOf(folder: TargetFolder, { sha256, content, fresh }: FetchedPart): string {
  return 'path' in content && !fresh ? content.path : folder.partAt(sha256);
}

function ownedFile(sha256: string, size: number, parts: readonly FetchedPart[]): OwnedFile {
  return {
    sha256,
    size,
    parts: parts.map(({ key, etag, sha256: digest, targets }) => ({ key, etag, sha256: digest, targets })),
  };
}

async function keepFresh(folder: TargetFolder, parts: readonly FetchedPart[]): Promise<void> {
  const fresh = parts.filter((part) => part.fresh);
  for (const [index, { sha256, content }] of fresh.entries()) {
    try {
      await folder.keepPart(sha256, 'path' in content ? content.path : content.bytes);
    } catch (error) {
      await discardParts(folder, fresh.slice(index));
      throw error;
    }
  }
}

import { isMusterError, type MusterError } from '../errors.ts';
import { DigestMismatch } from '../store/failure.ts';
import { joinFileSd } from '../target/file-sd.ts';
import { type FetchedPart, fetchParts, sha256Of } from './fetch.ts';
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
  return parts === undefined ? undefined : stageFile(folder, wanted, parts);
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
  const bytes = await folder.files.read(folder.at(path));
  if (bytes === undefined || sha256Of(bytes) !== wanted.sha256) return false;
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
  const content = contentOf(parts, sharded);
  const file: OwnedFile = {
    sha256: sha256Of(content),
    size: content.byteLength,
    parts: parts.map(({ key, etag, sha256, targets }) => ({ key, etag, sha256, targets })),
  };
  if (await adopt(folder, path, file, await folder.files.facts(folder.at(path)))) return undefined;
  return { path, segment, file, staged: await folder.stage(content) };
}

function contentOf(parts: readonly FetchedPart[], sharded: boolean): Uint8Array {
  const [only] = parts;
  return sharded || only === undefined ? joinFileSd(parts.map(({ body }) => body)) : only.body;
}

async function keepFresh(folder: TargetFolder, parts: readonly FetchedPart[]): Promise<void> {
  for (const { fresh, sha256, body } of parts) if (fresh) await folder.keepPart(sha256, body);
}

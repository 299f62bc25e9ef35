import { isMusterError, type MusterError } from '../../base/errors.ts';
import { joinBlocks } from './blocks.ts';
import { admit, type Candidate, isLater, type Listing, readCandidate, whyUnconfirmed } from './candidates.ts';
import { type Content, digestOfFile, listingOfFile } from './content.ts';
import { discard } from './fetch.ts';
import type { FileFacts } from './files.ts';
import type { TargetFolder } from './folder.ts';
import { isLargeList, joinList } from './parts.ts';
import type { Rejection, WantedFile } from './plan.ts';
import type { RoundState } from './round.ts';
import type { OwnedFile, SourceObject } from './state.ts';

/** The new content of a file, checked and on disk under a temporary name. */
export interface PreparedFile {
  readonly path: string;
  readonly file: OwnedFile;
  /** Full path of the temporary file. */
  readonly staged: string;
}

/**
 * Fetches and checks the content of a file and writes it to a temporary name. `undefined` when the file is right as it
 * is, or when its object is rejected, which is noted in the round; `later` when the content is large and the lane is
 * `small`. Throws what the store and the disk throw.
 */
export async function prepareFile(
  round: RoundState,
  wanted: WantedFile,
  lane: 'small' | 'large',
): Promise<PreparedFile | 'later' | undefined> {
  const { folder } = round;
  const { path } = wanted;
  const found = await look(round, wanted);
  const owned = folder.owned.get(path);
  const intact = owned !== undefined && (await isIntact(folder, path, owned, found.file));
  const held = intact ? folder.owned.get(path) : undefined;
  if (intact) round.sound.add(path);
  if (isUpToDate(folder, wanted, held)) {
    folder.refused.delete(path);
    return undefined;
  }
  const rejection =
    found.obstacle ?? rejectLarge(round, wanted) ?? (await rejectAgain(round, wanted, found.file));
  if (rejection !== undefined) return reject(round, path, rejection);
  const candidate = await readCandidate(round, wanted, held);
  if (candidate === undefined) return undefined;
  if (candidate.form === 'unread')
    return reject(round, path, rejectionOf(folder, wanted, candidate.key, candidate.error));
  try {
    if (lane === 'small' && candidate.form === 'manifest' && isLargeList(candidate.manifest)) return 'later';
    const result = await prepareCandidate(round, { wanted, candidate, held, facts: found.file });
    if (result !== undefined && 'reason' in result) return reject(round, path, result);
    folder.refused.delete(path);
    folder.settled.set(path, objectsOf(wanted));
    return result;
  } catch (error) {
    return reject(round, path, rejectionOf(folder, wanted, candidate.source.key, error));
  }
}

function reject(round: RoundState, path: string, rejection: Rejection): undefined {
  round.failures.set(path, rejection.message);
  const effect = round.sound.has(path)
    ? 'its last good file stays'
    : 'there is no good file for it, and its job is not served';
  round.rejections.push({ ...rejection, message: `${rejection.message}; ${effect}` });
  return undefined;
}

/** The facts for the decision about an object. */
interface Case {
  readonly wanted: WantedFile;
  readonly candidate: Candidate;
  /** The file on disk, where it is what the mirror wrote. */
  readonly held: OwnedFile | undefined;
  readonly facts: FileFacts | undefined;
}

async function prepareCandidate(round: RoundState, one: Case): Promise<PreparedFile | Rejection | undefined> {
  const { folder } = round;
  const { wanted, candidate, held } = one;
  const { path } = wanted;
  if (candidate.form === 'held') return undefined;
  const { source, mark } = candidate;
  const known = folder.owned.get(path)?.source;
  const isSameWrite = known?.key === source.key && known.etag === source.etag;
  const targets = candidate.form === 'file' ? candidate.fetched.total : candidate.manifest.targets;
  const onDisk = isSameWrite || isOtherShard(held, mark, targets) ? undefined : await readListing(round, one);
  const admission = admit({ mark, targets }, onDisk, round.acceptOlder);
  if (admission === 'older') {
    if (candidate.form === 'file') await discard(folder, candidate.fetched.content);
    const message = `${source.key} holds version ${mark?.version}, older than version ${onDisk?.mark?.version} of the file on disk; if the store was restored on purpose, run "muster sync --once --accept-older"`;
    return refuse(folder, wanted, { key: source.key, reason: 'older', message });
  }
  const made = await makeFile(round, wanted, candidate, held);
  if ('reason' in made) return made;
  const { file, content } = made;
  if (await adopt(folder, path, file, await folder.files.facts(folder.listAt(path)))) {
    await discard(folder, content);
    round.sound.add(path);
    return undefined;
  }
  const why =
    admission === 'confirm' ? await whyUnconfirmed(round.store, wanted, source, round.signal) : undefined;
  if (why !== undefined) {
    await discard(folder, content);
    const message = `${source.key} ${describe(mark, targets, onDisk)} and is not mirrored: ${why}`;
    return refuse(folder, wanted, { key: source.key, reason: 'unconfirmed', message }, source);
  }
  return {
    path,
    file,
    staged: 'path' in content ? content.path : await folder.stage(content.bytes),
  };
}

/** Whether the file holds the same version of the list, with the targets of another shard. */
function isOtherShard(held: OwnedFile | undefined, mark: Listing['mark'], targets: number): boolean {
  if (held === undefined || held.source !== undefined || held.total !== targets) return false;
  return mark !== undefined && held.mark?.store === mark.store && held.mark.version === mark.version;
}

function describe(mark: Listing['mark'], targets: number, onDisk: Listing | undefined): string {
  const counts = `holds ${targets} targets instead of ${onDisk?.targets ?? 0}`;
  if (mark === undefined && onDisk?.mark !== undefined) return `${counts}, does not name its version`;
  if (isLater(mark, onDisk?.mark) === false) return `${counts}, differs from what its version was`;
  return counts;
}

interface MadeFile {
  readonly file: OwnedFile;
  readonly content: Content;
}

async function makeFile(
  round: RoundState,
  wanted: WantedFile,
  candidate: Exclude<Candidate, { form: 'held' }>,
  held: OwnedFile | undefined,
): Promise<MadeFile | Rejection> {
  const { source, mark } = candidate;
  if (candidate.form === 'file') {
    const { content, sha256, targets, total } = candidate.fetched;
    const size = 'bytes' in content ? content.bytes.byteLength : await sizeOf(round.folder, content.path);
    return { content, file: { sha256, size, source, mark, targets, total, parts: [] } };
  }
  const { manifest } = candidate;
  const onBytes = (count: number) => {
    round.bytes += count;
  };
  // The parts on disk can be used even when the file is damaged.
  const parts = (held ?? round.folder.owned.get(wanted.path))?.parts ?? [];
  const join = manifest.form === 'groups' ? joinBlocks : joinList;
  const joined = await join({ ...round, onBytes, id: wanted, key: source.key, manifest, held: parts });
  if ('reason' in joined) return joined;
  const { content, sha256, size, targets } = joined;
  return {
    content,
    file: { sha256, size, source, mark, targets, total: manifest.targets, parts: joined.parts },
  };
}

async function sizeOf({ files }: TargetFolder, path: string): Promise<number> {
  return (await files.facts(path))?.size ?? 0;
}

/**
 * The list on disk. Where the file is not what the state says, as after a crash, its content decides, and the higher of
 * both versions counts. `undefined` if there is no file, or where it is not a list.
 */
async function readListing(round: RoundState, { wanted, held, facts }: Case): Promise<Listing | undefined> {
  const { folder, maxObjectBytes } = round;
  if (held !== undefined) return { mark: held.mark, targets: held.total };
  if (facts?.kind !== 'file') return undefined;
  const owned = folder.owned.get(wanted.path);
  const known = owned?.facts === undefined ? undefined : { mark: owned.mark, targets: owned.total };
  const other = folder.foldsCase ? ownerOf(folder, wanted.path) : undefined;
  if (other !== undefined) return { mark: undefined, targets: other.total };
  const found =
    facts.size > maxObjectBytes ? undefined : await listingOfFile(folder.files, folder.listAt(wanted.path));
  if (known === undefined || found === undefined) return known ?? found;
  return isLater(known.mark, found.mark) === false ? found : known;
}

/** The file of the mirror whose path differs from this one only in case. */
function ownerOf({ owned }: TargetFolder, path: string): OwnedFile | undefined {
  return [...owned].find(([other]) => other !== path && other.toLowerCase() === path.toLowerCase())?.[1];
}

interface Found {
  readonly file: FileFacts | undefined;
  readonly obstacle: Rejection | undefined;
}

/** Looks at the path of a file. A symbolic link as job folder would lead the mirror out of its own folder. */
async function look({ folder, homes }: RoundState, { path, segment, objects }: WantedFile): Promise<Found> {
  const { files, at, listAt } = folder;
  const job = homes.get(segment) ?? (await files.facts(at(segment)));
  if (job?.kind === 'folder') homes.set(segment, job);
  const isApart = listAt(path) !== at(path);
  const file = isApart || job?.kind === 'folder' ? await files.facts(listAt(path)) : undefined;
  const blocked = (where: string, what: string): Rejection => ({
    key: objects[0]?.key ?? '',
    reason: 'blocked',
    message: `${at(where)} is ${what}: remove it, so that the mirror can write there`,
  });
  if (job !== undefined && job.kind !== 'folder') {
    return { file: undefined, obstacle: blocked(segment, 'not a real folder') };
  }
  return { file, obstacle: file?.kind === 'folder' ? blocked(path, 'a folder') : undefined };
}

/** Whether the file on disk is what the mirror wrote; after a crash or a restored backup its content decides. */
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
 * Records a file that exists already as the mirror's, if its content is right and no other link leads to it. Compares
 * the size first: a foreign file of many gigabytes is not read. Throws what the disk throws.
 */
export async function adopt(
  folder: TargetFolder,
  path: string,
  wanted: OwnedFile,
  file: FileFacts | undefined,
): Promise<boolean> {
  if (file?.kind !== 'file' || file.links !== 1 || file.size !== wanted.size) return false;
  if ((await digestOfFile(folder.files, folder.listAt(path))) !== wanted.sha256) return false;
  folder.own(path, { ...wanted, facts: { ...file, kind: 'file' } });
  return true;
}

/** Whether a file is unchanged: equal size, inode, links and times. */
export function sameFacts(a: FileFacts, b: FileFacts): boolean {
  return (
    a.kind === b.kind &&
    a.size === b.size &&
    a.inode === b.inode &&
    a.links === b.links &&
    a.modified === b.modified &&
    a.changed === b.changed
  );
}

function isUpToDate(folder: TargetFolder, wanted: WantedFile, held: OwnedFile | undefined): boolean {
  const source = held?.source;
  const isListed = wanted.objects.some(({ key, etag }) => key === source?.key && etag === source.etag);
  return isListed && (wanted.objects.length === 1 || folder.settled.get(wanted.path) === objectsOf(wanted));
}

function objectsOf({ objects }: WantedFile): string {
  return JSON.stringify(objects.map(({ key, etag }) => [key, etag]));
}

function rejectLarge({ maxObjectBytes }: RoundState, { objects }: WantedFile): Rejection | undefined {
  const large = objects.find(({ size }) => size > maxObjectBytes);
  if (large === undefined) return undefined;
  const message = `${large.key} has ${large.size} bytes, the limit is ${maxObjectBytes}: raise the limit or split the provider`;
  return { key: large.key, reason: 'too-large', message };
}

/** Rejects an object that was fetched and refused before, unless the provider's status names it by now. */
async function rejectAgain(
  { folder, store, signal, acceptOlder }: RoundState,
  wanted: WantedFile,
  file: FileFacts | undefined,
): Promise<Rejection | undefined> {
  const refused = folder.refused.get(wanted.path);
  if (refused?.objects !== objectsOf(wanted)) return undefined;
  const { reason } = refused.rejection;
  // Without a file on disk there is nothing to compare with any more.
  if (reason === 'older' && (acceptOlder || file === undefined)) return undefined;
  if (reason === 'unconfirmed' && file === undefined) return undefined;
  if (refused.unconfirmed === undefined) return refused.rejection;
  const why = await whyUnconfirmed(store, wanted, refused.unconfirmed, signal);
  return why === undefined ? undefined : refused.rejection;
}

function refuse(
  folder: TargetFolder,
  wanted: WantedFile,
  rejection: Rejection,
  unconfirmed?: SourceObject,
): Rejection {
  const objects = objectsOf(wanted);
  folder.refused.set(wanted.path, { objects, rejection, unconfirmed });
  return rejection;
}

/** The rejection for an error of the object with this key. Throws other errors again. */
function rejectionOf(folder: TargetFolder, wanted: WantedFile, key: string, error: unknown): Rejection {
  // Damaged at rest or on the way: it is fetched again.
  if (isMusterError(error) && error.code === 'digest-mismatch')
    return { key, reason: 'digest', message: error.message };
  const reason = reasons.find(([kind]) => isMusterError(error, kind))?.[1];
  if (reason === undefined || !isMusterError(error)) throw error;
  return refuse(folder, wanted, { key, reason, message: error.message });
}

const reasons = [
  ['malformed', 'invalid'],
  ['too-large', 'too-large'],
  ['newer', 'newer'],
] as const satisfies readonly (readonly [MusterError['kind'], Rejection['reason']])[];

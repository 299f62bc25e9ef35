import { createHash, randomUUID } from 'node:crypto';
import { type BigIntStats, lstatSync, mkdirSync, renameSync, rmdirSync, unlinkSync } from 'node:fs';
import { type FileHandle, lstat, open, readdir, realpath, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { isAbsent } from '../../base/disk-errors.ts';
import { codeOf, MusterError } from '../../base/errors.ts';
import { checkCondition, checkRemoval } from '../errors.ts';
import type { Body, PutCondition } from '../store.ts';

/** Where a key's file lies: below `root`, which is a real path. `url` is the store's, for messages. */
export interface Place {
  readonly url: string;
  readonly root: string;
  readonly key: string;
}

/** The path of the key's file when its folder is there; throws (`storage`) when a symbolic link is on the way. */
export async function findPath({ url, root, key }: Place): Promise<string | undefined> {
  const path = join(root, key);
  try {
    if ((await realpath(dirname(path))) !== dirname(path)) throw isLink(url, key);
    return path;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/**
 * Puts the written file in its place if the condition holds. Runs under the lock, so it is synchronous and touches a
 * handful of entries. Returns the folders that `syncFolders` has to make survive a crash of the machine.
 */
export function replaceFile(place: Place, written: WrittenFile, condition: PutCondition): readonly string[] {
  const path = join(place.root, place.key);
  const missing = missingFolders(place);
  const etag = missing.length > 0 ? undefined : currentEtag(place, path);
  checkCondition(place.url, place.key, condition, etag);
  for (const folder of missing) mkdirSync(folder);
  renameSync(written.path, path);
  return [...missing.map(dirname), dirname(path)];
}

/**
 * Removes the file, where an etag is given only if it has that one, and folders that it leaves empty: another key may
 * want to be a file of that name. Under the lock; returns the folders for `syncFolders`.
 */
export function removeFile(place: Place, wanted: string | undefined): readonly string[] {
  const path = join(place.root, place.key);
  if (missingFolders(place).length > 0) return [];
  const etag = currentEtag(place, path, 'ignore folders');
  if (etag === undefined) return [];
  checkRemoval(place.url, place.key, etag, wanted);
  unlinkSync(path);
  let folder = dirname(path);
  while (folder !== place.root && removeEmpty(folder)) folder = dirname(folder);
  return [folder];
}

/** The folders of the key that are not there yet, outermost first. */
function missingFolders({ url, root, key }: Place): readonly string[] {
  const segments = key.split('/').slice(0, -1);
  const folders = segments.map((_, index) => join(root, ...segments.slice(0, index + 1)));
  return folders.filter((folder) => {
    const stats = lstatSync(folder, { throwIfNoEntry: false });
    if (stats?.isSymbolicLink()) throw isLink(url, key);
    if (stats && !stats.isDirectory()) throw isBoth(url, key);
    return stats === undefined;
  });
}

function currentEtag({ url, key }: Place, path: string, folders?: 'ignore folders'): string | undefined {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  if (stats.isFile()) return fileEtag(stats);
  if (stats.isDirectory() && folders === 'ignore folders') return undefined;
  throw stats.isDirectory() ? isBoth(url, key) : isLink(url, key);
}

function removeEmpty(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'EBUSY') return false;
    throw error;
  }
}

/**
 * Waits until the entries of these folders, as they are now, survive a crash of the machine. Not under the lock, where
 * nobody else could go on; of many that wait for one folder, the next round serves all. One that has gone meanwhile
 * was removed by somebody who makes that last.
 */
export async function syncFolders(folders: readonly string[]): Promise<void> {
  await Promise.all([...new Set(folders)].map(syncFolder));
}

/** For each folder the round under way, and the next one, which starts after it. */
const rounds = new Map<string, { readonly current: Promise<void>; next?: Promise<void> }>();

function syncFolder(folder: string): Promise<void> {
  const round = rounds.get(folder);
  if (round === undefined) return startRound(folder);
  round.next ??= round.current.catch(() => undefined).then(() => startRound(folder));
  return round.next;
}

function startRound(folder: string): Promise<void> {
  const current = syncNow(folder).finally(() => {
    if (rounds.get(folder)?.next === undefined) rounds.delete(folder);
  });
  rounds.set(folder, { current });
  return current;
}

async function syncNow(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}

/** Refusal of a key whose way leads through a symbolic link, or to something that is no plain file. */
export function isLink(url: string, key: string): MusterError {
  return new MusterError(
    'storage',
    `${url}: ${key} is a symbolic link or leads through one (or is no plain file): remove it, the store holds plain files only`,
  );
}

function isBoth(url: string, key: string): MusterError {
  return new MusterError(
    'storage',
    `${url}: ${key} would be both a file and a folder, which a disk cannot hold: rename one of them`,
  );
}

/** A whole file on disk, waiting to be renamed into place. */
export interface WrittenFile {
  readonly path: string;
  /** The etag that the object will have. */
  readonly etag: string;
}

/** Writes and fsyncs a new file in the folder. A failure leaves no file. */
export async function writeTemp(
  folder: string,
  body: Body,
  signal: AbortSignal | undefined,
): Promise<WrittenFile> {
  const path = join(folder, `${machine()}.${process.pid}.${randomUUID()}`);
  const file = await open(path, 'wx', 0o644);
  try {
    for (const chunk of body instanceof Uint8Array ? [body] : body.chunks())
      await file.writeFile(chunk, signal && { signal });
    const etag = await stamp(file);
    await file.sync();
    await file.close();
    return { path, etag };
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(path, { force: true }).catch(() => undefined);
    throw error;
  }
}

/**
 * Gives the file a unique time, and so its etag. A kernel's clock moves in steps of milliseconds: of two quick
 * writes the second could get the first one's inode, size and time, and pass for it.
 */
async function stamp(file: FileHandle): Promise<string> {
  const seconds = Date.now() / 1000 + Number(process.hrtime.bigint() % 1_000_000n) / 1e9;
  await file.utimes(seconds, seconds);
  return fileEtag(await file.stat({ bigint: true }));
}

/** The identity of a file that is only ever replaced: where it lies, when it was written, how long it is. */
export function fileEtag({ ino, mtimeNs, size }: BigIntStats): string {
  return `"${ino.toString(36)}-${mtimeNs.toString(36)}-${size.toString(36)}"`;
}

/**
 * Removes what killed writers left in the folder, never a file that may yet be renamed: one of this machine when its
 * process is gone, one of another machine (containers may share the folder) when it is over an hour old.
 */
export async function sweepTemp(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const [, writtenOn, processId] = tempName.exec(name) ?? [];
    if (writtenOn === undefined) continue;
    const path = join(folder, name);
    const dead = writtenOn === machine() ? !isAlive(Number(processId)) : false;
    if (dead || (await isOld(path))) await rm(path, { force: true });
  }
}

const tempName = /^([0-9a-f]{8})\.(\d+)\.[0-9a-f-]{36}$/;

/** Eight digits for the machine that this runs on. */
function machine(): string {
  machineId ??= createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
  return machineId;
}

let machineId: string | undefined;

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ESRCH';
  }
}

/** No write takes this long, in milliseconds. */
const longestWrite = 3_600_000;

async function isOld(path: string): Promise<boolean> {
  try {
    return Date.now() - (await lstat(path)).mtimeMs > longestWrite;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

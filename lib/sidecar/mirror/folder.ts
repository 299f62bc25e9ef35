import { join } from 'node:path';
import { createLimit } from '../../base/concurrency.ts';
import { diskError } from '../../base/disk-errors.ts';
import { MusterError } from '../../base/errors.ts';
import { tryLock } from '../../base/locks.ts';
import { listingOfFile } from './content.ts';
import type { FileSystem } from './files.ts';
import { apartIn, clearLists, listsFolder, recoverLists } from './lists-apart.ts';
import { idOfPath, type Rejection, segmentOf } from './plan.ts';
import { formatShard, type Shard } from './shard.ts';
import {
  decodeState,
  encodeState,
  type JobFile,
  type Jobs,
  type Owned,
  type OwnedFile,
  type SourceObject,
  type State,
} from './state.ts';

/**
 * The mirror's own folders in the target folder. Prometheus does not watch them: a temporary file in a watched folder
 * would make it read every file again. No name in them ends like a file_sd file, in case a glob reaches them.
 */
const ownFolders = {
  ...{ root: '.muster', temporary: '.muster/tmp', parts: '.muster/parts' },
  lists: listsFolder,
} as const;
/** Path of the state below a target folder; see `State`. */
export const stateFile = '.muster/state';
const lockFile = '.muster/lock';

/** A folder of target files, held by one mirror at a time. */
export interface TargetFolder {
  readonly path: string;
  readonly files: FileSystem;
  /** The shard of the targets that the files hold. Default: all targets. */
  readonly shard: Shard | undefined;
  /** The files that the mirror wrote, by path below the folder. */
  readonly owned: Owned;
  /** The jobs with one file for all their lists, by segment; the lists lie apart then. */
  readonly jobs: Jobs;
  /** Where each list lies in the file of its job, by segment; unknown for a file that an earlier process wrote. */
  readonly layouts: Map<string, JobLayout>;
  /** Segments of jobs in whose folder no list has a file of its own any more. */
  readonly tidied: Set<string>;
  /** Whether `API` and `api` are one folder here. */
  readonly foldsCase: boolean;
  /** Objects that were fetched and not applied, by path. They are not fetched again until they change. */
  readonly refused: Map<string, Refused>;
  /** Paths with both a target file and a manifest, where the file on disk holds the right one. */
  readonly settled: Map<string, string>;
  /** When the tombstone of a file that the store does not list was last read, and the result, by path. */
  readonly lookedUp: Map<string, { readonly at: number; readonly reason: string }>;
  /** Files that are not what the bucket lists, by path, as of the last round that could tell. */
  readonly oddities: Map<string, Oddity>;
  /** What was odd when the folder was opened; one line for the log. */
  readonly warning: string | undefined;
  /** Makes the mirror's own folders again if somebody removed them. */
  ensureOwnFolder(): Promise<void>;
  /** Records a file as written by the mirror, or changes its record. On disk only after `saveState`. */
  own(path: string, file: OwnedFile): void;
  disown(path: string): void;
  /** Records the file of a job, or with `undefined` that it has none. On disk only after `saveState`. */
  setJob(segment: string, job: JobFile | undefined): void;
  /** The full path of a path below the folder. */
  at(path: string): string;
  /** The full path at which the list of a provider lies, by its path below the folder: there, or apart. */
  listAt(path: string): string;
  /** The full path at which the list of a provider lies, or would lie, when the lists of its job lie apart. */
  apartAt(path: string): string;
  /** The full path of a new temporary file. A temporary file that is left over is removed at the next start. */
  temporary(): string;
  /** Writes the content to a new temporary file, with fsync, and returns the full path. */
  stage(content: Uint8Array | AsyncIterable<Uint8Array>): Promise<string>;
  /** The full path at which a part of a joined file is kept, by its digest. */
  partAt(sha256: string): string;
  /** Writes the state to disk if it has changed. Throws `storage`. */
  saveState(): Promise<void>;
  /** Keeps a part of a joined file: its bytes, or the temporary file that holds them. */
  keepPart(sha256: string, content: Uint8Array | string): Promise<void>;
  /** Removes kept parts that no file uses. */
  dropUnusedParts(): Promise<void>;
  /** Releases the lock. */
  close(): void;
}

/** The places of the lists in the file of a job, by their paths. */
export interface JobLayout {
  readonly places: ReadonlyMap<
    string,
    { readonly sha256: string; readonly start: number; readonly end: number }
  >;
}

/** Objects that were fetched and not applied. */
interface Refused {
  /** Keys and etags of the listed objects. */
  readonly objects: string;
  readonly rejection: Rejection;
  /** The object to apply as soon as the provider's status names it. */
  readonly unconfirmed?: SourceObject | undefined;
}

/**
 * A file that is not what the bucket lists. `orphaned`: the bucket lists nothing for it. `kept`: the listed object is
 * not applied, and the last good file stays. `lacking`: there is no last good file either, so the job is incomplete.
 */
export interface Oddity {
  readonly kind: 'orphaned' | 'kept' | 'lacking';
  /** One line for a person. */
  readonly reason: string;
}

/** One line about what the job of a segment lacks, or any job without one; undefined if nothing is lacking. */
export function incompleteness(
  { oddities }: Pick<TargetFolder, 'oddities'>,
  segment?: string,
): string | undefined {
  const lacking = [...oddities].filter(
    ([path, { kind }]) => kind === 'lacking' && (segment ?? segmentOf(path)) === segmentOf(path),
  );
  const [first] = lacking;
  if (first === undefined) return undefined;
  const [path, { reason }] = first;
  const { job, provider } = idOfPath(path);
  const more = lacking.length === 1 ? '' : ` (and ${lacking.length - 1} more)`;
  return `job ${JSON.stringify(job)} is incomplete, there is no good file of its provider ${provider}${more}: ${reason}`;
}

/**
 * Locks the folder, removes what a crash left behind, and reads the state. Throws `conflict` when another mirror holds
 * the folder, and `storage` when it cannot be written. An unreadable state is written again: then only the files that
 * the bucket lists are the mirror's, and no other file is ever removed.
 */
export async function openFolder(path: string, files: FileSystem, shard?: Shard): Promise<TargetFolder> {
  const at = (below: string) => join(path, below);
  try {
    await makeFolders(path, files);
  } catch (error) {
    throw diskError(`use the folder ${path}`, error);
  }
  const lock = await tryLock(at(lockFile));
  if (lock === undefined)
    throw new MusterError(
      'conflict',
      `another mirror writes to ${path}: stop it, or give each its own folder`,
    );
  try {
    await clearTemporaries(at(ownFolders.temporary), files);
    const { owned, jobs, warning } = await readState(path, files, shard);
    const foldsCase = await doesFoldCase(path, files);
    await clearLists(path, files, { owned, jobs, foldsCase });
    const folder = {
      ...folderOf(path, files, { owned, jobs, shard }),
      foldsCase,
      warning,
      close: () => lock[Symbol.dispose](),
    };
    await folder.dropUnusedParts();
    return folder;
  } catch (error) {
    lock[Symbol.dispose]();
    throw diskError(`use the folder ${path}`, error);
  }
}

async function makeFolders(path: string, files: FileSystem): Promise<void> {
  await files.makeFolder(path);
  for (const below of Object.values(ownFolders)) {
    const full = join(path, below);
    const found = await files.facts(full);
    if (found === undefined) await files.makeFolder(full);
    else if (found.kind !== 'folder') {
      throw new MusterError(
        'storage',
        `${full} is not a folder: remove it, the mirror keeps its own files there`,
      );
    }
  }
}

async function clearTemporaries(folder: string, files: FileSystem): Promise<void> {
  for (const name of await files.names(folder)) {
    const path = join(folder, name);
    if ((await files.facts(path))?.kind !== 'folder') await files.remove(path);
  }
}

/** The mirror's own folder is found under a name in upper case only where case makes no difference. */
async function doesFoldCase(path: string, files: FileSystem): Promise<boolean> {
  const own = await files.facts(join(path, ownFolders.root));
  const other = await files.facts(join(path, ownFolders.root.toUpperCase()));
  return own !== undefined && other?.inode === own.inode;
}

async function readState(
  folder: string,
  files: FileSystem,
  shard: Shard | undefined,
): Promise<Pick<State, 'owned' | 'jobs'> & { warning: string | undefined }> {
  const path = join(folder, stateFile);
  const bytes = await files.read(path);
  if (bytes === undefined) return { ...(await recoverLists(folder, files)), warning: undefined };
  const state = decodeOrNone(bytes);
  if (state === undefined) {
    return {
      ...(await recoverLists(folder, files)),
      warning: `${path} cannot be read and is written again; files that the bucket does not list stay: remove them by hand`,
    };
  }
  const owned = state.unmarked ? await withMarks(state.owned, folder, files) : state.owned;
  const sameShard = state.shard === (shard && formatShard(shard));
  return { owned: sameShard ? owned : withoutSources(owned), jobs: state.jobs, warning: undefined };
}

function decodeOrNone(bytes: Uint8Array): State | undefined {
  try {
    return decodeState(bytes);
  } catch {
    return undefined;
  }
}

/** Adds the versions to a state that an older Muster wrote without them; the files may name them. */
async function withMarks(
  owned: ReadonlyMap<string, OwnedFile>,
  folder: string,
  files: FileSystem,
): Promise<Map<string, OwnedFile>> {
  const marked = new Map<string, OwnedFile>();
  for (const [path, file] of owned) {
    const found = file.facts && (await files.facts(join(folder, path)));
    const mark = found?.kind === 'file' ? (await listingOfFile(files, join(folder, path)))?.mark : undefined;
    marked.set(path, { ...file, mark });
  }
  return marked;
}

/** Files that hold another shard stay the mirror's, but each must be made again. */
function withoutSources(owned: ReadonlyMap<string, OwnedFile>): Map<string, OwnedFile> {
  return new Map([...owned].map(([path, file]) => [path, { ...file, source: undefined, parts: [] }]));
}

function folderOf(
  path: string,
  files: FileSystem,
  {
    owned,
    jobs,
    shard,
  }: {
    readonly owned: Map<string, OwnedFile>;
    readonly jobs: Map<string, JobFile>;
    readonly shard: Shard | undefined;
  },
): Omit<TargetFolder, 'warning' | 'close' | 'foldsCase'> {
  const at = (below: string) => join(path, below);
  const partAt = (sha256: string) => at(join(ownFolders.parts, sha256));
  let temporaries = 0;
  let stateChanged = false;
  let partsChanged = true;
  // One at a time: on a disk that is nearly full, a large file that fails must not make a small one fail.
  const oneAtATime = createLimit(1);
  const temporary = () => {
    temporaries += 1;
    return at(join(ownFolders.temporary, String(temporaries)));
  };
  const stage = (content: Uint8Array | AsyncIterable<Uint8Array>) =>
    oneAtATime(async () => {
      const staged = temporary();
      await writeWhole(files, staged, content);
      return staged;
    });
  return {
    path,
    files,
    shard,
    owned,
    jobs,
    layouts: new Map(),
    tidied: new Set(),
    refused: new Map(),
    settled: new Map(),
    lookedUp: new Map(),
    oddities: new Map(),
    ensureOwnFolder: () => makeFolders(path, files),
    own(below, file) {
      owned.set(below, file);
      stateChanged = true;
      partsChanged = true;
    },
    disown(below) {
      owned.delete(below);
      stateChanged = true;
      partsChanged = true;
    },
    setJob(segment, job) {
      if (job === undefined) jobs.delete(segment);
      else jobs.set(segment, job);
      stateChanged = true;
    },
    at,
    listAt: (below) => (jobs.get(segmentOf(below))?.apart === true ? apartIn(path, below) : at(below)),
    apartAt: (below) => apartIn(path, below),
    temporary,
    stage,
    partAt,
    async saveState() {
      if (!stateChanged) return;
      try {
        await renameOrRemove(
          files,
          await stage(encodeState({ owned, jobs, shard: shard && formatShard(shard) })),
          at(stateFile),
        );
        await files.syncFolder(at(ownFolders.root));
        stateChanged = false;
      } catch (error) {
        throw diskError(`write the state of the mirror in ${path}`, error);
      }
    },
    async keepPart(sha256, content) {
      partsChanged = true;
      const staged = typeof content === 'string' ? content : await stage(content);
      await renameOrRemove(files, staged, partAt(sha256));
    },
    async dropUnusedParts() {
      if (!partsChanged) return;
      const used = new Set([...owned.values()].flatMap(({ parts }) => parts.map((part) => part.sha256)));
      for (const name of await files.names(at(ownFolders.parts))) {
        if (!used.has(name)) await files.remove(partAt(name));
      }
      partsChanged = false;
    },
  };
}

/** Writes a whole file; after a failure the incomplete file is removed, if the disk allows. */
async function writeWhole(
  files: FileSystem,
  path: string,
  content: Uint8Array | AsyncIterable<Uint8Array>,
): Promise<void> {
  const file = await files.create(path);
  try {
    try {
      if (content instanceof Uint8Array) await file.write(content);
      else for await (const piece of content) await file.write(piece);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    await files.remove(path).catch(() => undefined);
    throw error;
  }
}

async function renameOrRemove(files: FileSystem, from: string, to: string): Promise<void> {
  try {
    await files.rename(from, to);
  } catch (error) {
    await files.remove(from).catch(() => undefined);
    throw error;
  }
}

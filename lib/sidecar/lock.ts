import { DatabaseSync } from 'node:sqlite';
import { MusterError } from '../errors.ts';
import { diskError } from './files.ts';

/** The right to write in a folder; holding it in a variable keeps it. */
export interface FolderLock {
  release(): void;
}

/**
 * Takes the lock of a target folder, or throws (kind `conflict`) when another mirror has it.
 *
 * Node has no flock, and a file with a process id in it outlives a kill -9 and means nothing across containers.
 * SQLite locks its file by the operating system, which frees it when the process ends, however it ends. So the lock
 * is an empty database with an exclusive transaction that never writes.
 */
export function lockFolder(lockFile: string, folder: string): FolderLock {
  const database = openDatabase(lockFile);
  try {
    // Without a journal in memory SQLite would put a second file beside the lock.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    throw refusal(error, lockFile, folder);
  }
  return { release: () => database.close() };
}

function openDatabase(lockFile: string): DatabaseSync {
  try {
    return new DatabaseSync(lockFile);
  } catch (error) {
    throw diskError(`open the lock ${lockFile}`, error);
  }
}

const busy = 5;
const notADatabase = 26;

function refusal(error: unknown, lockFile: string, folder: string): MusterError {
  const code = typeof error === 'object' && error !== null && 'errcode' in error ? error.errcode : undefined;
  if (code === busy) {
    return new MusterError(
      'conflict',
      `another mirror writes to ${folder}; stop it, or give each its own folder`,
      { cause: error },
    );
  }
  if (code === notADatabase) {
    return new MusterError('storage', `${lockFile} is not a lock of Muster's; remove it`, { cause: error });
  }
  return diskError(`lock ${folder} with ${lockFile}`, error);
}

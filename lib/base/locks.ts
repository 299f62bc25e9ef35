import { lstatSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { MusterError } from './errors.ts';

/**
 * Milliseconds that `holdLock` waits for others. A process needs the lock for a few; after this time it must have
 * stopped.
 */
const patience = 30_000;

/** A lock that this process has until it disposes of the lock or ends, in any way. */
export type HeldLock = Disposable;

/**
 * Takes the lock of a file, or returns undefined when another process (or this one) has it. Throws kind `storage` if
 * the file cannot be locked.
 *
 * Node has no flock, and a file with a process id in it outlives a `kill -9` and means nothing across containers.
 * SQLite locks its file by the operating system, which frees it when the process ends. So a lock is an empty database
 * with an open transaction that never writes.
 */
export async function tryLock(path: string): Promise<HeldLock | undefined> {
  // Imported late: users of other stores do not need it.
  const { DatabaseSync } = await import('node:sqlite');
  return lockWith(DatabaseSync, path);
}

/**
 * Runs a synchronous step while no other process (nor another caller in this one) holds the lock. Throws `timeout`
 * after 30 s, the signal's reason when it fires, and `storage` if the file cannot be locked.
 */
export async function holdLock<T>(path: string, step: () => T, signal?: AbortSignal): Promise<T> {
  const { DatabaseSync } = await import('node:sqlite');
  const giveUpAt = performance.now() + patience;
  for (;;) {
    {
      using lock = lockWith(DatabaseSync, path);
      if (lock !== undefined) return step();
    }
    if (performance.now() > giveUpAt) throw stillHeld(path);
    await sleep(1 + Math.random() * 15, undefined, signal && { signal });
  }
}

function lockWith(Database: typeof DatabaseSync, path: string): HeldLock | undefined {
  // SQLite would follow a symbolic link.
  if (lstatSync(path, { throwIfNoEntry: false })?.isFile() === false)
    throw cannotLock(path, 'not a plain file');
  let database: DatabaseSync | undefined;
  try {
    // No busy timeout of SQLite's own: it would block this whole process while it waits.
    const opened = new Database(path, { timeout: 0 });
    database = opened;
    // With a journal on disk SQLite would put a second file beside the lock.
    opened.exec('PRAGMA journal_mode = MEMORY; BEGIN IMMEDIATE');
    return { [Symbol.dispose]: () => opened.close() };
  } catch (error) {
    database?.close();
    if (isBusy(error)) return undefined;
    throw cannotLock(path, String(error), error);
  }
}

/** SQLITE_BUSY, the primary code of an extended one. Source: sqlite.org/rescode.html */
function isBusy(error: unknown): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    'errcode' in error &&
    typeof error.errcode === 'number' &&
    (error.errcode & 0xff) === 5
  );
}

function cannotLock(path: string, reason: string, cause?: unknown): MusterError {
  return new MusterError(
    'storage',
    `${path} cannot be locked (${reason}): it must be a file that Muster made, on a file system with locks`,
    { cause },
  );
}

function stillHeld(path: string): MusterError {
  return new MusterError(
    'timeout',
    `${path} was held by another process for ${patience / 1000} s: look for a Muster that is stopped or stuck`,
    { code: 'lock-held' },
  );
}

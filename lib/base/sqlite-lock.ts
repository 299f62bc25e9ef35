import { lstatSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { MusterError } from './errors.ts';

/** How long a writer waits for others, in milliseconds. Each holds the lock for a few: this is a stopped process. */
const patience = 30_000;

/**
 * Runs a synchronous step while no other process (nor anyone in this one) is in such a step under the same lock file.
 * Node has no flock; a SQLite transaction is a lock that it does have, taken by the operating system, so that it
 * goes when its holder is killed. Nothing is ever written to the file. Throws `timeout` after 30 s or when the
 * signal fires, `storage` where the file cannot be locked.
 */
export async function holdLock<T>(path: string, step: () => T, signal?: AbortSignal): Promise<T> {
  // Imported late: users of other stores may run on a Node without it.
  const sqlite = await import('node:sqlite');
  const giveUpAt = performance.now() + patience;
  for (;;) {
    const outcome = tryStep(sqlite.DatabaseSync, path, step);
    if (outcome !== 'held') return outcome.result;
    if (performance.now() > giveUpAt) throw stillHeld(path);
    await sleep(1 + Math.random() * 15, undefined, signal && { signal });
  }
}

function tryStep<T>(
  Database: typeof DatabaseSync,
  path: string,
  step: () => T,
): { readonly result: T } | 'held' {
  // SQLite would follow a link to wherever it leads.
  if (lstatSync(path, { throwIfNoEntry: false })?.isFile() === false)
    throw cannotLock(path, 'not a plain file');
  let database: DatabaseSync | undefined;
  try {
    // No busy timeout of SQLite's own: it would block this whole process while it waits.
    database = new Database(path, { timeout: 0 });
    database.exec('BEGIN IMMEDIATE');
    return { result: step() };
  } catch (error) {
    const code = sqliteCode(error);
    if (code === undefined) throw error;
    if (code === busy) return 'held';
    throw cannotLock(path, String(error), error);
  } finally {
    database?.close();
  }
}

/** SQLITE_BUSY. Source: sqlite.org/rescode.html */
const busy = 5;

/** SQLite's primary result code, where the error is SQLite's. */
function sqliteCode(error: unknown): number | undefined {
  return typeof error === 'object' &&
    error !== null &&
    'errcode' in error &&
    typeof error.errcode === 'number'
    ? error.errcode & 0xff
    : undefined;
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
  );
}

import { createHash, randomUUID } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isAbsent } from '../../base/disk-errors.ts';
import { codeOf } from '../../base/errors.ts';
import type { Body } from '../store.ts';

/** A whole file on disk, waiting to be renamed into place. */
export interface WrittenFile {
  readonly path: string;
  /** The etag that the object will have. */
  readonly etag: string;
}

/** Writes and fsyncs a new file in the folder, which is made where it is missing. A failure leaves no file. */
export async function writeTemp(
  folder: string,
  body: Body,
  signal: AbortSignal | undefined,
): Promise<WrittenFile> {
  await mkdir(folder, { recursive: true });
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
  return createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
}

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

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { access, cp, rename, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildCommand } from '../../infra/build.ts';

/** Puts the bundled command into the folder; the copies' source maps lead nowhere. */
export async function copyCommand(folder: string): Promise<void> {
  await cp(await builtOnce('command', buildCommand), folder, { recursive: true });
}

/**
 * A folder that `build` has filled, once for all workers of this run of Jest. It is the same for all who name it: they read it
 * and change nothing. Where a build fails, the next one who needs it tries it again.
 */
export async function builtOnce(name: string, build: (folder: string) => Promise<unknown>): Promise<string> {
  const folder = join(shared(), name);
  const lock = `${folder}.lock`;
  for (;;) {
    if (await isThere(folder)) return folder;
    if (isFirst(lock)) break;
    await sleep(100);
  }
  try {
    // Another one may have ended between the two looks.
    if (await isThere(folder)) return folder;
    const unfinished = mkdtempSync(`${folder}-`);
    await build(unfinished);
    await rename(unfinished, folder);
    return folder;
  } finally {
    await rmdir(lock);
  }
}

/** The folder of this run, which jest.config.mjs makes; outside Jest one of this process. */
function shared(): string {
  if (process.env.MUSTER_TEST_RUN === undefined) {
    const own = mkdtempSync(join(tmpdir(), 'muster-run-'));
    process.once('exit', () => rmSync(own, { recursive: true, force: true }));
    process.env.MUSTER_TEST_RUN = own;
  }
  return process.env.MUSTER_TEST_RUN;
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function isFirst(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    return false;
  }
}

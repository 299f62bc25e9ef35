import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';

const made: string[] = [];

/** An empty folder, alone in one that is removed at the end of the file's tests, also where tests took rights away. */
export async function newFolder(): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'muster-store-'));
  made.push(parent);
  const folder = join(parent, 'store');
  await mkdir(folder);
  return folder;
}

afterAll(async () => {
  if (made.length > 0) execFileSync('chmod', ['-R', 'u+rwX', ...made]);
  await Promise.all(made.map((folder) => rm(folder, { recursive: true, force: true })));
});

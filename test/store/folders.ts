import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let root: string | undefined;

/** An empty folder, alone in one that is removed when the process ends, also where tests took rights away. */
export async function newFolder(): Promise<string> {
  root ??= makeRoot();
  const folder = join(await mkdtemp(join(root, 'one-')), 'store');
  await mkdir(folder);
  return folder;
}

function makeRoot(): string {
  const path = mkdtempSync(join(tmpdir(), 'muster-store-'));
  process.once('exit', () => {
    execFileSync('chmod', ['-R', 'u+rwX', path]);
    rmSync(path, { recursive: true, force: true });
  });
  return path;
}

import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const made: string[] = [];

/** An empty folder, alone in one that is removed when the process ends, also where tests took rights away. */
export async function newFolder(): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'muster-store-'));
  if (made.length === 0) process.once('exit', removeAll);
  made.push(parent);
  const folder = join(parent, 'store');
  await mkdir(folder);
  return folder;
}

function removeAll(): void {
  execFileSync('chmod', ['-R', 'u+rwX', ...made]);
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
}

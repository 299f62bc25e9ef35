import { mkdtempSync, rmSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildCommand } from '../../infra/build.ts';

let built: Promise<string> | undefined;

/** Puts the bundled command into the folder. It is built once a worker; the copies' source maps lead nowhere. */
export async function copyCommand(folder: string): Promise<void> {
  built ??= build();
  await cp(await built, folder, { recursive: true });
}

async function build(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'muster-command-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  await buildCommand(folder);
  return folder;
}

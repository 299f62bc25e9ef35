import { execFile } from 'node:child_process';
import { cp, mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { buildTypes } from '../../infra/build-types.ts';
import { copyCommand } from './command.ts';

const project = join(import.meta.dirname, '../..');

/** What a clone does not have, and what a build of it does not read. */
const leftOut = ['.git', '.programs', '.muster', '.serverless', 'coverage', 'dist', 'release', 'test'];

/** Makes a folder that is as a clean clone of the sources as they are now, after `npm ci`, but not in git. */
export async function copyProject(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const names = (await readdir(project)).filter((name) => !leftOut.includes(name) && name !== 'node_modules');
  await Promise.all(names.map((name) => cp(join(project, name), join(folder, name), { recursive: true })));
  // Links to the same files where the disk is the same: there are thirty thousand.
  const run = promisify(execFile);
  const packages = [join(project, 'node_modules'), folder];
  await run('cp', ['-al', ...packages]).catch(() => run('cp', ['-a', ...packages]));
}

/** The project as npm has it: a tarball of the package, made in this folder. Returns its path. */
export async function packProject(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await copyCommand(join(folder, 'dist'));
  await buildTypes(join(folder, 'dist'));
  for (const name of ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'docs'])
    await cp(join(project, name), join(folder, name), { recursive: true });
  const pack = ['pack', '--ignore-scripts', '--silent'];
  const { stdout } = await promisify(execFile)('npm', pack, { cwd: folder });
  return join(folder, stdout.trim());
}

/** Installs a tarball alone into an empty folder, from nowhere else; returns the folder of its commands. */
export async function installPackage(tarball: string, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const options = ['--offline', '--no-audit', '--no-fund', '--ignore-scripts', '--no-save'];
  await promisify(execFile)('npm', ['install', ...options, '--prefix', folder, tarball], {
    cwd: dirname(folder),
    env: { PATH: process.env.PATH, HOME: folder },
  });
  return join(folder, 'node_modules/.bin');
}

import { execFile } from 'node:child_process';
import { copyFile, link, mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { RealDockerd } from './dockerd.ts';
import { requireProgram } from './find-program.ts';

/** Docker's command at that engine; gives what it printed, and throws with what it said. */
export type Docker = (args: readonly string[], cwd?: string) => Promise<string>;

/** The command as a user has it: with BuildKit, and no settings but the engine's address. */
export function dockerAt({ socketPath }: RealDockerd): Docker {
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: dirname(socketPath),
    DOCKER_HOST: `unix://${socketPath}`,
    DOCKER_BUILDKIT: '1',
  };
  return (args, cwd) => run(requireProgram('docker'), args, { env, cwd });
}

/**
 * A base image under the name that the Dockerfile asks for: the Node that runs this, the libraries it needs and a
 * busybox, where a registry has a Debian around them. Nothing in it knows the name of a user. Made in `folder`.
 */
export async function importBaseImage(docker: Docker, folder: string): Promise<void> {
  const copy = async (file: string, path: string) => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await copyFile(file, join(folder, path));
  };
  await copy(process.execPath, 'bin/node');
  for (const library of await listLibraries(process.execPath)) await copy(library, library);
  await copy(join(dirname(requireProgram('dockerd')), '../../bin/busybox'), 'bin/busybox');
  for (const name of ['sh', 'mkdir', 'chown', 'wget', 'cat', 'find'])
    await link(join(folder, 'bin/busybox'), join(folder, 'bin', name));
  const archive = `${folder}.tar`;
  await run('tar', ['-C', folder, '--owner=0', '--group=0', '--mode=a+rX', '-cf', archive, '.']);
  await docker(['import', '--change', 'ENV PATH=/bin', archive, 'node:24-slim']);
  await rm(archive);
}

async function listLibraries(program: string): Promise<readonly string[]> {
  const printed = await run('ldd', [program]);
  return [...printed.matchAll(/(?:=> |^\s*)(\/\S+)/gm)].flatMap(([, path = '']) => path);
}

/** What an image holds: mode, owner and path of each file and folder. The archive goes to `folder`, and away again. */
export async function listImage(docker: Docker, image: string, folder: string): Promise<ReadonlySet<string>> {
  const container = await docker(['create', image, 'nothing']);
  const archive = join(folder, `${container}.tar`);
  await docker(['export', '--output', archive, container]);
  const listed = await run('tar', ['-tvf', archive, '--numeric-owner']);
  await rm(archive);
  await docker(['rm', container]);
  // Between owner and path stand size and time.
  return new Set(listed.split('\n').map((line) => line.replace(/^(\S+ \S+)\s+\S+ \S+ \S+/, '$1')));
}

async function run(program: string, args: readonly string[], options: object = {}): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, {
    ...options,
    encoding: 'utf8',
    maxBuffer: 2 ** 24,
  });
  return stdout.trim();
}

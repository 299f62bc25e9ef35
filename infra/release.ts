import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Metafile } from 'esbuild';
import manifest from '../package.json' with { type: 'json' };
import { type ArchivedFile, tarOf, zipOf } from './archives.ts';
import { buildCommand, buildSingleFile } from './build.ts';
import { buildFunctions } from './build-functions.ts';
import { buildTypes } from './build-types.ts';
import { bundledPackages, licensesFile, licensesText } from './licenses.ts';
import { revision } from './revision.ts';
import { billOfMaterials } from './sbom.ts';

/**
 * Builds all that a release consists of into `release/`, from a clone after `npm ci`. Equal sources and packages give
 * equal bytes, wherever the clone lies:
 *
 * - `<name>-<version>.tgz`: the npm package, the command and the library;
 * - `muster.mjs`: the command as one file, which needs Node 24 and nothing else;
 * - `function-<backend>.zip`: the functions, with the handler `index.handler`;
 * - `image.tar.gz`: the context of the image, as in `docker build - < release/image.tar.gz`;
 * - `sbom.cdx.json`: what the bundles hold, as CycloneDX;
 * - `THIRD-PARTY-LICENSES`: the licences of all that;
 * - `SHA256SUMS`: the digests of the other files, for `sha256sum --check`.
 */
export async function buildRelease(into = 'release'): Promise<void> {
  await rm('dist', { recursive: true, force: true });
  await rm(into, { recursive: true, force: true });
  await mkdir(into, { recursive: true });
  // One after another: a runner has two cores and little memory.
  const metafiles: Metafile[] = [await buildCommand()];
  await buildTypes();
  await promisify(execFile)('npm', ['pack', '--ignore-scripts', '--pack-destination', into]);
  metafiles.push(await buildSingleFile(join(into, 'muster.mjs')));
  for (const { name, folder, metafile } of await buildFunctions()) {
    metafiles.push(metafile);
    await writeFile(join(into, `function-${name}.zip`), zipOf(await filesOf(folder, isShipped)));
  }
  await writeFile(join(into, 'image.tar.gz'), tarOf(await imageContext()));
  const packages = await bundledPackages(metafiles);
  const lock: unknown = JSON.parse(await readFile('package-lock.json', 'utf8'));
  await writeFile(join(into, 'sbom.cdx.json'), billOfMaterials(packages, { lock, revision: revision() }));
  await writeFile(join(into, licensesFile), licensesText(packages));
  await writeFile(join(into, 'SHA256SUMS'), await digestsOf(into));
}

/** Not the source maps: they are larger than all else, and a stack trace keeps its names without them. */
function isShipped(name: string): boolean {
  return name.endsWith('.mjs') || name === licensesFile;
}

async function filesOf(
  folder: string,
  wanted: (name: string) => boolean,
  prefix = '',
): Promise<readonly ArchivedFile[]> {
  const names = (await readdir(folder)).filter(wanted);
  return Promise.all(
    names.map(async (name) => ({ path: `${prefix}${name}`, body: await readFile(join(folder, name)) })),
  );
}

/** What the Dockerfile copies, under the paths that it has in a clone, and the Dockerfile where a context has it. */
async function imageContext(): Promise<readonly ArchivedFile[]> {
  const dockerfile = await readFile('infra/image/Dockerfile');
  return [{ path: 'Dockerfile', body: dockerfile }, ...(await filesOf('dist', isShipped, 'dist/'))];
}

async function digestsOf(folder: string): Promise<string> {
  const lines = (await readdir(folder)).sort().map(async (name) => {
    const digest = createHash('sha256')
      .update(await readFile(join(folder, name)))
      .digest('hex');
    return `${digest}  ${name}\n`;
  });
  return (await Promise.all(lines)).join('');
}

if (import.meta.main) {
  await buildRelease();
  process.stdout.write(`release/ holds ${manifest.name} ${revision()}\n`);
}

import { readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { lazyBuiltins } from './lazy-builtins.ts';
import { bundledPackages, licensesFile, licensesText } from './licenses.ts';
import { stampRevision } from './revision.ts';

/** Where the bundles lie, a folder a function; serverless.yml packs them from here. */
const folder = 'dist/functions';

/** A bundled function. */
export interface FunctionBundle {
  readonly name: string;
  readonly folder: string;
  /** Bytes of all modules, source maps left out. */
  readonly bytes: number;
  readonly metafile: Metafile;
}

/**
 * Bundles the files of `functions/`, or those that are named: a minified ES module `index.mjs`, and beside it chunks for
 * what not every invocation needs, so that a start reads only what it uses. The SDK is bundled too: its version is ours.
 * The licences of what is bundled lie beside it.
 */
export async function buildFunctions(
  outdir = folder,
  only?: readonly string[],
): Promise<readonly FunctionBundle[]> {
  const names = only ?? (await readdir('functions')).map((file) => basename(file, '.ts')).sort();
  return Promise.all(names.map((name) => buildFunction(name, `${outdir}/${name}`)));
}

async function buildFunction(name: string, outdir: string): Promise<FunctionBundle> {
  const { metafile } = await build({
    entryPoints: { index: `functions/${name}.ts` },
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    sourcemap: true,
    sourcesContent: false,
    legalComments: 'none',
    metafile: true,
    plugins: bundlePlugins(),
    logLevel: 'warning',
  });
  await writeFile(join(outdir, licensesFile), licensesText(await bundledPackages([metafile])));
  const modules = Object.entries(metafile.outputs).filter(([file]) => file.endsWith('.mjs'));
  return { name, folder: outdir, bytes: modules.reduce((sum, [, { bytes }]) => sum + bytes, 0), metafile };
}

/** What every bundle of Muster is made with. No file of a dependency is changed: what ships is what the tests run. */
export function bundlePlugins(): Plugin[] {
  return [stampRevision, lazyBuiltins];
}

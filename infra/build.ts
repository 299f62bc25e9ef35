import { execFile } from 'node:child_process';
import { chmod, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { buildFunctions, bundlePlugins } from './build-functions.ts';
import { libraryParts } from './build-types.ts';
import { joinParts } from './join-parts.ts';
import { bundledPackages, licensesFile, licensesText } from './licenses.ts';

/** What a bundle of the command is made with. */
const common: BuildOptions = {
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  // Identifiers stay, so that stack traces have names. To shorten them and to name each function again, as esbuild can,
  // takes time whenever a function is made.
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  logLevel: 'warning',
};

/**
 * Bundles the `muster` command, and beside it the parts of the library, in `lib/`: a chunk for each part that is only
 * loaded when it is used, and those that both use once. The JSON schema that the command prints, and the licences of what
 * is bundled, lie beside it.
 */
export async function buildCommand(outdir = 'dist'): Promise<Metafile> {
  const library = (await libraryParts()).map((part) => [`lib/${part}`, `lib/library/${part}.ts`]);
  const options = {
    ...common,
    entryPoints: { muster: 'lib/cli/main.ts', ...Object.fromEntries(library) },
    outdir,
    outExtension: { '.js': '.mjs' },
    splitting: true,
    sourcemap: true,
    metafile: true,
  } satisfies BuildOptions;
  // Nobody runs this one: it tells which parts there are.
  const dry = { write: false, minify: false, sourcemap: false };
  const { metafile: parted } = await build({ ...options, ...dry, plugins: bundlePlugins() });
  const plugins = [joinParts(parted), ...bundlePlugins()];
  const { metafile } = await build({ ...options, plugins });
  const command = join(outdir, 'muster.mjs');
  await chmod(command, 0o755);
  const { stdout } = await promisify(execFile)(process.execPath, [command, 'schema'], {
    maxBuffer: maxSchema,
  });
  await writeFile(join(outdir, 'muster.schema.json'), stdout);
  await writeFile(join(outdir, licensesFile), licensesText(await bundledPackages([metafile])));
  return metafile;
}

/** Bundles the command into one file, for a machine that has Node and nothing else. */
export async function buildSingleFile(outfile: string): Promise<Metafile> {
  const { metafile } = await build({
    ...common,
    entryPoints: ['lib/cli/main.ts'],
    outfile,
    metafile: true,
    plugins: bundlePlugins(),
  });
  await chmod(outfile, 0o755);
  return metafile;
}

/** Bytes of the schema, at most. */
const maxSchema = 1 << 22;

/** Bundles into `dist/`: the `muster` command, and the functions. */
if (import.meta.main) {
  await rm('dist', { recursive: true, force: true });
  await buildCommand();
  await buildFunctions();
}

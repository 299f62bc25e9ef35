import { execFile } from 'node:child_process';
import { chmod, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { buildFunctions, bundlePlugins } from './build-functions.ts';

/**
 * Bundles the `muster` command: one entry, and a chunk for each part that is only loaded when it is used. The JSON
 * schema that the command prints lies beside it.
 */
export async function buildCommand(outdir = 'dist'): Promise<void> {
  await build({
    entryPoints: { muster: 'lib/cli/main.ts' },
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    // Half the source text in memory; names and source maps keep stack traces readable.
    minify: true,
    keepNames: true,
    sourcemap: true,
    legalComments: 'none',
    plugins: bundlePlugins(),
    logLevel: 'warning',
  });
  const command = join(outdir, 'muster.mjs');
  await chmod(command, 0o755);
  const { stdout } = await promisify(execFile)(process.execPath, [command, 'schema'], {
    maxBuffer: maxSchema,
  });
  await writeFile(join(outdir, 'muster.schema.json'), stdout);
}

/** Bytes of the schema, at most. */
const maxSchema = 1 << 22;

/** Bundles into `dist/`: the `muster` command, and the functions. */
if (import.meta.main) {
  await rm('dist', { recursive: true, force: true });
  await buildCommand();
  await buildFunctions();
}

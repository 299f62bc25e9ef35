import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { bundlePlugins } from './build-functions.ts';

/** Bundles the `muster` command: one entry, and a chunk for each part that is only loaded when it is used. */
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
  await chmod(join(outdir, 'muster.mjs'), 0o755);
}

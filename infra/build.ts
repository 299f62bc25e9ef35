import { chmod, rm } from 'node:fs/promises';
import { build } from 'esbuild';
import { buildFunctions, requireBanner } from './build-functions.ts';

/**
 * Bundles into `dist/`: the `muster` command, one entry and a chunk for each part that is only loaded when it is
 * used; and the functions.
 */
await rm('dist', { recursive: true, force: true });
await build({
  entryPoints: { muster: 'lib/cli/main.ts' },
  outdir: 'dist',
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  sourcemap: true,
  legalComments: 'none',
  banner: { js: requireBanner },
  logLevel: 'warning',
});
await chmod('dist/muster.mjs', 0o755);
await buildFunctions();

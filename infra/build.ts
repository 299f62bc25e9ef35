import { chmod, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const [outdir = 'dist'] = process.argv.slice(2);

/**
 * Bundles the `muster` command into `dist/`, or the folder named on the command line: one entry, and a chunk for each
 * part that is only loaded when it is used. The banner gives bundled CommonJS packages the `require` that they expect.
 */
await rm(outdir, { recursive: true, force: true });
await build({
  entryPoints: { muster: 'lib/cli/main.ts' },
  outdir,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  sourcemap: true,
  legalComments: 'none',
  banner: {
    js: "import { createRequire as musterRequire } from 'node:module'; const require = musterRequire(import.meta.url);",
  },
  logLevel: 'warning',
});
await chmod(join(outdir, 'muster.mjs'), 0o755);

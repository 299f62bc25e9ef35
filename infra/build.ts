import { chmod, rm } from 'node:fs/promises';
import { build } from 'esbuild';

/**
 * Bundles the `muster` command into `dist/`: one entry, and a chunk for each part that is only loaded when it is
 * used. The banner gives bundled CommonJS packages the `require` that they expect.
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
  banner: {
    js: "import { createRequire as musterRequire } from 'node:module'; const require = musterRequire(import.meta.url);",
  },
  logLevel: 'warning',
});
await chmod('dist/muster.mjs', 0o755);

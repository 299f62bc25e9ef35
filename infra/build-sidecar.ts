import { build, type Plugin } from 'esbuild';
import { bundlePlugins } from './build-functions.ts';

/** Bundles `muster sync` into one file that needs nothing beside it but Node; the other commands are left out. */
export async function buildSidecar(outfile = 'dist/sidecar/muster.mjs'): Promise<void> {
  await build({
    entryPoints: ['lib/cli/main.ts'],
    outfile,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    legalComments: 'none',
    plugins: [syncAlone, ...bundlePlugins()],
    logLevel: 'error',
  });
}

/** In place of every other command an empty module: the command line then calls it unknown. */
const syncAlone: Plugin = {
  name: 'sync-alone',
  setup(bundler) {
    bundler.onResolve({ filter: /^\.\// }, ({ importer, kind, path }) =>
      kind === 'dynamic-import' && importer.endsWith('/run-muster.ts') && path !== './sync.ts'
        ? { path, namespace: 'left-out' }
        : undefined,
    );
    // The one command that is made by a function, for which nothing is made, too.
    const contents = 'export const completionOf = () => undefined;';
    bundler.onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({ contents }));
  },
};

if (import.meta.main) await buildSidecar();

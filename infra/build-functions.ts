import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { lazyBuiltins } from './lazy-builtins.ts';
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
  const modules = Object.entries(metafile.outputs).filter(([file]) => file.endsWith('.mjs'));
  return { name, folder: outdir, bytes: modules.reduce((sum, [, { bytes }]) => sum + bytes, 0), metafile };
}

/** Parts of packages that a function never reaches, and what stands in their place; a third of a bundle's size. */
const replacements: readonly { readonly filter: RegExp; readonly contents: string }[] = [
  // zod's messages in other languages.
  { filter: /\/zod\/v4\/locales\/index\.js$/, contents: "export { default as en } from './en.js';" },
  // undici's fetch, WebSocket, caches and mocks: lib/http takes its pool alone.
  {
    filter: /\/undici\/index\.js$/,
    contents: "module.exports = { Pool: require('./lib/dispatcher/pool.js') };",
  },
  // undici's experimental parser, and its parser for processors without SIMD: Lambda has none of these.
  { filter: /\/undici\/lib\/(milo\/|llhttp\/llhttp-wasm)/, contents: 'module.exports = undefined;' },
];

/** A body is never an IncomingMessage here; the size of an answer's head is Node's own default. */
const undiciBuiltins = {
  assert:
    "module.exports = (ok, message) => { if (!ok) throw new Error(message ?? 'undici: assertion failed'); };",
  http: 'module.exports = { IncomingMessage: class {}, maxHeaderSize: 16384 };',
};

const slimPackages: Plugin = {
  name: 'slim',
  setup(bundler) {
    // What undici takes of two of Node's modules at its start, one of which loads a dozen others.
    for (const [name, contents] of Object.entries(undiciBuiltins)) {
      bundler.onResolve({ filter: new RegExp(`^node:${name}$`) }, ({ importer, path }) =>
        /\/undici\/lib\//.test(importer) ? { path, namespace: 'undici' } : undefined,
      );
      bundler.onLoad({ filter: new RegExp(`^node:${name}$`), namespace: 'undici' }, () => ({ contents }));
    }
    // undici loads its HTTP/2, and with it Node's, before a server has chosen that.
    bundler.onResolve({ filter: /\/client-h2\.js\?whole$/ }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path.replace('?whole', '')),
      suffix: '?whole',
    }));
    bundler.onLoad({ filter: /\/undici\/lib\/dispatcher\/client-h2\.js$/ }, ({ suffix }) =>
      suffix === ''
        ? { contents: "module.exports = (...given) => require('./client-h2.js?whole')(...given);" }
        : undefined,
    );
    for (const { filter, contents } of replacements) bundler.onLoad({ filter }, () => ({ contents }));
  },
};

/** What every bundle of Muster is made with, in this order: what undici is given goes before what all are given. */
export function bundlePlugins(): Plugin[] {
  return [stampRevision, slimPackages, lazyBuiltins];
}

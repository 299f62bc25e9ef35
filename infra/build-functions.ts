import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';

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
    plugins: [slimPackages],
    banner: { js: requireBanner },
    logLevel: 'warning',
  });
  const modules = Object.entries(metafile.outputs).filter(([file]) => file.endsWith('.mjs'));
  return { name, folder: outdir, bytes: modules.reduce((sum, [, { bytes }]) => sum + bytes, 0), metafile };
}

/** Gives bundled CommonJS packages the `require` that they expect. */
export const requireBanner =
  "import { createRequire as musterRequire } from 'node:module'; const require = musterRequire(import.meta.url);";

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

export const slimPackages: Plugin = {
  name: 'slim',
  setup(bundler) {
    // undici takes one function of node:assert, which loads another dozen modules of Node.
    bundler.onResolve({ filter: /^node:assert$/ }, ({ importer }) =>
      /\/undici\/lib\//.test(importer) ? { path: 'node:assert', namespace: 'builtin' } : undefined,
    );
    bundler.onLoad({ filter: /^node:assert$/, namespace: 'builtin' }, () => ({
      contents:
        "module.exports = (ok, message) => { if (!ok) throw new Error(message ?? 'undici: assertion failed'); };",
    }));
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
    // An import of node:http asks for all that it exports, and so loads Node's own fetch: 70 ms of CPU at each start.
    bundler.onResolve({ filter: /^(node:)?http$/ }, () => ({ path: 'node:http', namespace: 'builtin' }));
    bundler.onLoad({ filter: /^node:http$/, namespace: 'builtin' }, () => ({
      contents: "module.exports = process.getBuiltinModule('node:http');",
    }));
  },
};

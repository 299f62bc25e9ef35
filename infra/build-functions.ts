import { readdir, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { basename, join } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
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
 * Bundles the files of `functions/`, or those that are named: a minified ES module `index.mjs`, and beside it chunks
 * for what not every invocation needs, so that a start reads only what it uses. The SDK is bundled too: its version is
 * ours. The licences of the bundled packages are beside it.
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

/** Modules of Node that it has loaded by itself when a bundle starts, or that take no time. */
const early: ReadonlySet<string> = new Set([
  'node:assert',
  'node:async_hooks',
  'node:buffer',
  'node:events',
  'node:fs',
  'node:fs/promises',
  'node:os',
  'node:path',
  'node:stream',
  'node:stream/promises',
  'node:timers',
  'node:timers/promises',
  'node:url',
]);

/**
 * Loads Node's other modules when something of them is first used. An import in a bundle would load them all at the
 * start, and ask them for all that they export: `node:tls` takes 15 ms of CPU, `node:http` with Node's fetch behind it
 * 70.
 */
export const lazyBuiltins: Plugin = {
  name: 'lazy-builtins',
  setup(bundler) {
    bundler.onResolve({ filter: /^[a-z]/ }, ({ path, kind }) => {
      if (!isBuiltin(path)) return undefined;
      const name = path.replace(/^(node:)?/, 'node:');
      if (kind === 'import-statement' && early.has(name)) return { path: name, external: true };
      if (kind !== 'dynamic-import') return { path: name, namespace: 'builtin' };
      // A call of import() is late by itself, and only that one brings too much with it.
      return name === 'node:http' ? { path: name, namespace: 'imported-builtin' } : undefined;
    });
    bundler.onLoad({ filter: /.*/, namespace: 'builtin' }, async ({ path }) => ({
      contents: lateNames(path, (await import(path)).default),
    }));
    bundler.onLoad({ filter: /.*/, namespace: 'imported-builtin' }, async ({ path }) => ({
      contents: plainNames(path, (await import(path)).default),
    }));
  },
};

function loadText(name: string): string {
  return `process.getBuiltinModule(${JSON.stringify(name)})`;
}

/** A CommonJS module with a getter for each name: esbuild asks for a name where it is used, and not before. */
function lateNames(name: string, builtin: object): string {
  // What is no plain object is more than its own names, and part of every start: node:events, node:process.
  const plain = Object.getPrototypeOf(Object.getPrototypeOf(builtin)) === null;
  if (!plain) return `module.exports = ${loadText(name)};`;
  return `
for (const name of ${JSON.stringify(Object.getOwnPropertyNames(builtin))})
  Object.defineProperty(exports, name, { enumerable: true, get: () => ${loadText(name)}[name] });
`;
}

/** An ES module without the names which Node itself makes when it is asked: behind them is what takes long. */
function plainNames(name: string, builtin: object): string {
  const names = Object.entries(Object.getOwnPropertyDescriptors(builtin)).flatMap(([key, { get }]) =>
    get === undefined ? [key] : [],
  );
  return `const all = ${loadText(name)};\nexport default all;\nexport const { ${names.join(', ')} } = all;\n`;
}

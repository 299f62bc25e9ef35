import { isBuiltin } from 'node:module';
import type { Plugin } from 'esbuild';

/**
 * Loads Node's own modules when something of them is first used. An import in a bundle would load them all at the start,
 * and ask them for all that they export: `node:tls` takes 15 ms of CPU, `node:http` with Node's fetch behind it 70.
 */
export const lazyBuiltins: Plugin = {
  name: 'lazy-builtins',
  setup(bundler) {
    bundler.onResolve({ filter: /^[a-z]/ }, ({ path, kind }) => {
      if (kind === 'dynamic-import' || !isBuiltin(path)) return undefined;
      return { path: path.replace(/^(node:)?/, 'node:'), namespace: 'builtin' };
    });
    bundler.onLoad({ filter: /.*/, namespace: 'builtin' }, async ({ path }) => ({
      contents: contentsFor(path, (await import(path)).default),
    }));
  },
};

/** A CommonJS module with a getter for each name: esbuild asks for a name where it is used, and not before. */
function contentsFor(name: string, builtin: object): string {
  const load = `process.getBuiltinModule(${JSON.stringify(name)})`;
  // Those that are functions themselves are part of every start: node:events, node:stream.
  if (typeof builtin === 'function') return `module.exports = ${load};`;
  return `
for (const name of ${JSON.stringify(Object.keys(builtin))})
  Object.defineProperty(exports, name, { enumerable: true, get: () => ${load}[name] });
`;
}

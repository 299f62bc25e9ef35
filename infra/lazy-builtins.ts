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
      if (!isBuiltin(path)) return undefined;
      const name = path.replace(/^(node:)?/, 'node:');
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

import { createRequire, enableCompileCache, registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import circus from 'jest-circus/runner';
import { draws } from '../counts.ts';
import { useGlobals } from './globals.mjs';

enableCompileCache();

// Node takes seconds to take a large heap apart, which process.exit() leaves to the system.
process.once('beforeExit', () => process.exit());

// With MUSTER_HANDLES=1: what keeps a worker alive once Jest has let go of it.
if (process.env.MUSTER_HANDLES && process.send)
  setInterval(() => {
    if (process.listenerCount('message') === 0)
      process.stderr.write(`a worker waits for: ${process.getActiveResourcesInfo().join(', ')}\n`);
  }, 50).unref();

// A fixed seed, so that a run fails for what was changed and never by chance. To look for more: MUSTER_SEED=$RANDOM.
fc.configureGlobal({ seed: Number(process.env.MUSTER_SEED ?? 1), numRuns: draws(100) });

const globals = new URL('globals.mjs', import.meta.url).href;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === '@jest/globals' ? { url: globals, shortCircuit: true } : next(specifier, context),
});

const require = createRequire(import.meta.url);

/**
 * Jest's own runner, but Node loads the modules: TypeScript as Node reads it, each module once a worker and not once a
 * file. Only circus, which keeps the tests of a file, starts afresh.
 */
export default function runFile(globalConfig, config, environment, runtime, path, send) {
  runtime.requireInternalModule = (file) => {
    delete globalThis[Symbol.for('EVENT_HANDLERS')];
    delete require.cache[file];
    return require(file);
  };
  runtime.setGlobalsForRuntime = useGlobals;
  runtime.unstable_shouldLoadAsEsm = () => true;
  runtime.unstable_importModule = (file) => import(pathToFileURL(file).href);
  return circus.default(globalConfig, config, environment, runtime, path, send);
}

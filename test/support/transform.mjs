import { transformSync } from 'esbuild';

/** Jest transformer: TypeScript to ESM by esbuild, which the build uses too; no second compiler in the house. */
export default {
  process(source, path) {
    const { code } = transformSync(source, {
      loader: path.endsWith('x') ? 'tsx' : 'ts',
      format: 'esm',
      target: 'node24',
      sourcemap: 'inline',
      sourcefile: path,
      jsx: 'automatic',
    });
    return { code };
  },
};

import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';

/** The parts of the library, by the names under which they are imported: a file of lib/library each. */
export async function libraryParts(): Promise<readonly string[]> {
  return (await readdir('lib/library')).map((file) => file.replace(/\.ts$/, '')).sort();
}

/**
 * Writes the library's declarations into `<outdir>/types`: those of lib/library, and of what they import. They name nothing
 * but each other and Node, so that a program needs no other package to be checked against them. Throws where one does.
 */
export async function buildTypes(outdir = 'dist'): Promise<void> {
  const all = await mkdtemp(join(outdir, 'types-'));
  try {
    const compiler = join(import.meta.dirname, '../node_modules/typescript/bin/tsc');
    // It complains of inner modules whose types have no name to write, and writes the others all the same. What is wrong
    // in the sources "npm run types" reports, and a declaration that is missing fails below.
    const args = [compiler, '-p', 'tsconfig.types.json', '--outDir', all];
    await promisify(execFile)(process.execPath, args).catch(() => undefined);
    const wanted = new Set<string>();
    const open = (await libraryParts()).map((part) => join(all, `lib/library/${part}.d.ts`));
    for (let file = open.pop(); file !== undefined; file = open.pop()) {
      if (wanted.has(file)) continue;
      wanted.add(file);
      open.push(...importsOf(file, await readFile(file, 'utf8')));
    }
    for (const file of wanted) await cp(file, join(outdir, 'types', relative(all, file)));
  } finally {
    await rm(all, { recursive: true });
  }
}

/** The declarations that a declaration imports. */
function importsOf(file: string, text: string): readonly string[] {
  const names = [...text.matchAll(/(?:from |import\()['"]([^'"]+)['"]/g)].map(([, name = '']) => name);
  const foreign = names.find((name) => !name.startsWith('.') && !name.startsWith('node:'));
  if (foreign !== undefined)
    throw new Error(`${file} needs the types of ${foreign}, which a user of the library lacks`);
  return names
    .filter((name) => name.startsWith('.'))
    .map((name) => join(dirname(file), name.replace(/\.ts$/, '.d.ts')));
}

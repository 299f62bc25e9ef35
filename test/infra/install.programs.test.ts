import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { copyCommand } from '../support/command.ts';

const root = join(import.meta.dirname, '../..');
const read = async (file: string): Promise<unknown> => JSON.parse(await readFile(join(root, file), 'utf8'));
const names = z.record(z.string(), z.string()).default({});

describe('npm install of a clone', () => {
  test('finds in the lock file all that it would write there, of every platform', async () => {
    const { packages } = z
      .object({
        packages: z.record(z.string(), z.object({ optionalDependencies: names })),
      })
      .parse(await read('package-lock.json'));
    const paths = Object.keys(packages);
    const missing = Object.values(packages)
      .flatMap(({ optionalDependencies }) => Object.keys(optionalDependencies))
      .filter((name) => !paths.some((path) => path.endsWith(`node_modules/${name}`)));
    expect(missing).toEqual([]);
  });
});

describe('npm install of the package', () => {
  const execute = promisify(execFile);
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'muster-pack-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('brings the command and nothing else, and warns of a Node that is too old', async () => {
    const documents = ['docs/configuration.md', 'docs/json-output.md'];
    for (const file of ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', ...documents])
      await cp(join(root, file), join(folder, file));
    await copyCommand(join(folder, 'dist'));
    await mkdir(join(folder, 'dist/functions/consul'), { recursive: true });
    await writeFile(join(folder, 'dist/functions/consul/index.mjs'), '');
    const { stdout } = await execute('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: folder,
    });
    const [packed] = z
      .array(z.object({ files: z.array(z.object({ path: z.string() })) }))
      .parse(JSON.parse(stdout));
    const files = packed?.files.map(({ path }) => path) ?? [];
    expect(files).toContain('dist/muster.mjs');
    expect(files.filter((path) => !/^dist\/(?:lib\/)?[\w-]+\.mjs$/.test(path)).sort()).toEqual([
      ...['CHANGELOG.md', 'LICENSE', 'README.md', 'dist/THIRD-PARTY-LICENSES', 'dist/muster.schema.json'],
      ...documents,
      'package.json',
    ]);
    const manifest = z.object({ dependencies: names, engines: names }).parse(await read('package.json'));
    expect([manifest.dependencies, manifest.engines]).toEqual([{}, { node: '>=24' }]);
  });
});

test('an old Node is told what to do, and not to run another package by our name', async () => {
  const main = await readFile(join(root, 'lib/cli/main.ts'), 'utf8');
  expect(main).toContain('needs Node 24 or newer');
  expect(main).not.toContain('npx');
});

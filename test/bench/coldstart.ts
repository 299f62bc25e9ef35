import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { buildFunctions } from '../../infra/build-functions.ts';
import { nodeOptions } from '../../infra/stack/stack.ts';

/** A handler with nothing but the S3 client, which no function of ours can do without. */
const baseline = `
  import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
  const client = new S3Client({});
  export const handler = () => client.send(new GetObjectCommand({ Bucket: 'b', Key: 'k' }));
`;

/** Prints how long a new process imports the module. */
const stopwatch = `
  const start = process.hrtime.bigint();
  await import(process.argv[2]);
  process.stdout.write(String(Number(process.hrtime.bigint() - start) / 1e6));
  process.exit();
`;

/**
 * Imports each function's bundle in new processes, in turns with a bare handler, as often as the argument says (15),
 * and prints sizes and medians beside what they may be.
 */
export async function benchColdstart([rounds = '15']: readonly string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'muster-coldstart-'));
  try {
    const bundles = await buildFunctions(folder);
    const bare = await buildBaseline(folder);
    const times = new Map<string, number[]>(
      [...bundles.map(({ name }) => name), 'bare'].map((name) => [name, []]),
    );
    await writeFile(join(folder, 'stopwatch.mjs'), stopwatch);
    for (let round = 0; round < Number(rounds); round++)
      for (const [name, found] of times)
        found.push(await timeImport(folder, join(folder, name, 'index.mjs')));
    const unit = median(times.get('bare') ?? []);
    print(['function', 'bytes', 'allowed', 'init ms', 'ratio', 'allowed']);
    print(['client-s3 alone', bare, '', unit.toFixed(1), '1.00', '']);
    for (const { name, bytes } of bundles) {
      const [size, ratio] = name.startsWith('kube') ? [2_500_000, 2] : [1_500_000, 1.5];
      const time = median(times.get(name) ?? []);
      const met = bytes <= size && time / unit <= ratio ? '' : 'NOT MET';
      print([name, bytes, size, time.toFixed(1), (time / unit).toFixed(2), ratio, met]);
      if (met !== '') process.exitCode = 1;
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Bundled CommonJS packages expect a `require`. */
const requireForPackages =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

async function buildBaseline(folder: string): Promise<number> {
  const { metafile } = await build({
    stdin: { contents: baseline, resolveDir: process.cwd() },
    outfile: join(folder, 'bare/index.mjs'),
    ...{ bundle: true, minify: true, metafile: true, format: 'esm', platform: 'node', target: 'node24' },
    mainFields: ['module', 'main'],
    sourcemap: true,
    sourcesContent: false,
    legalComments: 'none',
    banner: { js: requireForPackages },
  });
  return Math.max(
    ...Object.values(metafile.outputs).map(({ bytes, entryPoint }) => (entryPoint ? bytes : 0)),
  );
}

/** With the flags that the functions run with. */
async function timeImport(folder: string, file: string): Promise<number> {
  const args = [...nodeOptions.split(' '), join(folder, 'stopwatch.mjs'), file];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: { AWS_REGION: 'us-east-1' } });
  return Number(stdout);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function print(cells: readonly (string | number)[]): void {
  process.stdout.write(
    `${cells.map((cell, index) => (index === 0 ? String(cell).padEnd(16) : String(cell).padStart(10))).join('')}\n`,
  );
}

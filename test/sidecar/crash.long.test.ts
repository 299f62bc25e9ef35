import { execFile } from 'node:child_process';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { createLimit } from '../../lib/base/concurrency.ts';
import type { Layout } from '../../lib/sidecar/mirror/round.ts';
import { builtOnce } from '../support/command.ts';
import { repeats } from '../support/counts.ts';
import { compileCache } from '../support/process.ts';
import { changing, interceptedFiles, type Operation } from './faulty-files.ts';
import { filesBeforeJobFile, storeOf, withJobFile, withProviderFiles } from './scenario.ts';
import { cleanUpAfterEach, makeFolder, roundIn, temporaries, visibleFiles } from './world.ts';

cleanUpAfterEach();

/** The program that is killed, bundled: it takes half of the CPU time to start. */
let program = '';
beforeAll(async () => {
  const folder = await builtOnce('killed-mirror', (outdir) =>
    build({
      entryPoints: [fileURLToPath(new URL('killed-mirror.ts', import.meta.url))],
      ...{ outdir, outExtension: { '.js': '.mjs' } },
      ...{ bundle: true, format: 'esm', platform: 'node', target: 'node24', logLevel: 'error' },
    }),
  );
  program = join(folder, 'killed-mirror.mjs');
});

/** All operations of an undisturbed run; a killed one does the same in the same order up to its end. */
async function operationsOn(path: string, layout: Layout): Promise<readonly Operation[]> {
  const operations: Operation[] = [];
  const files = interceptedFiles((operation) => {
    operations.push(operation);
  });
  expect((await roundIn(path, await storeOf(scenarios[layout].after), { files, layout })).errors).toEqual([]);
  return operations;
}

function runKilled(
  path: string,
  index: number,
  ...rest: readonly ['before' | 'half', Layout]
): Promise<NodeJS.Signals | null> {
  return new Promise((resolve) => {
    const env = { ...process.env, ...compileCache };
    const child = execFile(process.execPath, [program, path, String(index), ...rest], { env }, () => {});
    child.on('exit', (_, signal) => resolve(signal));
  });
}

const copyOf = async (path: string): Promise<string> => {
  const copy = await makeFolder();
  await cp(path, copy, { recursive: true, preserveTimestamps: true });
  return copy;
};

const scenarios = { provider: withProviderFiles, job: withJobFile } as const;

type Files = Readonly<Record<string, string>>;

/** A file in sight is the old or the new one, whole; the one that goes may be gone, once what replaces it is there. */
function isOldOrNew(files: Files, old: Files, { filesOf }: (typeof scenarios)[Layout]): boolean {
  const allowed: readonly Files[] = [old, filesOf.before, filesOf.after];
  return (
    Object.entries(files).every(([path, text]) => allowed.some((one) => one[path] === text)) &&
    Object.keys(old).every(
      (path) => path in files || (!(path in filesOf.after) && isReplaced(path, files, filesOf)),
    )
  );
}

/** A provider's file goes when it is retired, which is the last change of a round, or once its job has a file. */
function isReplaced(path: string, files: Files, { before }: { readonly before: Files }): boolean {
  return path in before || 'api/all.json' in files;
}

const everything: ReadonlySet<Operation['name']> = new Set([
  ...changing,
  ...(['facts', 'names', 'read', 'readPieces'] as const),
]);
/** In an empty folder there is nothing to remove, or to be compared. */
const onEmpty: ReadonlySet<Operation['name']> = new Set(
  [...everything].filter((name) => name !== 'remove' && name !== 'readPieces'),
);

/**
 * What a kill finds otherwise than a kill before it: reading changes nothing, and what was written is there for all others
 * before it is synced or closed. What a release has to outlive is a kill at each operation.
 */
const leavesTraces: ReadonlySet<Operation['name']> = new Set([
  'makeFolder',
  'create',
  'write',
  'rename',
  'remove',
]);
const everyOperation = repeats(1) > 1;

const starts: readonly (readonly [string, Layout, Layout | undefined, Files])[] = [
  ['an empty folder', 'provider', undefined, {}],
  ['a folder with an older list', 'provider', 'provider', withProviderFiles.filesOf.before],
  [
    'a folder with a file for each provider of a job that gets one file',
    'job',
    'provider',
    filesBeforeJobFile,
  ],
  ['a folder with one file for a job', 'job', 'job', withJobFile.filesOf.before],
];

describe.each(starts)('kill -9 at each change of the disk, on %s', (_, layout, first, old) => {
  const { before, after, later, filesOf } = scenarios[layout];
  // In parts, each of which has the time of a test.
  test.each([0, 1, 2])('every visible file is whole, and the next start heals: part %i', async (part) => {
    const start = await makeFolder();
    if (first !== undefined) await roundIn(start, await storeOf(before), { layout: first });
    const operations = await operationsOn(await copyOf(start), layout);
    const all = operations.flatMap(({ half }, index) => {
      const isNew = everyOperation || index === 0 || leavesTraces.has(operations[index - 1]?.name ?? 'facts');
      return [
        ...(isNew ? [{ index, mode: 'before' as const }] : []),
        ...(half === undefined ? [] : [{ index, mode: 'half' as const }]),
      ];
    });
    const kills = all.filter((_, number) => number % 3 === part);
    const limit = createLimit(3);
    const outcomes = await Promise.all(
      kills.map(({ index, mode }) =>
        limit(async () => {
          const path = await copyOf(start);
          const signal = await runKilled(path, index, mode, layout);
          const whole = isOldOrNew(await visibleFiles(path), old, scenarios[layout]);
          const other = await copyOf(path);
          const next = await roundIn(path, await storeOf(after), { layout });
          const gone = await roundIn(other, await storeOf(later), { layout });
          return {
            at: `${mode} ${index} ${operations[index]?.name}`,
            signal,
            whole,
            errors: [...next.errors, ...gone.errors],
            files: await visibleFiles(path),
            laterFiles: await visibleFiles(other),
            temporaries: [...(await temporaries(path)), ...(await temporaries(other))],
          };
        }),
      ),
    );
    expect(outcomes).toEqual(
      kills.map(({ index, mode }) => ({
        at: `${mode} ${index} ${operations[index]?.name}`,
        signal: 'SIGKILL',
        whole: true,
        errors: [],
        files: filesOf.after,
        laterFiles: filesOf.later,
        temporaries: [],
      })),
    );
    expect(new Set(operations.map(({ name }) => name))).toEqual(first === undefined ? onEmpty : everything);
  });
});

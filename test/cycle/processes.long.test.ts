import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runCycle } from '../../lib/cycle/cycle.ts';
import { createFileStore } from '../../lib/store/folder/store.ts';
import { repeats } from '../support/counts.ts';
import { compileCache } from '../support/process.ts';
import { fileOf, inputOf, listing, providerOf, readHistory } from '../support/provider.ts';

const script = join(import.meta.dirname, 'cycle-process.ts');

interface Ended {
  readonly killed: boolean;
  readonly outcome?: string;
  readonly error?: string | undefined;
}

function cycleProcess(...args: readonly (string | number)[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...compileCache };
    execFile(process.execPath, [script, ...args.map(String)], { env }, (error, stdout, stderr) => {
      if (error?.signal === 'SIGKILL') resolve({ killed: true });
      else if (error) reject(new Error(`${error.message}${stderr}`));
      else resolve({ killed: false, ...JSON.parse(stdout) });
    });
  });
}

describe('cycles in processes of their own, on one folder', () => {
  let root: string;
  let folders = 0;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'muster-cycles-'));
  });
  afterAll(() => rm(root, { recursive: true, force: true }));
  const newFolder = () => join(root, String(++folders));

  test('three at once, again and again: no version lost or doubled, the newest is published', async () => {
    for (let round = 0; round < repeats(8); round++) {
      const folder = newFolder();
      const store = createFileStore(folder);
      if (round % 2 === 0)
        await runCycle(
          providerOf(() => listing(12)),
          inputOf(store, { run: 'first' }),
        );
      const ended = await Promise.all(
        [12, 13, 14].map((count, index) =>
          cycleProcess(folder, count, `v${(round + index) % 3}`, 'jitter', 8),
        ),
      );
      expect(ended.filter(({ error, killed }) => killed || error !== undefined)).toEqual([]);
      const history = await readHistory(store);
      expect(new Set(history.runs).size).toBe(history.version);
      expect(history.snapshotVersion).toBe(history.version);
      expect(history.file).toBe(fileOf(history));
      await store[Symbol.asyncDispose]();
    }
  });

  test.each(['before', 'after'])(
    'killed %s each operation in turn: no gap, no torn file, the next run heals',
    async (when) => {
      for (let at = 1; ; at++) {
        const folder = newFolder();
        const store = createFileStore(folder);
        await runCycle(
          providerOf(() => listing(12)),
          inputOf(store, { run: 'first' }),
        );
        const { killed } = await cycleProcess(folder, 13, 'new', 'kill', when, at);
        const between = await readHistory(store);
        expect([1, 2].map((version) => fileOf(between, version))).toContain(between.file);
        await runCycle(
          providerOf(() => listing(13, 'new')),
          inputOf(store, { run: 'next' }),
        );
        const history = await readHistory(store);
        expect(history).toMatchObject({
          version: 2,
          snapshotVersion: 2,
          publishedVersion: 2,
          file: fileOf(history, 2),
        });
        await store[Symbol.asyncDispose]();
        if (!killed) {
          expect(at).toBeGreaterThan(10);
          break;
        }
      }
    },
  );
});

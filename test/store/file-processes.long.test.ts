import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { bytes, failure, isWhole, text } from '../../lib/store/contract/probe.ts';
import { createFileStore } from '../../lib/store/folder/store.ts';
import { compileCache } from '../support/process.ts';
import { newFolder } from './folders.ts';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

interface Worker {
  readonly process: ChildProcess;
  /** What it printed to standard error. */
  readonly complaints: readonly string[];
  /** The next line that it prints. */
  line(): Promise<string | undefined>;
  begin(): void;
  kill(): Promise<void>;
}

/** A worker that has started and waits for its sign. */
async function startWorker(task: string, folder: string): Promise<Worker> {
  const script = join(import.meta.dirname, 'file-worker.ts');
  const child = spawn(process.execPath, [script, task, folder], {
    stdio: 'pipe',
    env: { ...process.env, ...compileCache },
  });
  const complaints: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (complaint: string) => complaints.push(complaint));
  children.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async () => (await lines.next()).value;
  expect(await line()).toBe('ready');
  return {
    process: child,
    complaints,
    line,
    begin: () => child.stdin.write('go\n'),
    async kill() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

describe('processes that share a folder', () => {
  test('20 that create one key: one of them does, and none prints a warning', async () => {
    const folder = await newFolder();
    const workers = await Promise.all(Array.from({ length: 20 }, () => startWorker('create', folder)));
    for (const worker of workers) worker.begin();
    const outcomes = await Promise.all(workers.map((worker) => worker.line()));
    expect(outcomes.toSorted()).toEqual([...Array(19).fill('conflict'), 'done']);
    expect(workers.flatMap(({ complaints }) => complaints)).toEqual([]);
    const winner = workers[outcomes.indexOf('done')];
    expect(await text(createFileStore(folder), 'one')).toBe(`${winner?.process.pid}`);
  });

  test('20 that add to one number: no addition is lost', async () => {
    const folder = await newFolder();
    const store = createFileStore(folder);
    await store.put('number', bytes('0'), { condition: 'create' });
    const workers = await Promise.all(Array.from({ length: 20 }, () => startWorker('count', folder)));
    for (const worker of workers) worker.begin();
    expect(await Promise.all(workers.map((worker) => worker.line()))).toEqual(Array(20).fill('done'));
    expect(await text(store, 'number')).toBe('200');
    expect(await readdir(join(folder, '.tmp'))).toEqual([]);
  });

  test('kill -9 of a writer leaves a whole file, a free lock, and nothing that the next start does not clean up', async () => {
    const folder = await newFolder();
    const reader = createFileStore(folder);
    for (let round = 0; round < 8; round++) {
      const worker = await startWorker('churn', folder);
      worker.begin();
      while ((await reader.head('deep/er/one')) === undefined) await sleep(5);
      // Where in one of its writes it dies is left to chance.
      await sleep(Math.random() * 60);
      await worker.kill();
      const found = await reader.get('deep/er/one');
      expect(found !== undefined && isWhole(found.body)).toBe(true);
      const next = createFileStore(folder);
      await next.put('next', bytes(`${round}`), { condition: 'any' });
      expect(await readdir(join(folder, '.tmp'))).toEqual([]);
    }
    expect((await reader.list('')).map(({ key }) => key)).toEqual(['deep/er/one', 'next']);
  });

  test('a holder of the lock that is killed sets it free', async () => {
    const folder = await newFolder();
    const worker = await startWorker('die', folder);
    const ended = once(worker.process, 'exit');
    worker.begin();
    expect(await ended).toEqual([null, 'SIGKILL']);
    const store = createFileStore(folder);
    await store.put('a', bytes('x'), { condition: 'create', signal: AbortSignal.timeout(10_000) });
    expect(await text(store, 'a')).toBe('x');
  });

  test('a holder that hangs ends the others’ calls with their deadline, and lets them read', async () => {
    const folder = await newFolder();
    const store = createFileStore(folder);
    await store.put('a', bytes('old'), { condition: 'create' });
    const worker = await startWorker('hold', folder);
    worker.begin();
    expect(await worker.line()).toBe('holding');
    const late = store.put('a', bytes('new'), { condition: 'any', signal: AbortSignal.timeout(300) });
    expect(await failure(late)).toMatchObject({
      kind: 'timeout',
      message: `${store.url}: writing a was cut off by the deadline`,
    });
    expect([await text(store, 'a'), await readdir(join(folder, '.tmp'))]).toEqual(['old', []]);
    await worker.kill();
    await store.put('a', bytes('new'), { condition: 'any', signal: AbortSignal.timeout(10_000) });
    expect(await text(store, 'a')).toBe('new');
  });

  test('only what dead writers left is cleaned up', async () => {
    const folder = await newFolder();
    const worker = await startWorker('write', folder);
    worker.begin();
    expect(await worker.line()).toBe('writing');
    const [theirs = ''] = await readdir(join(folder, '.tmp'));
    const [machine, livingId, id] = theirs.split('.');
    const living = `${machine}.${livingId}.00000000-0000-0000-0000-000000000000`;
    const elsewhere = `00000000.1.${id}`;
    for (const name of [living, elsewhere, 'notes.txt']) await writeFile(join(folder, '.tmp', name), 'x');
    await createFileStore(folder).put('b', bytes('x'), { condition: 'any' });
    expect((await readdir(join(folder, '.tmp'))).toSorted()).toEqual(
      [theirs, living, elsewhere, 'notes.txt'].toSorted(),
    );
    await worker.kill();
    await createFileStore(folder).put('b', bytes('x'), { condition: 'any' });
    expect((await readdir(join(folder, '.tmp'))).toSorted()).toEqual([elsewhere, 'notes.txt'].toSorted());
  });

  // Elsewhere than on tmpfs the readings of a folder are whole, so that there is nothing to be seen.
  const memory = '/dev/shm';
  (existsSync(memory) ? test : test.skip)(
    'are listed whole on tmpfs while others are renamed over them',
    async () => {
      const folder = await mkdtemp(join(memory, 'muster-'));
      try {
        await mkdir(join(folder, 'many'));
        for (let number = 0; number < 3000; number++) await writeFile(join(folder, 'many', `${number}`), 'x');
        const worker = await startWorker('replace', folder);
        worker.begin();
        const store = createFileStore(folder);
        const sizes: number[] = [];
        for (let listing = 0; listing < 60; listing++) sizes.push((await store.list('many/')).length);
        await worker.kill();
        expect(sizes).toEqual(Array(60).fill(3000));
      } finally {
        await rm(folder, { recursive: true });
      }
    },
    60_000,
  );
});

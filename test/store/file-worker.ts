import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { holdLock } from '../../lib/base/locks.ts';
import { bytes, failure, outcome, text, whole } from '../../lib/store/contract/probe.ts';
import { createFileStore } from '../../lib/store/folder/store.ts';

/**
 * A process beside others on one folder: `file-worker.ts <task> <folder>`. It prints `ready`, begins when its standard
 * input says something, and prints what came of it.
 */
const tasks: Readonly<Record<string, (folder: string) => Promise<unknown>>> = {
  /** Tries to create one key. */
  async create(folder) {
    return outcome(createFileStore(folder).put('one', bytes(`${process.pid}`), { condition: 'create' }));
  },
  /** Adds 1 to a number, ten times, again whenever another was faster. */
  async count(folder) {
    const store = createFileStore(folder);
    for (let added = 0; added < 10; ) {
      const found = await store.get('number');
      if (found === undefined) throw new Error('the number is gone');
      const next = Number(new TextDecoder().decode(found.body)) + 1;
      if ((await outcome(store.put('number', bytes(`${next}`), { condition: found }))) === 'done') added++;
    }
    return 'done';
  },
  /** Writes one key for ever, as fast as it can. */
  async churn(folder) {
    const store = createFileStore(folder);
    for (let number = 1; ; number = (number % 200) + 1) {
      await store.put('deep/er/one', whole(number), { condition: 'any' });
    }
  },
  /** Renames files over 3,000 others for ever, as many writers would. */
  async replace(folder) {
    const spare = join(folder, '.tmp');
    mkdirSync(spare, { recursive: true });
    for (let number = 0; ; number = (number + 7) % 3000) {
      writeFileSync(join(spare, 'next'), 'x');
      renameSync(join(spare, 'next'), join(folder, 'many', `${number}`));
    }
  },
  /** Tries to write on a disk that will not have it; prints the errors, the old object and what is left over. */
  async trouble(folder) {
    const store = createFileStore(folder);
    const put = await failure(store.put('a', new Uint8Array(4e6), { condition: 'any' }));
    const verify = await failure(store.verify());
    const lines = [put, verify].map(({ kind, message }) => `${kind} ${message}`);
    return JSON.stringify([...lines, await text(store, 'a'), readdirSync(`${folder}/.tmp`)]);
  },
  /** Dies while it holds the lock. */
  async die(folder) {
    await holdLock(`${folder}/.lock`, () => process.kill(process.pid, 'SIGKILL'));
  },
  /** Is in the middle of a write, before it takes the lock, until it is killed. */
  async write(folder) {
    const body = {
      *chunks() {
        yield bytes('half');
        process.stdout.write('writing\n');
        waitForever();
      },
    };
    await createFileStore(folder).put('deep/er/one', body, { condition: 'any' });
  },
  /** Holds the lock until it is killed. */
  async hold(folder) {
    await holdLock(`${folder}/.lock`, () => {
      process.stdout.write('holding\n');
      waitForever();
    });
  },
};

function waitForever(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

const [task = '', folder = ''] = process.argv.slice(2);
process.stdout.write('ready\n');
process.stdin.once('data', async () => {
  process.stdout.write(`${await tasks[task]?.(folder)}\n`);
  process.exit();
});

import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { MusterError } from '../../../lib/base/errors.ts';
import { createStatusReader, readOverview } from '../../../lib/sidecar/serve/providers.ts';
import { createMemoryStore } from '../../../lib/store/memory.ts';
import { fileOf, fill, retiredOf, statusOf } from '../../support/bucket.ts';
import { cleanUpAfterEach, makeFolder, openTestFolder, round } from '../world.ts';

cleanUpAfterEach();

const now = Date.parse('2026-01-01T00:05:00.000Z');
const confirmed = { at: '2026-01-01T00:00:00.000Z', targets: 7 };

test('says of each provider what a person should know, the worst first', async () => {
  const store = createMemoryStore();
  const names = ['early', 'gone', 'left', 'newer', 'older', 'silent', 'well'].map((job) => `${job}/dns-0`);
  for (const name of names) await fill(store, fileOf(name, 5, ['a:1']));
  const folder = await openTestFolder(await makeFolder());
  await round(store, folder);
  await fill(
    store,
    { 'targets/gone/dns-0.json': undefined },
    fileOf('older/dns-0', 4, ['a:1']),
    { 'targets/lacking/dns-0.json': '{}', 'status/newer/dns-0.json': '{"schema":2}' },
    retiredOf('retired/dns-0', 3),
  );
  for (const name of ['gone', 'older', 'lacking'].map((job) => `${job}/dns-0`))
    await fill(store, statusOf(name));
  const listed = await store.list('targets/');
  const files = (name: string) =>
    listed.filter(({ key }) => key === `targets/${name}.json`).map(({ key, etag }) => ({ key, etag }));
  await fill(
    store,
    statusOf('well/dns-0', { files: files('well/dns-0') }),
    statusOf('left/dns-0', { files: files('left/dns-0'), confirmed }),
    statusOf('early/dns-0', { last_success: '2027-01-01T00:00:00.000Z' }),
  );
  await round(store, folder);
  const statuses = createStatusReader(store);
  const { providers, errors } = await readOverview({
    sources: [{ name: '', store, folder, ready: () => true, statuses }],
    staleAfter: 15 * 60_000,
    now,
  });
  expect(errors).toEqual([]);
  expect(providers.map(({ job, state, reason }) => [job, state, reason])).toEqual([
    ['early', 'stale', 'its status is dated in the future: the clock of its function is wrong'],
    [
      'lacking',
      'missing',
      'there is no good file of it, so its job is not served: targets/lacking/dns-0.json is not file_sd JSON: the file is not a list of groups',
    ],
    [
      'gone',
      'orphaned',
      'its file stays: the store no longer lists it and has no tombstone for it; if it is gone for good, "muster sync --once --remove-orphans" removes it',
    ],
    ['older', 'refused', expect.stringContaining('older than version 5 of the file on disk')],
    [
      'left',
      'confirmed',
      '7 targets left after a hold that nobody accepted; muster history --job left --provider dns-0 shows which',
    ],
    ['newer', 'unknown', expect.stringContaining('was written by a newer Muster (schema 2')],
    ['silent', 'unknown', 'the store has no status of it: nobody knows how old its list is'],
    ['well', 'ok', ''],
  ]);
});

/** A store whose statuses are read one by one, each when the test says so. */
function slowStore() {
  const store = createMemoryStore();
  const waiting: (() => void)[] = [];
  const lists: string[] = [];
  return {
    lists,
    store,
    async answer(count: number) {
      for (let done = 0; done < count; ) {
        await turn();
        const next = waiting.shift();
        if (next === undefined) continue;
        next();
        done += 1;
      }
      await turn();
    },
    slow: {
      ...store,
      async list(...args: Parameters<typeof store.list>) {
        lists.push(args[0]);
        return store.list(...args);
      },
      async get(...args: Parameters<typeof store.get>) {
        await new Promise<void>((resolve) => waiting.push(resolve));
        return store.get(...args);
      },
    },
  };
}

test('a page shows the statuses that are known by then, while the others are still read', async () => {
  const { store, slow, answer, lists } = slowStore();
  for (const job of ['a', 'b', 'c']) await fill(store, statusOf(`${job}/dns-0`));
  let time = 0;
  const read = createStatusReader(slow, { patience: 20, now: () => time });
  const known = async () => {
    const { byKey, error } = await read();
    return [[...byKey.values()].map(({ job }) => job).sort(), error];
  };
  await answer(0);
  const first = known();
  await answer(2);
  expect(await first).toEqual([['a', 'b'], 'the statuses are still being read']);
  // However long it takes, nobody starts a second reading beside it.
  time = 60_000;
  expect(await known()).toEqual([['a', 'b'], 'the statuses are still being read']);
  expect(lists).toEqual(['status/']);
  await answer(1);
  expect(await read()).toEqual({ byKey: expect.anything(), problems: new Map(), error: undefined });
  expect(lists).toEqual(['status/', 'status/']);
});

test('a reading that runs out of time keeps what it has read, and the next one reads the rest', async () => {
  const { store, slow, answer } = slowStore();
  for (const job of ['a', 'b', 'c']) await fill(store, statusOf(`${job}/dns-0`));
  const asked: string[] = [];
  const counted = {
    ...slow,
    async get(...args: Parameters<typeof store.get>) {
      asked.push(args[0]);
      // Of the first reading the third never comes.
      if (asked.length === 3) throw new MusterError('timeout', 'no answer');
      return slow.get(...args);
    },
  };
  const read = createStatusReader(counted, { maxAge: 0, now: () => 0 });
  const first = read();
  await answer(2);
  expect((await first).error).toBe('no answer');
  const second = read();
  await answer(1);
  const { byKey, error } = await second;
  expect([[...byKey.values()].map(({ job }) => job).sort(), error]).toEqual([['a', 'b', 'c'], undefined]);
  expect(asked.sort()).toEqual(['a', 'b', 'c', 'c'].map((job) => `status/${job}/dns-0.json`));
});

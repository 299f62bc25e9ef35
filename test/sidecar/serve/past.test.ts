import { gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { runCycle } from '../../../lib/cycle/cycle.ts';
import { createMemoryStore } from '../../../lib/store/memory.ts';
import type { ObjectStore } from '../../../lib/store/store.ts';
import { folders, storeKey } from '../../../lib/targets/keys.ts';
import { polled } from '../../support/poll.ts';
import { listing, providerOf } from '../../support/provider.ts';
import { cleanUpAfterEach } from '../world.ts';
import { startTestServer, type TestServer } from './test-server.ts';

cleanUpAfterEach();

async function publish(store: ObjectStore, count: number, prefix: string, minute: number): Promise<void> {
  const now = () => new Date(Date.UTC(2026, 2, 1, 12, minute));
  await runCycle(
    providerOf(() => listing(count, '', prefix)),
    { store, run: prefix, now },
  );
}

async function emptied(store: ObjectStore): Promise<void> {
  await store.delete(storeKey);
  for (const folder of Object.values(folders))
    for (const { key } of await store.list(folder)) await store.delete(key);
}

const json = async (server: TestServer, path: string) =>
  JSON.parse((await server.get(`/api/v1${path}`)).text);

test('a store that was emptied and filled again shows its own past, in the feed and in the chart', async () => {
  const store = createMemoryStore();
  await publish(store, 5, 'old', 0);
  const server = await startTestServer(store, { now: () => Date.UTC(2026, 2, 1, 13) });
  const runs = async () =>
    (await json(server, '/changes?job=api')).items.map((one: Record<string, unknown>) => one.run);
  expect(await runs()).toEqual(['old']);
  expect((await json(server, '/history?job=api')).points).toEqual([[Date.UTC(2026, 2, 1, 12) / 1000, 5]]);
  await emptied(store);
  await publish(store, 3, 'new', 30);
  // All who look within two seconds share one reading of the statuses.
  expect(await polled(runs, ['new'])).toEqual(['new']);
  expect((await json(server, '/history?job=api')).points).toEqual([[Date.UTC(2026, 2, 1, 12, 30) / 1000, 3]]);
});

test('an entry that a later Muster wrote is named, and those around it are shown', async () => {
  const store = createMemoryStore();
  for (const count of [1, 2, 3]) await publish(store, count, `run-${count}`, count);
  const key = 'journal/api/consul-0/000000000002.json.gz';
  const body = gzipSync('{"schema":3,"version":2,\n"added":[],\n"removed":[],\n"changed":[]}\n');
  await store.put(key, body, { condition: 'any' });
  const server = await startTestServer(store, { now: () => Date.UTC(2026, 2, 1, 13) });
  const { items } = await json(server, '/changes?job=api');
  expect(items.map(({ version, problem }: Record<string, unknown>) => [version, problem])).toEqual([
    [3, undefined],
    [2, expect.stringMatching(`^${key}: the journal entry was written by a newer Muster \\(schema 3`)],
    [1, undefined],
  ]);
  expect((await server.get('/changes?job=api')).text).toContain('was written by a newer Muster');
});

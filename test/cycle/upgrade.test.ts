import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { pinProvider } from '../../lib/cycle/operate.ts';
import { decodeSnapshot } from '../../lib/cycle/snapshot.ts';
import { readTombstone } from '../../lib/cycle/tombstone.ts';
import { createFileStore } from '../../lib/store/folder/store.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { manifestKey, snapshotKey } from '../../lib/targets/keys.ts';
import { fileOf, smallBlocks as limits, readHistory } from '../support/provider.ts';
import { openScenario, targets } from './scenario.ts';

const recorded = join(import.meta.dirname, '../golden/buckets/0.1');
const pods = { job: 'pods', provider: 'kubernetes-0' };
const web = { job: 'shop/web', provider: 'consul-0' };
const held = { job: 'held', provider: 'consul-0' };
const pinned = { job: 'pinned', provider: 'consul-0' };
const gone = { job: 'gone', provider: 'http-0' };

let folder: string;
let store: ObjectStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-upgrade-'));
  await cp(recorded, folder, { recursive: true });
  store = createFileStore(folder);
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** The provider's cycles, hours after the bucket was recorded. */
function goOn(options: Parameters<typeof openScenario>[0]) {
  const scenario = openScenario(options, store);
  scenario.minutes = 600;
  return scenario;
}

async function hasBlocks(id: typeof pods): Promise<boolean> {
  const found = await store.get(snapshotKey(id));
  return found !== undefined && (await decodeSnapshot(found.body)).blocks !== undefined;
}

describe('the bucket that the cycles before blocks left', () => {
  test('a list in one object keeps its version and its targets, and is quiet', async () => {
    const list = targets(0, 410, { __meta_changed: 'yes' });
    const scenario = goOn({ ...pods, shards: 'auto' });
    const results = await scenario.cycles(2, list);
    expect(results.map(({ outcome, version }) => ({ outcome, version }))).toEqual([
      // A copied file has another etag than its status says: it is written once more.
      { outcome: 'healed', version: 3 },
      { outcome: 'unchanged', version: 3 },
    ]);
    const history = await readHistory(store, pods);
    expect(history.file).toBe(fileOf(history));
    expect(await hasBlocks(pods)).toBe(false);
  });

  test.each([
    ['one object', pods, targets(0, 410, { __meta_changed: 'yes' }), 3],
    ['three parts', web, targets(0, 61), 2],
  ] as const)(
    'a list in %s moves over to blocks once, and goes on with the next version',
    async (_, id, list, version) => {
      const scenario = goOn({ ...id, shards: 'auto', limits });
      await scenario.cycle(list);
      expect(await hasBlocks(id)).toBe(true);
      const before = await store.head(snapshotKey(id));
      const manifest = await store.head(manifestKey(id));
      await scenario.cycle(list);
      expect(await store.head(snapshotKey(id))).toEqual(before);
      expect(await store.head(manifestKey(id))).toEqual(manifest);
      expect((await scenario.cycle([...list, ...targets(900, 901)])).version).toBe(version + 1);
      expect((await readHistory(store, id)).lists.map(({ size }) => size).slice(-2)).toEqual([
        list.length,
        list.length + 1,
      ]);
    },
  );

  test('a short list in blocks goes back to the layout of the release before with `shards: 1`', async () => {
    await goOn({ ...web, shards: 'auto', limits }).cycle(targets(0, 61));
    const back = goOn({ ...web, shards: 1 });
    await back.cycle(targets(0, 61));
    const history = await readHistory(store, web);
    expect({
      blocks: await hasBlocks(web),
      version: history.version,
      manifest: await store.head(manifestKey(web)),
    }).toEqual({ blocks: false, version: 2, manifest: undefined });
    expect(history.file).toBe(fileOf(history));
  });

  test('what was held stays held, then leaves when its time is over', async () => {
    const scenario = openScenario(held, store);
    scenario.minutes = 2;
    await scenario.cycle(targets(0, 5));
    expect((await scenario.published()).length).toBe(30);
    await scenario.cycles(20, targets(0, 5));
    expect((await scenario.published()).length).toBe(5);
  });

  test('a pinned list stays, and whoever pins it again finds it pinned', async () => {
    const scenario = goOn(pinned);
    await scenario.cycle(targets(0, 20));
    expect((await scenario.published()).length).toBe(12);
    const now = () => new Date(Date.UTC(2026, 0, 2));
    const operator = {
      store,
      run: 'again',
      now,
      signal: new AbortController().signal,
      by: 'ann',
      why: 'incident',
    };
    expect((await pinProvider(pinned, undefined, operator)).isNew).toBe(false);
  });

  test('a provider that was retired comes back above its tombstone', async () => {
    const tombstone = await readTombstone(store, gone);
    const { version } = await goOn(gone).cycle(targets(0, 3));
    expect({ tombstone: tombstone?.version, version }).toEqual({ tombstone: 2, version: 3 });
  });
});

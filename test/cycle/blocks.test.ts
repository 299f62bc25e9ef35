import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MusterError } from '../../lib/base/errors.ts';
import { type Block, fetchTexts, textLength, writeBlocks } from '../../lib/cycle/blocks.ts';
import { encodeJournalEntry } from '../../lib/cycle/journal.ts';
import { loadProvider } from '../../lib/cycle/load.ts';
import { decodeManifest } from '../../lib/cycle/manifest.ts';
import { pinProvider } from '../../lib/cycle/operate.ts';
import { decodeSnapshot, encodeSnapshot } from '../../lib/cycle/snapshot.ts';
import { createMemoryStore } from '../../lib/store/memory.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { decodeGroup, encodeGroup, type Groups, sortGroups, toGroups } from '../../lib/targets/canonical.ts';
import { encodeFileSd } from '../../lib/targets/file-sd.ts';
import {
  manifestKey,
  parsePartName,
  partKey,
  partsFolder,
  snapshotKey,
  statusKey,
  targetsKey,
} from '../../lib/targets/keys.ts';
import { keepLast } from '../../lib/targets/pack.ts';
import { countingStore } from '../support/counting-store.ts';
import { anyListing } from '../support/groups.ts';
import { id, smallBlocks as limits, readHistory } from '../support/provider.ts';
import { openScenario, targets } from './scenario.ts';

async function blocksOf(store: ObjectStore): Promise<readonly string[]> {
  const found = await store.get(snapshotKey(id));
  const { blocks = [] } = found === undefined ? {} : await decodeSnapshot(found.body);
  return blocks.map(({ name }) => name);
}

const operator = (store: ObjectStore) => ({
  ...{ store, limits, run: 'operator', by: 'ann', why: undefined },
  now: () => new Date(Date.UTC(2026, 0, 1, 0, 1)),
  signal: new AbortController().signal,
});

async function keysOf(store: ObjectStore): Promise<readonly string[]> {
  return (await store.list(partsFolder(id))).map(({ key }) => key.slice(partsFolder(id).length));
}

/** What the published manifest and the snapshot name, and the store has not. */
async function missingParts(store: ObjectStore): Promise<readonly string[]> {
  const found = await store.get(manifestKey(id));
  const { parts = [] } = found === undefined ? {} : decodeManifest(found.body, manifestKey(id));
  const there = new Set(await keysOf(store));
  return [...parts.map(({ name }) => name), ...(await blocksOf(store))].filter((name) => !there.has(name));
}

/** The store, which takes no write to this key. */
function refusing(store: ObjectStore, refused: string): ObjectStore {
  return {
    ...store,
    async put(key, body, options) {
      if (key === refused) throw new MusterError('denied', `${key} is refused`);
      return store.put(key, body, options);
    },
  };
}

describe('a list in blocks', () => {
  test('is read by a cycle that finds nothing new without one of its blocks, and only the status is written', async () => {
    const { store, cycle } = openScenario({ limits });
    await cycle(targets(0, 40));
    expect((await blocksOf(store)).length).toBeGreaterThan(3);
    const counting = countingStore(store);
    const quiet = openScenario({ limits }, counting.store);
    quiet.minutes = 1;
    expect((await quiet.cycle(targets(0, 40))).outcome).toBe('unchanged');
    const parts = counting.calls.filter(({ key }) => key.startsWith(partsFolder(id)));
    expect(parts.map(({ kind }) => kind)).toEqual(['head']);
    const writes = counting.calls.filter(({ kind }) => kind === 'put');
    expect(writes.map(({ key }) => key)).toEqual([statusKey(id)]);
  });

  test('one changed, added or removed group makes two new blocks at most', async () => {
    const changes = {
      changed: [...targets(0, 20), ...targets(20, 21, { a: 'b' }), ...targets(21, 40)],
      added: targets(0, 41),
      removed: [...targets(0, 20), ...targets(21, 40)],
    };
    for (const [what, next] of Object.entries(changes)) {
      const { store, cycle } = openScenario({ limits });
      await cycle(targets(0, 40));
      const before = new Set(await blocksOf(store));
      await cycle(next);
      const fresh = (await blocksOf(store)).filter((name) => !before.has(name));
      expect([what, fresh.length > 0 && fresh.length <= 2]).toEqual([what, true]);
      expect((await readHistory(store)).snapshotVersion).toBe(2);
    }
  });

  test('equal lists have equal blocks, whatever came before', async () => {
    const one = openScenario({ limits });
    await one.cycle(targets(0, 40));
    const other = openScenario({ limits });
    for (const count of [31, 44, 37, 40]) await other.cycle(targets(0, count));
    const digests = async (store: ObjectStore) => (await blocksOf(store)).map((name) => name.slice(13));
    expect(await digests(other.store)).toEqual(await digests(one.store));
  });

  test('what a version replaced stays for an hour, and goes then', async () => {
    const scenario = openScenario({ limits });
    const { store, cycle } = scenario;
    await cycle(targets(0, 40));
    const first = await blocksOf(store);
    await cycle(targets(0, 41));
    scenario.minutes = 59;
    await cycle(targets(0, 42));
    expect(await keysOf(store)).toEqual(expect.arrayContaining([...first]));
    scenario.minutes = 63;
    await cycle(targets(0, 43));
    const kept = new Set(await keysOf(store));
    const current = new Set(await blocksOf(store));
    expect(first.filter((name) => !current.has(name) && kept.has(name))).toEqual([]);
    expect([...current].filter((name) => !kept.has(name))).toEqual([]);
  });

  test('stays whole for readers where a run died on its way to one file, and an hour later it is in parts again', async () => {
    for (const next of [targets(0, 40), targets(0, 41)]) {
      const { store, cycle } = openScenario({ limits, shards: 2 });
      await cycle(targets(0, 40));
      const dying = openScenario({ shards: 1 }, refusing(store, targetsKey(id)));
      dying.minutes = 1;
      expect((await dying.cycle(targets(0, 40))).outcome).toBe('failed');
      // Another one dies before it has published what it wrote.
      const late = openScenario({ limits, shards: 2 }, refusing(store, manifestKey(id)));
      late.minutes = 63;
      await late.cycle(next);
      expect(await missingParts(store)).toEqual([]);
      const again = openScenario({ limits, shards: 2 }, store);
      again.minutes = 64;
      await again.cycle(next);
      expect(await missingParts(store)).toEqual([]);
    }
  });

  test('a lost block is noticed within as many cycles as there are blocks, and written anew', async () => {
    const { store, cycle, cycles, published } = openScenario({ limits });
    await cycle(targets(0, 40));
    const [lost = '', ...others] = await blocksOf(store);
    await store.delete(partKey(id, lost));
    const outcomes = await cycles(others.length + 1, targets(0, 40));
    expect(outcomes.map(({ outcome }) => outcome)).toContain('published');
    expect(await published()).toHaveLength(40);
    const { groups, damaged } = await loadProvider(store, id, {});
    await fetchTexts(groups.values(), { store, id });
    expect([[...groups.values()].map(decodeGroup).length, damaged]).toEqual([40, undefined]);
  });

  test('a change in a lost or damaged block heals it', async () => {
    for (const how of ['lost', 'damaged']) {
      const { store, cycle, published } = openScenario({ limits });
      await cycle(targets(0, 40));
      for (const name of await blocksOf(store)) {
        if (how === 'lost') await store.delete(partKey(id, name));
        else await store.put(partKey(id, name), Buffer.from('junk'), { condition: 'any' });
      }
      const { outcome, damaged } = await cycle(targets(0, 40, { a: 'b' }));
      expect([outcome, damaged]).toEqual([
        'published',
        'blocks of the snapshot with 40 groups cannot be read',
      ]);
      expect(await published()).toHaveLength(40);
      expect((await cycle(targets(0, 40, { a: 'b' }))).outcome).toBe('unchanged');
    }
  });

  test('a listing that lacks most of what lost blocks held is not published', async () => {
    const { store, cycle, published } = openScenario({ limits });
    await cycle(targets(0, 40));
    for (const name of await blocksOf(store)) await store.delete(partKey(id, name));
    const { outcome, error } = await cycle(targets(0, 10));
    expect([outcome, error?.code]).toEqual(['failed', 'unknown-history']);
    expect(await published()).toHaveLength(40);
  });

  test('a pinned list keeps what was in a lost block, and its journal goes on', async () => {
    const { store, cycle, published } = openScenario({ limits });
    await cycle(targets(0, 40));
    await pinProvider(id, undefined, operator(store));
    const [lost = ''] = await blocksOf(store);
    await store.delete(partKey(id, lost));
    for (let minute = 0; minute < 60; minute++) await cycle(targets(0, 41));
    expect(await published()).toHaveLength(40);
    const { version, lists } = await readHistory(store);
    expect([version, lists.at(-1)?.size]).toEqual([3, 40]);
    for (const name of await blocksOf(store)) await store.delete(partKey(id, name));
    const { error } = await cycle(targets(0, 41, { a: 'b' }));
    expect([error?.code, (await published()).length]).toEqual(['unknown-history', 40]);
  });

  test('a list grows into blocks and shrinks out of them', async () => {
    const scenario = openScenario({ limits: { ...limits, inline: 2000 } });
    const { store } = scenario;
    const counts = [];
    for (const count of [10, 40, 25, 13]) {
      // What the gate remembers of the longer list is over.
      scenario.minutes += 60;
      await scenario.cycle(targets(0, count));
      await readHistory(store);
      counts.push((await blocksOf(store)).length > 0);
    }
    expect(counts).toEqual([false, true, true, false]);
  });
});

test('a snapshot in blocks is read as it was written', async () => {
  const store = createMemoryStore();
  await fc.assert(
    fc.asyncProperty(anyListing, async (listing) => {
      const groups = toGroups(listing.filter(({ targets }) => targets.length > 0));
      const made = await writeBlocks(groups, { store, id, version: 7, limits, known: [] });
      const read = await decodeSnapshot(await encodeSnapshot({ version: 7, ...made }));
      await fetchTexts(read.groups.values(), { store, id });
      const facts = (list: typeof groups) =>
        [...list].map(([source, { json, digest, targets }]) => [source, json, digest, targets]);
      expect(facts(read.groups)).toEqual(facts(groups));
      expect(read.blocks?.map(({ name }) => name)).toEqual(made.blocks.map(({ name }) => name));
    }),
    { numRuns: 50 },
  );
});

describe('a list that came in another order than that of its sources', () => {
  const count = 400;
  const sources = Array.from(
    { length: count },
    (_, index) => `s${String((index * 7919) % count).padStart(3, '0')}`,
  );
  const listed = sources.map((source) => ({
    source,
    labels: {},
    targets: [{ __address__: `${source}:80` }],
  }));

  /** The list in packs of ten groups, and how often one was unpacked. */
  function packed() {
    const unpacked = { count: 0 };
    const keep = keepLast<string>();
    const packs = Array.from({ length: count / 10 }, () => ({}));
    const encoded = listed.map((group) => [group.source, encodeGroup(group)] as const);
    const groups = encoded.map(([source, group], index) => {
      const pack = packs[Math.floor(index / 10)] ?? {};
      const unpack = () => {
        unpacked.count += 1;
        return '';
      };
      const read = () => {
        keep(pack, unpack);
        return group.json;
      };
      const { digest, length, targets } = group;
      return [
        source,
        {
          digest,
          length,
          targets,
          pack,
          get json() {
            return read();
          },
        },
      ] as const;
    });
    return { groups: sortGroups(new Map(groups)), unpacked };
  }

  test('is written in blocks with each pack unpacked once for each run of texts', async () => {
    const { groups, unpacked } = packed();
    const store = createMemoryStore();
    const made = await writeBlocks(groups, { store, id, version: 1, limits, known: [] });
    const runs = Math.ceil(textLength(groups) / (16 * limits.most));
    expect([runs, unpacked.count <= (runs * count) / 10]).toEqual([2, true]);
    const plain = createMemoryStore();
    const other = await writeBlocks(toGroups(listed), { store: plain, id, version: 1, limits, known: [] });
    expect(made.blocks).toEqual(other.blocks);
  });

  test('is journalled and printed with each pack unpacked once', async () => {
    const head = { version: 1, at: '2026-01-01T00:00:00.000Z', reason: 'discovered', run: 'a' } as const;
    const none = new Map();
    const writers = [
      (added: Groups) => encodeJournalEntry({ ...head, change: { added, removed: none, changed: none } }),
      (groups: Groups) => Promise.resolve(encodeFileSd(groups)),
    ];
    for (const write of writers) {
      const { groups, unpacked } = packed();
      expect(await write(groups)).toEqual(await write(toGroups(listed)));
      expect(unpacked.count).toBeLessThanOrEqual(count / 10);
    }
  });
});

test('a block is used again only where the snapshot in place names it', async () => {
  const store = createMemoryStore();
  const write = (groups: Groups, version: number, known: readonly Block[]) =>
    writeBlocks(groups, { store, id, version, limits, known });
  const first = await write(toGroups(targets(0, 40)), 1, []);
  const names = ({ blocks }: { readonly blocks: readonly Block[] }) => blocks.map(({ name }) => name);
  expect(names(await write(first.groups, 2, first.blocks))).toEqual(names(first));
  const [gone, ...rest] = first.blocks;
  const again = names(await write(first.groups, 3, rest));
  const digest = parsePartName(gone?.name ?? '')?.digest;
  expect(again).toEqual([`000000000003-${digest}`, ...names({ blocks: rest })]);
  expect(rest.length).toBeGreaterThan(1);
});

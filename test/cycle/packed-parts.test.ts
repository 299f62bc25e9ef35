import { gunzipSync, gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { readPublished } from '../../lib/cycle/load.ts';
import { decodeManifest } from '../../lib/cycle/manifest.ts';
import { readStatus } from '../../lib/cycle/status.ts';
import { disk } from '../../lib/sidecar/mirror/files.ts';
import { openFolder } from '../../lib/sidecar/mirror/folder.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { encodeFileSd } from '../../lib/targets/file-sd.ts';
import { manifestKey, partKey, targetsKey } from '../../lib/targets/keys.ts';
import { cleanUpAfterEach, makeFolder, openTestFolder, round, visibleFiles } from '../sidecar/world.ts';
import { inCi } from '../support/counts.ts';
import { id, readHistory, smallBlocks } from '../support/provider.ts';
import { openScenario, targets } from './scenario.ts';

cleanUpAfterEach();

async function bytesOf(store: ObjectStore, key: string): Promise<Uint8Array> {
  const found = await store.get(key);
  if (found === undefined) throw new Error(`${key} is not there`);
  return found.body;
}

const partsOf = async (store: ObjectStore) =>
  decodeManifest(await bytesOf(store, manifestKey(id)), manifestKey(id)).parts;

const addresses = (text = '') => [...text.matchAll(/"targets":\["([^"]+)"/g)].map(([, one]) => one).sort();

test('a list in parts is stored packed, and its manifest says how, and how large each part is', async () => {
  const { store, cycle } = openScenario({ shards: 2 });
  await cycle(targets(0, 40));
  const parts = await partsOf(store);
  const bodies = await Promise.all(parts.map(({ name }) => bytesOf(store, partKey(id, name))));
  expect(parts.map(({ encoding, size, unpacked }) => ({ encoding, size, unpacked }))).toEqual(
    bodies.map((body) => ({ encoding: 'gzip', size: body.length, unpacked: gunzipSync(body).length })),
  );
  expect((await readPublished(store, id, undefined))?.groups).toHaveLength(40);
  const { status } = await readStatus(store, id);
  expect(status?.files[0]?.largest).toBe(Math.max(...parts.map(({ unpacked = 0 }) => unpacked)));
});

test('the status tells the size of a plain file, too', async () => {
  const { store, cycle, status } = openScenario();
  await cycle(targets(0, 40));
  const file = await bytesOf(store, targetsKey(id));
  expect((await status())?.files[0]?.largest).toBe(file.length);
});

test('a part that did not change is written once', async () => {
  const { store, cycle } = openScenario({ shards: 4, limits: smallBlocks });
  await cycle(targets(0, 40));
  const before = await partsOf(store);
  await cycle(targets(0, 41));
  const after = await partsOf(store);
  const known = new Set(before.map(({ name }) => name));
  const fresh = after.filter(({ name }) => !known.has(name));
  expect([before.length > 5, fresh.length > 0 && fresh.length <= 2]).toEqual([true, true]);
});

test.each([
  ['held in memory', 40, ''],
  ...inCi(['that goes through the disk', 40, 'x'.repeat(220_000)] as const),
])('a mirror unpacks a list %s', async (_, count, filler) => {
  const { store, cycle } = openScenario({ shards: 2 });
  const list = targets(0, count).map((group) => ({ ...group, labels: { ...group.labels, filler } }));
  await cycle(list);
  const path = await makeFolder();
  expect((await round(store, await openTestFolder(path))).rejections).toEqual([]);
  expect(addresses((await visibleFiles(path))['api/consul-0.json'])).toHaveLength(count);
});

test('a mirror makes of blocks just the file that is published for a short list, and fetches what changed', async () => {
  const { store, cycle } = openScenario({ shards: 2, limits: smallBlocks });
  const path = await makeFolder();
  const folder = await openTestFolder(path);
  const bytes: number[] = [];
  for (const labels of [{}, { changed: 'yes' }]) {
    await cycle([...targets(0, 20), ...targets(20, 21, labels), ...targets(21, 400)]);
    bytes.push((await round(store, folder)).bytes);
    const { lists, version, store: name } = await readHistory(store);
    const file = encodeFileSd(lists[version] ?? new Map(), { store: name, version });
    expect((await visibleFiles(path))['api/consul-0.json']).toBe(Buffer.from(file).toString());
  }
  const [all = 0, few = 0] = bytes;
  const manifest = (await bytesOf(store, manifestKey(id))).length;
  expect(few - manifest).toBeLessThan((all - manifest) / 10);
});

test('a mirror of a shard takes its targets out of blocks', async () => {
  const { store, cycle } = openScenario({ shards: 2, limits: smallBlocks });
  await cycle(targets(0, 40));
  const halves: string[] = [];
  for (const index of [0, 1]) {
    const path = await makeFolder();
    const folder = await openFolder(path, disk, { index, count: 2 });
    await round(store, folder);
    folder.close();
    const own = addresses((await visibleFiles(path))['api/consul-0.json']);
    expect(own.length).toBeLessThan(40);
    halves.push(...own.flatMap((one) => one ?? []));
  }
  expect(halves.sort()).toEqual(
    targets(0, 40)
      .flatMap(({ targets }) => targets.map(({ __address__ = '' }) => __address__))
      .sort(),
  );
});

test('a large list is in parts by itself, a small one is a plain file', async () => {
  const { store, cycle } = openScenario({ shards: 'auto' });
  await cycle(targets(0, 40));
  expect((await store.list('targets/')).map(({ key }) => key)).toEqual([targetsKey(id)]);
  await cycle(targets(0, 60).map((group) => ({ ...group, labels: { filler: 'x'.repeat(60_000) } })));
  expect((await store.list('targets/')).map(({ key }) => key)).toEqual([manifestKey(id)]);
  expect((await readPublished(store, id, undefined))?.groups).toHaveLength(60);
});

const spoilt = {
  'of which a bit of the check sum is wrong': (good: Uint8Array) =>
    good.map((byte, at) => (at === good.length - 6 ? byte ^ 1 : byte)),
  'that is another text': () => gzipSync('rubbish'),
};

type Damage = readonly [where: string, how: keyof typeof spoilt, filler: string, reason: string];
const damages: readonly Damage[] = [
  ['held in memory', 'of which a bit of the check sum is wrong', '', 'digest'],
  ['held in memory', 'that is another text', '', 'digest'],
  ...inCi<Damage>(
    ['that goes through the disk', 'of which a bit of the check sum is wrong', 'x'.repeat(220_000), 'digest'],
    ['that goes through the disk', 'that is another text', 'x'.repeat(220_000), 'digest'],
  ),
];

test.each(damages)(
  'a mirror refuses a part, of a list %s, %s, and takes it once it is mended',
  async (_, how, filler, reason) => {
    const { store, cycle } = openScenario({ shards: 2 });
    await cycle(targets(0, 40).map((group) => ({ ...group, labels: { ...group.labels, filler } })));
    const [part] = await partsOf(store);
    const key = partKey(id, part?.name ?? '');
    const good = await bytesOf(store, key);
    const path = await makeFolder();
    const folder = await openTestFolder(path);
    await store.put(key, spoilt[how](good), { condition: 'any' });
    const bad = await round(store, folder);
    expect(bad.rejections.map((one) => one.reason)).toEqual([reason]);
    await store.put(key, good, { condition: 'any' });
    expect((await round(store, folder)).rejections).toEqual([]);
    expect(addresses((await visibleFiles(path))['api/consul-0.json'])).toHaveLength(40);
  },
);

test('a part that unpacks to more than the limit is refused', async () => {
  const { store, cycle } = openScenario({ shards: 2 });
  await cycle(targets(0, 40).map((group) => ({ ...group, labels: { filler: 'x'.repeat(220_000) } })));
  const folder = await openTestFolder(await makeFolder());
  const { rejections } = await round(store, folder, { maxObjectBytes: 1 << 20 });
  expect(rejections.map(({ reason }) => reason)).toEqual(['too-large']);
});

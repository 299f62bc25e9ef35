import { expect, test } from '@jest/globals';
import { decodeManifest } from '../../lib/cycle/manifest.ts';
import { decodeSnapshot } from '../../lib/cycle/snapshot.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { journalKey, manifestKey, partKey, snapshotKey } from '../../lib/targets/keys.ts';
import { id, smallBlocks as limits } from '../support/provider.ts';
import { openScenario, targets } from './scenario.ts';

/** The blocks that snapshot and manifest name, and that are not there. */
async function missingBlocks(store: ObjectStore): Promise<readonly string[]> {
  const [snapshot, manifest] = await Promise.all([store.get(snapshotKey(id)), store.get(manifestKey(id))]);
  const { blocks = [] } = snapshot === undefined ? {} : await decodeSnapshot(snapshot.body);
  const parts = manifest === undefined ? [] : decodeManifest(manifest.body, manifestKey(id)).parts;
  const missing: string[] = [];
  for (const { name } of [...blocks, ...parts])
    if ((await store.head(partKey(id, name))) === undefined) missing.push(name);
  return missing;
}

// A target comes and goes again while the run stands still, so that the list is as it was, and its blocks are not.
test.each([64, 67, 70, 73, 77])(
  'a run that stands still for over an hour while it loads names no block that was cleared away: minute %i',
  async (minute) => {
    const swift = openScenario({ limits, shards: 'auto' });
    await swift.cycle(targets(0, 40));
    let isStill = true;
    const store: ObjectStore = {
      ...swift.store,
      get: async (key, options) => {
        if (isStill && key === journalKey(id, 2)) {
          isStill = false;
          await swift.cycle(targets(0, 41));
          swift.minutes = 63;
          await swift.cycle(targets(0, 42));
        }
        return swift.store.get(key, options);
      },
    };
    const slow = openScenario({ limits, shards: 'auto' }, store);
    slow.minutes = minute;
    const { outcome, version } = await slow.cycle(targets(0, 40));
    expect([isStill, outcome, version]).toEqual([false, 'superseded', 4]);
    expect(await missingBlocks(swift.store)).toEqual([]);
    slow.minutes = minute + 1;
    expect((await slow.cycle(targets(0, 40))).outcome).toBe('healed');
    expect(await missingBlocks(swift.store)).toEqual([]);
    const manifest = await swift.store.get(manifestKey(id));
    expect(decodeManifest(manifest?.body ?? new Uint8Array(), manifestKey(id))).toMatchObject({
      version: 4,
      targets: 40,
    });
  },
);

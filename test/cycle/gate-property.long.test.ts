import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readPublished } from '../../lib/cycle/load.ts';
import type { CycleResult, Provider } from '../../lib/cycle/provider.ts';
import { createMemoryStore } from '../../lib/store/memory.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { decodeFileSd, type FileSdGroup } from '../../lib/targets/file-sd-reader.ts';
import type { TargetGroup } from '../../lib/targets/group.ts';
import { manifestKey, targetsKey } from '../../lib/targets/keys.ts';
import { draws } from '../support/counts.ts';
import { anyListing } from '../support/groups.ts';
import { fileOf, id, smallBlocks as limits, readHistory } from '../support/provider.ts';
import { openScenario, targets } from './scenario.ts';

type Layout = Pick<Provider, 'shards' | 'limits'>;

const plain: Layout = { shards: 1 };
const kept: Layout = { shards: 1, limits };
const published: Layout = { shards: 'auto', limits };

/** The layouts of a sequence of cycles: one of them, or any other each time. */
const layouts = [
  ['one object', fc.constant(plain)],
  ['blocks, published as one file', fc.constant(kept)],
  ['blocks, published by a manifest', fc.constant(published)],
  ['a layout that changes', fc.constantFrom(plain, kept, published)],
] as const;

/** Cycles of one provider, a minute apart, each in a layout of its own. */
function openCycles() {
  const store = createMemoryStore();
  let minutes = 0;
  return {
    store,
    cycle(listing: readonly TargetGroup[], layout: Layout): Promise<CycleResult> {
      const scenario = openScenario(layout, store);
      scenario.minutes = minutes++;
      return scenario.cycle(listing);
    },
    status: () => openScenario({}, store).status(),
  };
}

/** The groups that a mirror finds; of a file and a manifest one is there at most. */
async function groupsOf(store: ObjectStore): Promise<readonly FileSdGroup[]> {
  const there = await Promise.all([targetsKey(id), manifestKey(id)].map((key) => store.head(key)));
  if (there.every((one) => one === undefined)) return [];
  expect(there.filter((one) => one !== undefined)).toHaveLength(1);
  const list = await readPublished(store, id, undefined);
  if (list === undefined) throw new Error('what is published cannot be read');
  return list.groups;
}

const addressesOf = (groups: readonly FileSdGroup[]) =>
  groups.flatMap((group) => group.targets).filter((address) => address !== '');

describe.each(layouts)('any sequence of listings: %s', (_, anyLayout) => {
  test('the status counts what is published, and that is the committed version', async () => {
    const steps = fc.array(fc.tuple(anyListing, anyLayout), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(steps, async (cycles) => {
        const { store, cycle, status } = openCycles();
        for (const [listing, layout] of cycles) {
          const { version, targets } = await cycle(listing, layout);
          const history = await readHistory(store);
          const groups = await groupsOf(store);
          const committed = version === 0 ? [] : decodeFileSd(Buffer.from(fileOf(history)));
          expect(groups).toEqual(committed.filter((group) => group.targets.length > 0));
          if (history.file !== undefined) expect(history.file).toBe(fileOf(history));
          const count = addressesOf(groups).length;
          expect([(await status())?.targets, targets]).toEqual([count, count]);
        }
      }),
      { numRuns: draws(60) },
    );
  });

  test('no address leaves unless the listing was small or it was missing for fifteen minutes', async () => {
    const size = fc.integer({ min: 0, max: 60 });
    const steps = fc.array(fc.tuple(size, anyLayout), { minLength: 2, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(steps, async (cycles) => {
        const { store, cycle } = openCycles();
        let peak = 0;
        let before = 0;
        for (const [count, layout] of cycles) {
          const listing = targets(0, count);
          await cycle(listing, layout);
          peak = Math.max(peak, count);
          const after = new Set(addressesOf(await groupsOf(store)));
          // Few targets may go one after the other, but not the last; of more than nine half stay.
          const least = peak < 10 ? Math.min(before, 1) : Math.ceil(peak / 2);
          expect(after.size).toBeGreaterThanOrEqual(Math.max(count, least));
          const listed = listing.flatMap((group) => group.targets.map(({ __address__ = '' }) => __address__));
          expect(listed.filter((address) => !after.has(address))).toEqual([]);
          before = after.size;
        }
      }),
      { numRuns: draws(60) },
    );
  });
});

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeFileSd } from '../../lib/targets/file-sd-reader.ts';
import { targetsKey } from '../../lib/targets/keys.ts';
import { draws } from '../support/counts.ts';
import { anyListing } from '../support/groups.ts';
import { fileOf, id, readHistory } from '../support/provider.ts';
import { openScenario } from './scenario.ts';

describe('any sequence of listings', () => {
  test('the status counts what the file holds, and the file is the committed version', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyListing, { minLength: 1, maxLength: 5 }), async (listings) => {
        const scenario = openScenario();
        for (const listing of listings) {
          const { version, targets } = await scenario.cycle(listing);
          const history = await readHistory(scenario.store);
          expect(history.file).toBe(version === 0 ? undefined : fileOf(history));
          const found = await scenario.store.get(targetsKey(id));
          if (found === undefined) continue;
          const addresses = decodeFileSd(found.body).flatMap((group) => group.targets);
          const held = addresses.filter((address) => address !== '').length;
          expect([(await scenario.status())?.targets, targets]).toEqual([held, held]);
        }
      }),
      { numRuns: draws(60) },
    );
  });

  test('no address leaves unless the listing was small or it was missing for fifteen minutes', async () => {
    const counts = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 2, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(counts, async (sizes) => {
        const scenario = openScenario();
        let peak = 0;
        for (const size of sizes) {
          const before = (await scenario.published()).length;
          const listing = Array.from({ length: size }, (_, index) => ({
            source: `s${index}`,
            labels: {},
            targets: [{ __address__: `10.0.0.${index}:80` }],
          }));
          await scenario.cycle(listing);
          peak = Math.max(peak, size);
          const published = (await scenario.published()).length;
          // Few targets may go one after the other, but not the last; of more than nine half stay.
          const least = peak < 10 ? Math.min(before, 1) : Math.ceil(peak / 2);
          expect(published).toBeGreaterThanOrEqual(Math.max(size, least));
        }
      }),
      { numRuns: draws(60) },
    );
  });
});

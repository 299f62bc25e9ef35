import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compareTargets } from '../../lib/cycle/missing.ts';
import { toGroups } from '../../lib/targets/canonical.ts';
import { diffGroups } from '../../lib/targets/diff.ts';
import { type TargetGroup, targetLabels } from '../../lib/targets/group.ts';
import { draws } from '../support/counts.ts';

/** Few values of each label, so that many groups are alike; one looks like the text around the targets. */
const anyLabels = (names: readonly string[]) =>
  fc.dictionary(
    fc.constantFrom(...names),
    fc.constantFrom('', 'a', 'b', '},"targets":[', ',"labels":{"__scheme__":"a'),
  );

const anyGroup = (source: string): fc.Arbitrary<TargetGroup> =>
  fc.record({
    source: fc.constant(source),
    labels: anyLabels(['__meta_rack', '__meta_"__x', 'Zone', 'zone', '__scheme__', '__address__']),
    targets: fc.array(
      fc
        .tuple(
          fc.constantFrom('10.0.0.1:1', '10.0.0.1:2'),
          anyLabels(['__meta_port', '__meta_rack', '__scheme__']),
        )
        .map(([__address__, labels]) => ({ __address__, ...labels })),
      { maxLength: 3 },
    ),
  });

const anyList = fc
  .tuple(fc.option(anyGroup('pod/a')), fc.option(anyGroup('pod/"__b')))
  .map((groups) => groups.filter((group) => group !== null));

/** Two lists: any, or one whose groups have other labels and the same targets. */
const anyTwo = fc.oneof(
  fc.tuple(anyList, anyList),
  fc
    .tuple(anyGroup('pod/a'), anyGroup('pod/a'))
    .map(([group, { labels }]): [TargetGroup[], TargetGroup[]] => [[group], [{ ...group, labels }]]),
);

/** How many targets a list has of each scrape: worked out from all labels of each target. */
function scrapesOf(list: readonly TargetGroup[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const encoded of toGroups(list).values()) {
    const group: TargetGroup = JSON.parse(encoded.json);
    for (const target of group.targets) {
      const { __address__ = '', __scheme__ = '' } = targetLabels(group, target);
      const scrape = `${__address__} ${__scheme__}`;
      counts.set(scrape, (counts.get(scrape) ?? 0) + 1);
    }
  }
  return counts;
}

const lackOf = (all: Map<string, number>, some: Map<string, number>) =>
  [...all]
    .flatMap(([scrape, count]) => Array(Math.max(0, count - (some.get(scrape) ?? 0))).fill(scrape))
    .sort();

test('what is missing and gained is the difference of the scrapes, however the texts of the groups differ', () => {
  fc.assert(
    fc.property(anyTwo, ([before, after]) => {
      const { missing, gained } = compareTargets(diffGroups(toGroups(before), toGroups(after)));
      const scrapes = (targets: typeof missing) =>
        targets.map(({ labels }) => `${labels.__address__ ?? ''} ${labels.__scheme__ ?? ''}`).sort();
      const [old, now] = [scrapesOf(before), scrapesOf(after)];
      expect(scrapes(missing)).toEqual(lackOf(old, now));
      expect(scrapes(gained)).toEqual(lackOf(now, old));
    }),
    { numRuns: draws(1000) },
  );
});

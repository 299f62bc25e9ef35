import { describe, expect, test } from '@jest/globals';
import { compareTargets, withoutTargets, withTargets } from '../../lib/cycle/missing.ts';
import { toGroups } from '../../lib/targets/canonical.ts';
import { diffGroups } from '../../lib/targets/diff.ts';
import type { TargetGroup } from '../../lib/targets/group.ts';

const group = (source: string, ...ports: readonly number[]): TargetGroup => ({
  source,
  labels: { __meta_rack: 'a', __meta_zone: 'eu' },
  targets: ports.map((port) => ({ __address__: `10.0.0.1:${port}`, __meta_zone: port === 2 ? 'us' : 'eu' })),
});
const published = toGroups([group('pod/a', 1, 2, 3), group('pod/b', 4)]);

describe('targets that are held', () => {
  test.each([
    { lacks: 'a whole group', listing: [group('pod/a', 1, 2, 3)] },
    { lacks: 'some targets of a group', listing: [group('pod/a', 1), group('pod/b', 4)] },
    { lacks: 'all', listing: [] },
  ])('leave the list as it was, to the byte, where the listing lacks $lacks', ({ listing }) => {
    const listed = toGroups(listing);
    const { missing } = compareTargets(diffGroups(published, listed));
    expect(diffGroups(published, withTargets(listed, missing, published))).toEqual(
      diffGroups(published, published),
    );
  });

  test('leave the rest of their group as it was when they go', () => {
    const { missing } = compareTargets(diffGroups(published, toGroups([group('pod/a', 1, 3)])));
    expect(withoutTargets(published, missing)).toEqual(toGroups([group('pod/a', 1, 3)]));
  });
});

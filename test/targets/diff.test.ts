import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { encodeGroup, hashGroups, toGroups } from '../../lib/targets/canonical.ts';
import {
  applyChange,
  countChange,
  diffGroups,
  invertChange,
  isEmptyChange,
  revertChange,
} from '../../lib/targets/diff.ts';
import { draws } from '../support/counts.ts';
import { anyListing } from '../support/groups.ts';

const group = (source: string, ...addresses: string[]) => ({
  source,
  labels: { zone: 'a' },
  targets: addresses.map((address) => ({ __address__: address })),
});

describe('diff', () => {
  test('applied to the old listing gives the new one, reverted the old one', () => {
    fc.assert(
      fc.property(anyListing, anyListing, (a, b) => {
        const [before, after] = [toGroups(a), toGroups(b)];
        const change = diffGroups(before, after);
        expect([...applyChange(before, change)]).toEqual([...after]);
        expect([...revertChange(after, change)]).toEqual([...before]);
        expect(diffGroups(after, before)).toEqual(invertChange(change));
      }),
      { numRuns: draws(500) },
    );
  });

  test('is empty just when the listings are equal', () => {
    fc.assert(
      fc.property(anyListing, anyListing, (a, b) => {
        const [before, after] = [toGroups(a), toGroups(b)];
        expect(isEmptyChange(diffGroups(before, after))).toBe(hashGroups(before) === hashGroups(after));
      }),
    );
  });

  test('tells what was added, removed and changed', () => {
    const before = toGroups([group('gone', '1:1', '2:1'), group('same', '3:1'), group('grown', '4:1')]);
    const after = toGroups([group('same', '3:1'), group('grown', '4:1', '5:1'), group('new', '6:1')]);
    const change = diffGroups(before, after);
    expect(change).toEqual({
      added: new Map([['new', encodeGroup(group('new', '6:1'))]]),
      removed: new Map([['gone', encodeGroup(group('gone', '1:1', '2:1'))]]),
      changed: new Map([
        [
          'grown',
          { before: encodeGroup(group('grown', '4:1')), after: encodeGroup(group('grown', '4:1', '5:1')) },
        ],
      ]),
    });
    expect(countChange(change)).toEqual({ added: 2, removed: 2, changed: 0 });
  });

  test('refuses a listing that it was not made of', () => {
    const change = diffGroups(toGroups([group('a', '1:1')]), toGroups([group('a', '2:1')]));
    expect(() => applyChange(toGroups([group('a', '9:9')]), change)).toThrow(
      'the change does not fit the listing at group "a": journal and snapshot disagree',
    );
  });
});
